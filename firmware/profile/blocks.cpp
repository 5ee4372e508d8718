#include "firmware/profile/blocks.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace firebreak {
namespace {

struct Wanted {
    Extent extent;
    std::size_t index;
    Duration period;
};

bool inside(const Extent& extent, const Stretch& stretch) {
    return stretch.address <= extent.begin &&
           extent.end <= stretch.address + std::uint32_t{stretch.count};
}

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

/// What one read may span, given where it begins.
class Limits {
public:
    Limits(const Profile& profile, Table table)
        : profile_(profile),
          table_(table),
          most_(is_bit_table(table) ? profile.max_bits : profile.max_words),
          defined_(defined_stretches(profile, table)) {}

    /// One past the last address of the longest read that begins with `first`. A register is
    /// never split: one that breaks the limits alone is still read whole.
    [[nodiscard]] std::uint32_t end(const Extent& first) const {
        if (profile_.one_at_a_time) return first.end;
        auto end = first.begin + most_;
        if (!profile_.holes_allowed) end = std::min(end, end_of_stretch(first.begin));
        for (const auto& stretch : profile_.forbidden) {
            if (stretch.table != table_ || stretch.address < first.begin) continue;
            end = std::min<std::uint32_t>(end, stretch.address);
        }
        for (const auto& stretch : profile_.whole) {
            if (stretch.table != table_ || stretch.address < first.begin) continue;
            end = std::min<std::uint32_t>(end, stretch.address);
        }
        return std::max(end, first.end);
    }

private:
    [[nodiscard]] std::uint32_t end_of_stretch(std::uint32_t begin) const {
        for (const auto& stretch : defined_) {
            if (begin >= stretch.begin && begin < stretch.end) return stretch.end;
        }
        return begin;
    }

    const Profile& profile_;
    Table table_;
    std::uint32_t most_;
    std::vector<Extent> defined_;
};

/// The fewest reads a second. Some read must hold the leftmost register that is left, and
/// starting it exactly there loses nothing, because nothing wanted lies before; so taking all that
/// still fits is optimal, and the one choice is how often that read is made: as often as the
/// register asks, or as often as a faster one that it then takes along. Tried out, each rest once.
class Cover {
    static constexpr std::size_t most_tried = 2'000;

public:
    Cover(std::vector<Wanted> wanted, const Limits& limits)
        : wanted_(std::move(wanted)), limits_(limits) {
        std::sort(wanted_.begin(), wanted_.end(), [](const Wanted& a, const Wanted& b) {
            if (a.extent.begin != b.extent.begin) return a.extent.begin < b.extent.begin;
            return a.index < b.index;
        });
    }

    struct Read {
        std::vector<std::size_t> taken;  ///< indices into wanted()
        Duration period;
    };

    [[nodiscard]] std::vector<Read> reads() {
        std::vector<Read> reads;
        std::vector<bool> left(wanted_.size(), true);
        while (true) {
            const auto& best = solve(left);
            if (best.read.taken.empty()) return reads;
            for (const auto taken : best.read.taken) left[taken] = false;
            reads.push_back(best.read);
        }
    }

    [[nodiscard]] const std::vector<Wanted>& wanted() const { return wanted_; }

private:
    struct Best {
        double reads_a_second = 0;  ///< of all that is left
        Read read;                  ///< the leftmost one
    };

    const Best& solve(const std::vector<bool>& left) {
        const auto known = solved_.find(left);
        if (known != solved_.end()) return known->second;
        const auto first = std::find(left.begin(), left.end(), true);
        if (first == left.end()) return solved_.emplace(left, Best{}).first->second;
        const auto leftmost = static_cast<std::size_t>(first - left.begin());
        std::optional<Best> best;
        for (const auto period : periods_from(leftmost, left)) {
            auto read = read_from(leftmost, left, period);
            auto rest = left;
            for (const auto taken : read.taken) rest[taken] = false;
            const double cost = 1 / seconds(period) + solve(rest).reads_a_second;
            // Equal within rounding: the fewer and faster reads win, which were tried first.
            if (!best || cost < best->reads_a_second - 1e-12) best = Best{cost, std::move(read)};
        }
        return solved_.emplace(left, *std::move(best)).first->second;
    }

    /// Its own period, and those of faster registers that the read could take along. A map with
    /// very many periods side by side would be tried out for ever: from then on only its own.
    [[nodiscard]] std::vector<Duration> periods_from(std::size_t leftmost,
                                                     const std::vector<bool>& left) const {
        const auto own = wanted_[leftmost].period;
        const auto end = limits_.end(wanted_[leftmost].extent);
        std::vector<Duration> periods{own};
        if (solved_.size() >= most_tried) return periods;
        for (std::size_t i = leftmost; i < wanted_.size(); ++i) {
            const auto& other = wanted_[i];
            if (left[i] && other.period < own && other.extent.end <= end) {
                periods.push_back(other.period);
            }
        }
        std::sort(periods.begin(), periods.end());
        periods.erase(std::unique(periods.begin(), periods.end()), periods.end());
        return periods;
    }

    [[nodiscard]] Read read_from(std::size_t leftmost, const std::vector<bool>& left,
                                 Duration period) const {
        const auto end = limits_.end(wanted_[leftmost].extent);
        Read read{{}, period};
        for (std::size_t i = leftmost; i < wanted_.size(); ++i) {
            const auto& each = wanted_[i];
            if (left[i] && each.extent.end <= end && each.period >= period) {
                read.taken.push_back(i);
            }
        }
        return read;
    }

    std::vector<Wanted> wanted_;
    const Limits& limits_;
    std::map<std::vector<bool>, Best> solved_;
};

Block block_over(const std::vector<Wanted>& wanted, const std::vector<std::size_t>& taken,
                 Table table, std::uint16_t base) {
    Block block{
        .table = table, .address = 0, .count = 0, .registers = {}, .period = Duration::max()};
    Extent extent = wanted[taken.front()].extent;
    for (const auto each : taken) {
        extent.begin = std::min(extent.begin, wanted[each].extent.begin);
        extent.end = std::max(extent.end, wanted[each].extent.end);
        block.registers.push_back(wanted[each].index);
        block.period = std::min(block.period, wanted[each].period);
    }
    block.address = static_cast<std::uint16_t>(base + extent.begin);
    block.count = static_cast<std::uint16_t>(extent.end - extent.begin);
    return block;
}

void take_whole_tables(const Profile& profile, Table table, std::uint16_t base,
                       std::vector<Wanted>& wanted, std::vector<Block>& blocks) {
    for (const auto& whole : profile.whole) {
        if (whole.table != table) continue;
        std::vector<std::size_t> taken;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (inside(wanted[i].extent, whole)) taken.push_back(i);
        }
        if (taken.empty() || base + std::uint32_t{whole.address} + whole.count > 65536U) continue;
        auto block = block_over(wanted, taken, table, base);
        block.address = static_cast<std::uint16_t>(base + whole.address);
        block.count = whole.count;
        blocks.push_back(std::move(block));
        std::erase_if(wanted, [&](const Wanted& each) { return inside(each.extent, whole); });
    }
}

}  // namespace

Duration period_of(const Register& reg, Duration device_period) {
    return std::max(device_period, reg.period.value_or(device_period));
}

std::vector<Block> plan_blocks(const Profile& profile, const std::vector<std::size_t>& wanted,
                               std::uint16_t base, Duration period) {
    std::vector<Block> blocks;
    for (const auto table : {Table::coil, Table::discrete_input, Table::input, Table::holding}) {
        std::vector<Wanted> here;
        for (const auto index : wanted) {
            if (index >= profile.registers.size()) continue;
            const auto& reg = profile.registers[index];
            const auto extent = extent_of(reg);
            // What a base moves beyond the last address cannot be read; the site file says so.
            if (reg.table != table || base + extent.end > 65536U) continue;
            here.push_back({extent, index, period_of(reg, period)});
        }
        take_whole_tables(profile, table, base, here, blocks);
        const Limits limits(profile, table);
        Cover cover(std::move(here), limits);
        for (const auto& read : cover.reads()) {
            blocks.push_back(block_over(cover.wanted(), read.taken, table, base));
        }
    }
    return blocks;
}

std::vector<Block> split_block(const Profile& profile, const Block& block, std::uint16_t base,
                               Duration period) {
    std::vector<Wanted> wanted;
    for (const auto index : block.registers) {
        const auto& reg = profile.registers[index];
        wanted.push_back({extent_of(reg), index, period_of(reg, period)});
    }
    const auto is_whole = [&](const Stretch& whole) {
        return whole.table == block.table && base + whole.address == block.address &&
               whole.count == block.count;
    };
    if (std::any_of(profile.whole.begin(), profile.whole.end(), is_whole)) return {block};
    std::stable_sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) {
        return a.extent.begin != b.extent.begin ? a.extent.begin < b.extent.begin
                                                : a.extent.end < b.extent.end;
    });
    // The middle, moved to where the registers differ: bits of one word stay together.
    const auto same_place = [&](std::size_t i) {
        return wanted[i].extent.begin == wanted[i - 1].extent.begin &&
               wanted[i].extent.end == wanted[i - 1].extent.end;
    };
    std::size_t middle = wanted.size() / 2;
    while (middle > 0 && middle < wanted.size() && same_place(middle)) ++middle;
    if (middle == wanted.size()) {
        middle = wanted.size() / 2;
        while (middle > 0 && same_place(middle)) --middle;
    }
    if (middle == 0 || middle == wanted.size()) return {block};
    std::vector<std::size_t> left, right;
    for (std::size_t i = 0; i < wanted.size(); ++i) (i < middle ? left : right).push_back(i);
    return {block_over(wanted, left, block.table, base),
            block_over(wanted, right, block.table, base)};
}

}  // namespace firebreak
