#include "firmware/board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Direction>, 3> directions{{
    {"automatic", Direction::automatic},
    {"kernel", Direction::kernel},
    {"rts", Direction::rts},
}};
constexpr std::array<std::pair<std::string_view, bool>, 2> levels{{{"high", true}, {"low", false}}};

constexpr Duration longest_rts_delay = std::chrono::milliseconds(100);

PortPlan read_port(Section& row, const std::filesystem::path& folder) {
    PortPlan port;
    port.name = row.name("name");
    const auto path = row.text("path");
    if (!path.empty()) port.path = (folder / path).string();  // absolute ones stay
    port.direction = row.choice_or<Direction>("direction", directions, port.direction);
    port.rts_high_to_send = row.choice_or<bool>("rts", levels, port.rts_high_to_send);
    port.rts_delay = row.duration_or("rts_delay", port.rts_delay);
    if (port.rts_delay < Duration::zero() || port.rts_delay > longest_rts_delay) {
        row.complain("rts_delay", "must be from 0s to 100ms");
        port.rts_delay = {};
    }
    if (port.direction != Direction::rts && (row.has("rts") || row.has("rts_delay"))) {
        row.complain(row.has("rts") ? "rts" : "rts_delay",
                     "means something with direction = \"rts\" only: leave it out");
    }
    port.echo = row.flag_or("echo", port.echo);
    row.finish();
    return port;
}

}  // namespace

const PortPlan* Board::find(std::string_view port) const {
    const auto found = std::find_if(ports.begin(), ports.end(),
                                    [&](const PortPlan& known) { return known.name == port; });
    return found == ports.end() ? nullptr : &*found;
}

Board load_board(const std::string& path, Complaints& complaints) {
    Board board;
    const auto file = ConfigFile::load(path, complaints);
    if (!file.parsed()) return board;
    auto root = file.root();
    board.name = root.text("board");
    const auto folder = std::filesystem::path(path).parent_path();
    for (auto& row : root.rows("port")) {
        auto port = read_port(row, folder);
        if (board.find(port.name) != nullptr) {
            row.complain("name", fmt::format("there is already a port named {}", port.name));
        } else {
            board.ports.push_back(std::move(port));
        }
    }
    root.finish();
    return board;
}

std::string board_path() {
    if (const char* chosen = std::getenv("FIREBREAK_BOARD"); chosen != nullptr && *chosen != 0) {
        return chosen;
    }
    const std::string usual = "/etc/firebreak/board.toml";
    std::error_code ignored;
    return std::filesystem::exists(usual, ignored) ? usual : "";
}

}  // namespace firebreak
