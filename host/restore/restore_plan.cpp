#include "host/restore/restore_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "host/power/draw.hpp"

namespace firebreak {
namespace {

/// By target, the places of those that must be back before it.
std::vector<std::set<std::size_t>> before(const PolicyPlan& plan) {
    const auto places = places_of(plan.targets);
    std::vector<std::set<std::size_t>> out(plan.targets.size());
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        for (const auto& name : plan.targets[i].needs) {
            if (const auto it = places.find(name); it != places.end()) out[i].insert(it->second);
        }
        for (const auto& name : plan.targets[i].after) {  // power before traffic
            if (const auto it = places.find(name); it != places.end()) out[it->second].insert(i);
        }
    }
    return out;
}

struct Rank {
    int tier = 1;
    std::size_t depth = 0;
    bool operator<(const Rank& other) const {
        return tier != other.tier ? tier < other.tier : depth < other.depth;
    }
};

/// Each pass carries tiers and depths one step on; a ring, which is complained of, ends it, too.
std::vector<Rank> ranks(const PolicyPlan& plan) {
    const auto needs = before(plan);
    std::vector<Rank> out;
    for (const auto& target : plan.targets) out.push_back({target.tier, 0});
    bool moved = true;
    for (std::size_t pass = 0; moved && pass <= out.size(); ++pass) {
        moved = false;
        for (std::size_t i = 0; i < out.size(); ++i) {
            for (const auto other : needs[i]) {
                moved = moved || out[other].tier > out[i].tier;
                out[other].tier = std::min(out[other].tier, out[i].tier);
            }
        }
    }
    moved = true;
    for (std::size_t pass = 0; moved && pass <= out.size(); ++pass) {
        moved = false;
        for (std::size_t i = 0; i < out.size(); ++i) {
            for (const auto other : needs[i]) {
                if (out[other].tier != out[i].tier || out[i].depth > out[other].depth) continue;
                out[i].depth = out[other].depth + 1;
                moved = true;
            }
        }
    }
    return out;
}

}  // namespace

std::vector<std::size_t> restore_stages(const PolicyPlan& plan) {
    const auto rank = ranks(plan);
    std::map<std::string, std::set<Rank>> by_site;
    for (std::size_t i = 0; i < rank.size(); ++i) by_site[plan.targets[i].site].insert(rank[i]);
    std::vector<std::size_t> stages;
    for (std::size_t i = 0; i < rank.size(); ++i) {
        const auto& all = by_site[plan.targets[i].site];
        stages.push_back(1 +
                         static_cast<std::size_t>(std::distance(all.begin(), all.find(rank[i]))));
    }
    return stages;
}

void check_needs(const PolicyPlan& plan, Complaints& complaints) {
    const auto places = places_of(plan.targets);
    for (const auto& target : plan.targets) {
        for (const auto& name : target.needs) {
            if (places.contains(name)) continue;
            complaints.add(target.place, "needs: there is no target \"" + name + '"');
        }
    }
    // Whoever waits for nobody comes first, then whoever waits for those only: what stays is a
    // ring.
    const auto needs = before(plan);
    std::vector<bool> done(needs.size(), false);
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < needs.size(); ++i) {
            const bool free = std::all_of(needs[i].begin(), needs[i].end(),
                                          [&](std::size_t other) { return done[other]; });
            if (done[i] || !free) continue;
            done[i] = moved = true;
        }
    }
    for (std::size_t i = 0; i < done.size(); ++i) {
        if (done[i]) continue;
        complaints.add(plan.targets[i].place,
                       "needs: \"" + plan.targets[i].name +
                           "\" waits for itself by way of what it needs: none would come back");
    }
}

std::vector<std::string> describe_stages(const PolicyPlan& plan, const std::string& site) {
    const auto stages = restore_stages(plan);
    std::map<std::pair<std::string, std::size_t>, std::vector<std::size_t>> by_stage;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        if (!site.empty() && plan.targets[i].site != site) continue;
        by_stage[{plan.targets[i].site, stages[i]}].push_back(i);
    }
    std::vector<std::string> lines;
    for (const auto& [key, targets] : by_stage) {
        auto line = fmt::format("{} stage {}:", key.first, key.second);
        for (const auto i : targets) {
            const auto& target = plan.targets[i];
            line += fmt::format(" {} (tier {}, {} items)", target.name, target.tier,
                                target.items.size());
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace firebreak
