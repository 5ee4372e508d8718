// The judge's verb: rooms by chance and recordings from files, through the agent's alarms, into a
// table, JSON or a picture. Reads and writes files; the clock is not asked. Exit codes as Program.
#pragma once

#include <string>
#include <vector>

namespace firebreak {

/// As on the command line; empty is the default.
struct JudgeWords {
    std::string rules, rooms, normal, hours, seed, power, battery, stories, svg, map, column;
    bool json = false;
    std::vector<std::string> recordings;
};

[[nodiscard]] int judge(const JudgeWords& words);

}  // namespace firebreak
