// Where a profile's row says that something stands: table and address, or a number in Modicon form,
// converted here and nowhere else. Complains at the row's keys; no I/O, any thread.
#pragma once

#include "contract/support/config_file.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// `table` with `address` (0-based), or `modicon`. An error complains and leaves a fallback.
void read_where(Section& row, Table& table, std::uint16_t& address);

/// `scale_register` (0-based), or `scale_modicon` in the same table; nothing when there is neither.
[[nodiscard]] std::optional<std::uint16_t> read_scale_address(Section& row, Table table);

/// One [[whole]] or [[forbidden]]: where, and `count` addresses of it.
[[nodiscard]] Stretch read_stretch(Section& row);

}  // namespace firebreak
