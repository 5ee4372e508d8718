#include "firmware/profile/profile.hpp"

#include <algorithm>

namespace firebreak {

std::string_view to_string(Table table) {
    switch (table) {
        case Table::coil:
            return "coil";
        case Table::discrete_input:
            return "discrete_input";
        case Table::input:
            return "input";
        case Table::holding:
            return "holding";
    }
    return "?";
}

bool is_bit_table(Table table) {
    return table == Table::coil || table == Table::discrete_input;
}

const Register* Profile::find(std::string_view measure) const {
    const auto found = std::find_if(registers.begin(), registers.end(),
                                    [&](const Register& reg) { return reg.measure == measure; });
    return found == registers.end() ? nullptr : &*found;
}

Extent extent_of(const Register& reg) {
    const auto words = static_cast<std::uint32_t>(word_count(reg));
    Extent extent{reg.address, reg.address + words};
    if (reg.scale_register) {
        extent.begin = std::min<std::uint32_t>(extent.begin, *reg.scale_register);
        extent.end = std::max<std::uint32_t>(extent.end, *reg.scale_register + 1U);
    }
    return extent;
}

std::uint32_t Profile::reach() const {
    std::uint32_t reach = 0;
    for (const auto& reg : registers) reach = std::max(reach, extent_of(reg).end);
    for (const auto& each : whole) {
        reach = std::max(reach, each.address + std::uint32_t{each.count});
    }
    return reach;
}

}  // namespace firebreak
