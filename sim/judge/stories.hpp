// Stories whose end is known, through the detectors: the fire that no thermometer sees (Pangyo), a
// UPS that discharges, a UPS in overload. The site's own alarms say which signs there are; a story
// whose alarms the site does not have is left out. Pure and deterministic. Seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/judge/detectors.hpp"

namespace firebreak {

/// One playing of a story.
struct Telling {
    std::optional<double> seconds;  ///< of delay, or of lead; nothing: not found
    bool early = false;             ///< alarmed before there was reason to
};

/// A fire without precursor: signs in any order, a false one long before. `seconds`: from the
/// second kind of sign to the alarm that asks for two. Nothing where the site has no such alarm.
[[nodiscard]] std::optional<Telling> tell_fire(const SitePlan& site, std::uint64_t seed);
/// `seconds`: from the alarm on the remaining runtime to the end of the battery.
[[nodiscard]] std::optional<Telling> tell_discharge(const SitePlan& site, std::uint64_t seed);
/// `seconds`: from the alarm on the overload to the UPS giving up.
[[nodiscard]] std::optional<Telling> tell_overload(const SitePlan& site, std::uint64_t seed);

struct StoryScore {
    std::string story;
    std::size_t told = 0, found = 0, early = 0;
    std::optional<double> median, worst;  ///< worst: the longest delay, the shortest lead
};

[[nodiscard]] std::vector<StoryScore> tell_stories(const SitePlan& site, std::uint64_t seed,
                                                   std::size_t times);
[[nodiscard]] std::string describe(const std::vector<StoryScore>& scores);
[[nodiscard]] std::string to_json(const std::vector<StoryScore>& scores);

}  // namespace firebreak
