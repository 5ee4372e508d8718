#include <fmt/format.h>

#include <cstdio>

#include "firmware/profile/profile_file.hpp"
#include "firmware/site_file.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::vector<std::string> files;
    std::string board;
};

/// A profile has [[register]] rows; a site has none.
bool is_profile(const std::string& path) {
    Complaints ignored;  // they come again when the file is read for what it is
    return ConfigFile::load(path, ignored).root().has("register");
}

bool check_profile(const std::string& path) {
    Complaints complaints;
    const auto profile = load_profile(path, complaints);
    if (!complaints.empty()) {
        fmt::print(stderr, "{}\n", complaints.text());
        return false;
    }
    fmt::print("profile {}: {}, {} registers, {} examples hold\n", profile.name, profile.title,
               profile.registers.size(), profile.examples.size());
    return true;
}

bool check_site(const std::string& path, const std::string& board) {
    const auto plan = read_site(path, board);
    if (plan) fmt::print("{}", describe(*plan));
    return plan.has_value();
}

int check(const Given& given) {
    bool well = true;
    for (const auto& file : given.files) {
        well = (is_profile(file) ? check_profile(file) : check_site(file, given.board)) && well;
    }
    return well ? 0 : 2;
}

}  // namespace

void add_check(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("check", "Validate site files and profiles, print the resolved plan",
              [given] { return check(*given); })
        .option("--board", "the board file that names the serial ports", given->board)
        .words("FILE", "site files", given->files, 1, 64);
}

}  // namespace firebreak
