#include "contract/unit.hpp"

#include "contract/enum_names.hpp"

namespace firebreak {
namespace {

// UCUM, case-sensitive; "VA", "Ah" and "ppm" are how people and NUT write what UCUM spells
// "V.A", "A.h" and "[ppm]". A plain number has no symbol.
constexpr std::array<std::string_view, 16> symbols = {
    "", "Cel", "%", "V", "A", "W", "kW", "VA", "Wh", "Ah", "Hz", "s", "min", "Ohm", "ppm", "Pa"};
static_assert(word_of(symbols, Unit::pascal) == "Pa");

}  // namespace

std::string_view to_string(Unit unit) {
    return word_of(symbols, unit);
}
std::optional<Unit> parse_unit(std::string_view symbol) {
    return value_of<Unit>(symbols, symbol);
}

}  // namespace firebreak
