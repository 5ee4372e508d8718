#include "firmware/verbs/site_files.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "firmware/profile/profile_file.hpp"
#include "firmware/site_file.hpp"

namespace firebreak {
namespace {

Board board_at(const std::string& named, Complaints& complaints) {
    const auto path = named.empty() ? board_path() : named;
    return path.empty() ? Board{} : load_board(path, complaints);
}

bool well(const Complaints& complaints) {
    if (complaints.empty()) return true;
    fmt::print(stderr, "{}\n", complaints.text());
    return false;
}

}  // namespace

std::optional<SitePlan> read_site(const std::string& site, const std::string& board) {
    Complaints complaints;
    const auto ports = board_at(board, complaints);
    auto plan = load_site(site, profile_folders(), complaints, ports);
    if (!well(complaints)) return std::nullopt;
    return plan;
}

std::optional<Board> read_board(const std::string& board) {
    Complaints complaints;
    auto ports = board_at(board, complaints);
    if (!well(complaints)) return std::nullopt;
    return ports;
}

}  // namespace firebreak
