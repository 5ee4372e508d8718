// The units a reading can carry. Symbols follow UCUM's case-sensitive codes where one exists.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace firebreak {

enum class Unit : std::uint8_t {
    none,       ///< a count, a code or a flag (0 or 1)
    celsius,    ///< "Cel"
    percent,    ///< "%"
    volt,       ///< "V"
    ampere,     ///< "A"
    watt,       ///< "W"
    kilowatt,   ///< "kW"
    volt_ampere,///< "VA"
    watt_hour,  ///< "Wh"
    ampere_hour,///< "Ah"
    hertz,      ///< "Hz"
    second,     ///< "s"
    minute,     ///< "min"
    ohm,        ///< "Ohm"
    ppm,        ///< "ppm", parts per million by volume
    pascal,     ///< "Pa"
};

[[nodiscard]] std::string_view to_string(Unit unit);
[[nodiscard]] std::optional<Unit> parse_unit(std::string_view symbol);

}  // namespace firebreak
