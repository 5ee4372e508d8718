#include "firmware/profile/profile_address.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Table>, 4> tables{{
    {"coil", Table::coil},
    {"discrete_input", Table::discrete_input},
    {"input", Table::input},
    {"holding", Table::holding},
}};

struct Spot {
    Table table = Table::input;
    std::uint16_t address = 0;
};

/// "30113": the table in the first digit, the address counted from 1, in 5 or 6 digits
/// (MODBUS Application Protocol Specification V1.1b3, 4.4, and common usage). A coil's number
/// starts with 0, which a TOML number cannot: 1 to 9999 are coils.
std::optional<Spot> read_modicon(Section& row, std::string_view key) {
    const auto number = row.integer(key, {1, 465536});
    const std::int64_t unit = number > 99999 ? 100000 : 10000;
    const std::int64_t digit = number / unit;
    const std::int64_t one_based = number % unit;
    Spot spot;
    switch (digit) {
        case 0:
            spot.table = Table::coil;
            break;
        case 1:
            spot.table = Table::discrete_input;
            break;
        case 3:
            spot.table = Table::input;
            break;
        case 4:
            spot.table = Table::holding;
            break;
        default:
            row.complain(key,
                         "the first digit must be 1 (discrete input), 3 (input) or "
                         "4 (holding), or the number below 10000 (coil)");
            return std::nullopt;
    }
    if (one_based < 1 || one_based > 65536) {
        row.complain(key, "the address in the last digits must be 1 to 65536");
        return std::nullopt;
    }
    spot.address = static_cast<std::uint16_t>(one_based - 1);
    return spot;
}

}  // namespace

void read_where(Section& row, Table& table, std::uint16_t& address) {
    if (row.has("modicon")) {
        const auto spot = read_modicon(row, "modicon");
        if (row.has("table") || row.has("address")) {
            row.complain("modicon", "modicon gives table and address; leave those two out");
            row.ignore("table");
            row.ignore("address");
        }
        if (spot) {
            table = spot->table;
            address = spot->address;
        }
        return;
    }
    if (!row.has("table")) row.text("table");  // complains that it is missing
    table = row.choice_or<Table>("table", tables, Table::input);
    address = static_cast<std::uint16_t>(row.integer("address", {0, 65535}));
}

std::optional<std::uint16_t> read_scale_address(Section& row, Table table) {
    const auto address = row.maybe_integer("scale_register", {0, 65535});
    if (!row.has("scale_modicon")) {
        if (!address) return std::nullopt;
        return static_cast<std::uint16_t>(*address);
    }
    const auto spot = read_modicon(row, "scale_modicon");
    if (address) row.complain("scale_modicon", "scale_register says the same: leave one out");
    if (!spot) return std::nullopt;
    if (spot->table != table) {
        row.complain("scale_modicon",
                     fmt::format("is in the table {} but the register in {}: they come in one read",
                                 to_string(spot->table), to_string(table)));
    }
    return spot->address;
}

Stretch read_stretch(Section& row) {
    Stretch stretch;
    stretch.place = row.place();
    read_where(row, stretch.table, stretch.address);
    stretch.count = static_cast<std::uint16_t>(row.integer("count", {1, 65535}));
    if (stretch.address + std::uint32_t{stretch.count} > 65536U) {
        row.complain("count", "reaches beyond address 65535");
        stretch.count = 1;
    }
    row.finish();
    return stretch;
}

}  // namespace firebreak
