// The files that a verb names, read; what is wrong with them goes to stderr, all at once.
#pragma once

#include <optional>
#include <string>

#include "firmware/board.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// A site and, at `board` or where board_path() says, the board's serial ports.
[[nodiscard]] std::optional<SitePlan> read_site(const std::string& site, const std::string& board);

/// The board alone; one without ports when there is no file.
[[nodiscard]] std::optional<Board> read_board(const std::string& board);

}  // namespace firebreak
