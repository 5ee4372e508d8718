// What the fewest reads a second for a profile's registers are, found the long way: every read that
// could hold the leftmost register still wanted is tried, wherever it begins and however often it
// is made. Shares nothing with firmware/profile/blocks.cpp but the profile; slow, for tests and
// bench.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "firmware/profile/blocks.hpp"

namespace firebreak {

class BlockOptimum {
public:
    BlockOptimum(const Profile& profile, Table table, Duration device_period)
        : profile_(profile), table_(table) {
        for (const auto& reg : profile.registers) {
            if (reg.table != table) continue;
            for (int i = 0; i < word_count(reg); ++i) {
                defined_.insert(reg.address + static_cast<std::uint32_t>(i));
            }
            if (reg.scale_register) defined_.insert(*reg.scale_register);
            // Registers of one place and pace stand and fall together.
            const Item item{extent_of(reg),
                            std::max(device_period, reg.period.value_or(device_period))};
            const auto same = [&](const Item& other) {
                return other.extent.begin == item.extent.begin &&
                       other.extent.end == item.extent.end && other.period == item.period;
            };
            if (std::none_of(items_.begin(), items_.end(), same)) items_.push_back(item);
        }
        std::sort(items_.begin(), items_.end(),
                  [](const Item& a, const Item& b) { return a.extent.begin < b.extent.begin; });
    }

    [[nodiscard]] double reads_a_second() {
        return cost_of(std::vector<bool>(items_.size(), true));
    }

private:
    struct Item {
        Extent extent;
        Duration period;
    };

    [[nodiscard]] bool readable(std::uint32_t begin, std::uint32_t end, const Extent& alone) const {
        if (profile_.one_at_a_time) return begin == alone.begin && end == alone.end;
        for (const auto& whole : profile_.whole) {
            if (whole.table != table_) continue;
            const std::uint32_t whole_end = whole.address + std::uint32_t{whole.count};
            if (begin < whole_end && whole.address < end) {
                return begin >= whole.address && end <= whole_end;  // it is read as the table
            }
        }
        if (begin == alone.begin && end == alone.end) return true;
        const std::uint32_t most = is_bit_table(table_) ? profile_.max_bits : profile_.max_words;
        if (end - begin > most) return false;
        for (auto address = begin; address < end; ++address) {
            if (!profile_.holes_allowed && defined_.count(address) == 0) return false;
            for (const auto& no : profile_.forbidden) {
                if (no.table == table_ && address >= no.address &&
                    address < no.address + std::uint32_t{no.count}) {
                    return false;
                }
            }
        }
        return true;
    }

    double cost_of(const std::vector<bool>& left) {
        const auto known = known_.find(left);
        if (known != known_.end()) return known->second;
        const auto first = std::find(left.begin(), left.end(), true);
        if (first == left.end()) return 0;
        const auto& leftmost = items_[static_cast<std::size_t>(first - left.begin())];
        std::set<std::uint32_t> ends;
        std::set<Duration> paces;
        for (std::size_t i = 0; i < items_.size(); ++i) {
            if (items_[i].extent.end >= leftmost.extent.end) ends.insert(items_[i].extent.end);
            paces.insert(items_[i].period);
        }
        double best = std::numeric_limits<double>::infinity();
        for (const auto end : ends) {
            if (!readable(leftmost.extent.begin, end, leftmost.extent)) continue;
            for (const auto pace : paces) {
                if (pace > leftmost.period) continue;
                auto rest = left;
                for (std::size_t i = 0; i < items_.size(); ++i) {
                    const auto& item = items_[i];
                    if (item.extent.begin >= leftmost.extent.begin && item.extent.end <= end &&
                        item.period >= pace) {
                        rest[i] = false;
                    }
                }
                best = std::min(best, 1 / seconds(pace) + cost_of(rest));
            }
        }
        known_[left] = best;
        return best;
    }

    const Profile& profile_;
    Table table_;
    std::set<std::uint32_t> defined_;
    std::vector<Item> items_;
    std::map<std::vector<bool>, double> known_;
};

[[nodiscard]] inline double optimal_reads_a_second(const Profile& profile, Duration period) {
    double sum = 0;
    for (const auto table : {Table::coil, Table::discrete_input, Table::input, Table::holding}) {
        sum += BlockOptimum(profile, table, period).reads_a_second();
    }
    return sum;
}

[[nodiscard]] inline double reads_a_second(const std::vector<Block>& blocks) {
    double sum = 0;
    for (const auto& block : blocks) sum += 1 / seconds(block.period);
    return sum;
}

}  // namespace firebreak
