// Network UPS Tools' protocol as text: items to commands, what is read back to states. Pure. An
// item is a UPS, "room", or one of its outlets, "room:2". Facts: RFC 9271, and upsd 2.8 where it is
// silent. Errors: corrupt (no answer to what was asked), refused, stale (upsd does not hear the UPS
// itself).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/actuator.hpp"

namespace firebreak {

struct NutItem {
    std::string ups;
    std::string outlet;  ///< "" is all of them
};

/// Nothing when it is neither.
[[nodiscard]] std::optional<NutItem> parse_nut_item(std::string_view item);

/// An argument as a quoted word.
[[nodiscard]] std::string nut_quoted(std::string_view text);

/// What carries out "on", "off" or "fsd", without line end.
[[nodiscard]] std::string nut_command(const NutItem& item, std::string_view action);

/// The variable that tells whether the item has power at its outlets.
[[nodiscard]] std::string outlet_variable(const NutItem& item);

/// "OK …" to a command; else why not.
[[nodiscard]] Result<void> parse_nut_done(std::string_view line);

/// The value in `VAR ups name "value"`; nothing where the UPS has no such variable.
[[nodiscard]] Result<std::optional<std::string>> parse_nut_value(std::string_view line,
                                                                 std::string_view ups,
                                                                 std::string_view variable);

/// "fsd", "off", "on", or `cannot_tell`, of its ups.status and its outlet's.
[[nodiscard]] std::string state_of(const NutItem& item, const std::optional<std::string>& ups,
                                   const std::optional<std::string>& outlet);

}  // namespace firebreak
