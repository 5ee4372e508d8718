// What an agent does by itself, with no broker and no host: an output that alarms of its own
// switch. Retained on the action's topic: the newest says how it stands and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/posture.hpp"
#include "contract/stamp.hpp"

namespace firebreak {

enum class Switched : std::uint8_t { unknown, off, on };
[[nodiscard]] std::string_view to_string(Switched state);
[[nodiscard]] std::optional<Switched> parse_switched(std::string_view text);

struct ActionNotice {
    std::string action;
    Switched wanted = Switched::unknown;   ///< unknown: nobody has asked yet
    Switched reached = Switched::unknown;  ///< what reading back has shown
    bool armed = false;                    ///< false: rehearsed, nothing is written
    std::vector<std::string> because;      ///< alarms that ask, or that asked last
    Outcome outcome = Outcome::already;    ///< of the last try
    std::string detail;                    ///< for people
    Stamp stamp;

    bool operator==(const ActionNotice&) const = default;
};

}  // namespace firebreak
