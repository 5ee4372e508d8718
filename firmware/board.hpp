// What a board calls its serial ports, and how each turns its RS-485 driver. Pure values and their
// TOML file, boards/<name>/board.toml. A site names a port, never a device path, so that one site
// file runs on another board. Errors go to Complaints, each with its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/support/config_file.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

struct Board {
    std::string name;
    std::vector<PortPlan> ports;

    /// Null when the board has no such port.
    [[nodiscard]] const PortPlan* find(std::string_view port) const;
};

/// Paths in the file that are not absolute count from the file's own folder.
[[nodiscard]] Board load_board(const std::string& path, Complaints& complaints);

/// $FIREBREAK_BOARD, else /etc/firebreak/board.toml where that exists, else "": no serial ports.
[[nodiscard]] std::string board_path();

}  // namespace firebreak
