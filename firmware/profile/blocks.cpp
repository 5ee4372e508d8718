#include "firmware/profile/blocks.hpp"

#include <algorithm>

namespace firebreak {
namespace {

struct Wanted {
    Extent extent;
    std::size_t index;
};

/// The stretches of a table that the profile defines, sorted and disjoint. Only those may be
/// read when holes are not allowed: APC cards answer zeros over undefined registers.
std::vector<Extent> defined_stretches(const Profile& profile, Table table) {
    std::vector<Extent> stretches;
    for (const auto& reg : profile.registers) {
        if (reg.table != table) continue;
        const auto words = static_cast<std::uint32_t>(word_count(reg));
        stretches.push_back({reg.address, reg.address + words});
        if (reg.scale_register) {
            stretches.push_back({*reg.scale_register, *reg.scale_register + 1U});
        }
    }
    std::sort(stretches.begin(), stretches.end(),
              [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
    std::vector<Extent> merged;
    for (const auto& stretch : stretches) {
        if (!merged.empty() && stretch.begin <= merged.back().end) {
            merged.back().end = std::max(merged.back().end, stretch.end);
        } else {
            merged.push_back(stretch);
        }
    }
    return merged;
}

/// How far a read from `begin` may go without leaving what is defined.
std::uint32_t end_of_stretch(const std::vector<Extent>& stretches, std::uint32_t begin) {
    for (const auto& stretch : stretches) {
        if (begin >= stretch.begin && begin < stretch.end) return stretch.end;
    }
    return begin;
}

/// Leftmost first: some read must hold the leftmost register, and starting it exactly there loses
/// nothing, because nothing wanted lies before. So taking all that still fits is optimal.
void cover(std::vector<Wanted> left, const Profile& profile, Table table, std::uint16_t base,
           std::vector<Block>& blocks) {
    std::sort(left.begin(), left.end(), [](const Wanted& a, const Wanted& b) {
        return a.extent.begin != b.extent.begin ? a.extent.begin < b.extent.begin
                                                : a.index < b.index;
    });
    const auto stretches = defined_stretches(profile, table);
    const std::uint32_t most = is_bit_table(table) ? profile.max_bits : profile.max_words;
    while (!left.empty()) {
        const auto first = left.front().extent;
        auto limit = first.begin + most;
        if (!profile.holes_allowed) limit = std::min(limit, end_of_stretch(stretches, first.begin));
        // A register is never split: one that breaks the limits alone is still read whole.
        limit = std::max(limit, first.end);
        Block block{.table = table,
                    .address = static_cast<std::uint16_t>(base + first.begin),
                    .count = 0,
                    .registers = {}};
        std::vector<Wanted> later;
        std::uint32_t end = first.end;
        for (const auto& wanted : left) {
            if (wanted.extent.end <= limit) {
                block.registers.push_back(wanted.index);
                end = std::max(end, wanted.extent.end);
            } else {
                later.push_back(wanted);
            }
        }
        block.count = static_cast<std::uint16_t>(end - first.begin);
        blocks.push_back(std::move(block));
        left = std::move(later);
    }
}

}  // namespace

std::vector<Block> plan_blocks(const Profile& profile, const std::vector<std::size_t>& wanted,
                               std::uint16_t base) {
    std::vector<Block> blocks;
    for (const auto table : {Table::coil, Table::discrete_input, Table::input, Table::holding}) {
        std::vector<Wanted> here;
        for (const auto index : wanted) {
            if (index >= profile.registers.size()) continue;
            const auto& reg = profile.registers[index];
            const auto extent = extent_of(reg);
            // What a base moves beyond the last address cannot be read; the site file says so.
            if (reg.table != table || base + extent.end > 65536U) continue;
            here.push_back({extent, index});
        }
        cover(std::move(here), profile, table, base, blocks);
    }
    return blocks;
}

}  // namespace firebreak
