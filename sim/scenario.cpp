#include "sim/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "firmware/site.hpp"

namespace firebreak {
namespace {

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
    const auto near = nearest(word, candidates);
    return near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
}

/// Looks points of a scenario up in a site, complaining about those that are not there.
class SiteNames {
public:
    SiteNames(const SitePlan& site, Complaints& complaints)
        : site_(site), complaints_(complaints) {}

    const DevicePlan* device(const std::string& name, const Place& place) {
        std::vector<std::string_view> known;
        for (const auto& candidate : site_.devices) {
            if (candidate.name == name) return &candidate;
            known.push_back(candidate.name);
        }
        complaints_.add(
            place, fmt::format("the site has no device \"{}\"{}", name, did_you_mean(name, known)));
        return nullptr;
    }

    void point(const PointId& point, const Place& place, bool must_be_writable = false) {
        const auto* found = device(point.device, place);
        if (found == nullptr) return;
        const auto* reg = found->profile->find(point.measure);
        if (reg == nullptr) {
            std::vector<std::string_view> known;
            for (const auto& each : found->profile->registers) known.push_back(each.measure);
            complaints_.add(place, fmt::format("device \"{}\" (profile {}) has no measure \"{}\"{}",
                                               point.device, found->profile->name, point.measure,
                                               did_you_mean(point.measure, known)));
        } else if (must_be_writable && !reg->writable) {
            complaints_.add(place, fmt::format("measure \"{}\" of device \"{}\" is not writable: "
                                               "an outlet must be",
                                               point.measure, point.device));
        }
    }

    void alarm(const std::string& name, const Place& place) {
        std::vector<std::string_view> known;
        for (const auto& candidate : site_.alarms) {
            if (candidate.name == name) return;
            known.push_back(candidate.name);
        }
        complaints_.add(
            place, fmt::format("the site has no alarm \"{}\"{}", name, did_you_mean(name, known)));
    }

private:
    const SitePlan& site_;
    Complaints& complaints_;
};

using Line = std::tuple<Duration, int, std::string>;

std::string describe_change(const Scenario& scenario, const ChangePlan& change) {
    const std::string what = change.feed ? "feed " + scenario.feeds[*change.feed]
                                         : change.point.device + " " + change.point.measure;
    return change.over == Duration::zero() ? fmt::format("{} becomes {}", what, change.to)
                                           : fmt::format("{} goes to {} over {}", what, change.to,
                                                         format_duration(change.over));
}

void check_fault(const FaultPlan& fault, const DevicePlan& device, const SitePlan& site,
                 Complaints& complaints) {
    const bool is_rtu = device.bus < site.buses.size() && site.buses[device.bus].wire != Wire::tcp;
    if (is_rtu && fault.kind == FaultKind::wrong_transaction) {
        complaints.add(fault.place,
                       fmt::format("RTU frames have no transactions, and {} is on such "
                                   "a bus: say kind = \"wrong_unit\"",
                                   device.name));
    }
    if (!fault.aim.table) return;
    const auto hit = [&](const Register& reg) {
        return fault.aim.touches(reg.table, std::uint32_t{device.base} + reg.address,
                                 static_cast<std::uint32_t>(word_count(reg)));
    };
    const auto& registers = device.profile->registers;
    if (std::none_of(registers.begin(), registers.end(), hit)) {
        complaints.add(fault.place,
                       fmt::format("no register of {} (profile {}, base {}) is there: the fault "
                                   "would hit nothing",
                                   device.name, device.profile->name, device.base));
    }
}

std::string describe_fault(const FaultPlan& fault) {
    auto text = fmt::format("{} is {} from here on", fault.device, to_string(fault.kind));
    const auto& aim = fault.aim;
    if (fault.kind == FaultKind::exception) text += fmt::format(", code {}", fault.code);
    if (fault.delay != Duration::zero()) text += fmt::format(", {}", format_duration(fault.delay));
    if (aim.table) {
        text += fmt::format(", {} {} to {}", to_string(*aim.table), aim.address,
                            aim.address + aim.count - 1);
    }
    if (aim.every > 1) text += fmt::format(", each {} requests", aim.every);
    if (aim.chance < 1) text += fmt::format(", chance {}", aim.chance);
    return text;
}

std::string describe_expect(const ExpectPlan& expect) {
    const std::string what =
        expect.alarm.empty()
            ? fmt::format("target {} reached {}", expect.target, to_string(expect.reached))
            : fmt::format("alarm {} is {}", expect.alarm, to_string(expect.phase));
    return fmt::format("expected {}: {}", expect.by ? "by now" : "now", what);
}

}  // namespace

std::string_view to_string(FaultKind kind) {
    for (const auto& [name, each] : fault_kinds) {
        if (each == kind) return name;
    }
    return fault_kinds.front().first;
}

void check_against(const Scenario& scenario, const SitePlan& site, Complaints& complaints) {
    SiteNames names(site, complaints);
    if (scenario.ups) names.point(scenario.ups->load, scenario.ups->place);
    for (const auto& rack : scenario.racks) {
        if (rack.outlet) names.point(*rack.outlet, rack.place, true);
    }
    for (const auto& start : scenario.starts) names.point(start.point, start.place);
    for (const auto& change : scenario.changes) {
        if (!change.feed) names.point(change.point, change.place);
    }
    for (const auto& fault : scenario.faults) {
        const auto* device = names.device(fault.device, fault.place);
        if (device != nullptr) check_fault(fault, *device, site, complaints);
    }
    for (const auto& expect : scenario.expects) {
        if (!expect.alarm.empty()) names.alarm(expect.alarm, expect.place);
    }
}

std::string describe(const Scenario& scenario) {
    std::vector<Line> lines;
    for (const auto& event : scenario.events) {
        lines.emplace_back(
            event.at, 0,
            fmt::format("{} ({})", event.say, event.on_record ? "on record" : "assumed"));
    }
    for (const auto& change : scenario.changes) {
        lines.emplace_back(change.at, 1, describe_change(scenario, change));
    }
    for (const auto& fault : scenario.faults) {
        lines.emplace_back(fault.at, 1, describe_fault(fault));
    }
    for (const auto& expect : scenario.expects) {
        lines.emplace_back(expect.at, 2, describe_expect(expect));
    }
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    double kw = 0;
    for (const auto& rack : scenario.racks) kw += rack.kw;
    std::string text = fmt::format(
        "{}\n  source: {}\n  t0 is {:02}:{:02}; plays from {} to {}; {} racks draw {} kW\n",
        scenario.title, scenario.source, scenario.t0_minutes / 60, scenario.t0_minutes % 60,
        format_story_time(scenario.begins), format_story_time(scenario.ends), scenario.racks.size(),
        kw);
    for (const auto& [at, order, what] : lines) {
        text += fmt::format("  {}  {}\n", format_story_time(at), what);
    }
    return text;
}

std::optional<Duration> parse_signed_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto parsed = parse_duration(text);
    if (!parsed) return std::nullopt;
    return negative ? -*parsed : *parsed;
}

std::string format_story_time(Duration at) {
    const char sign = at < Duration::zero() ? '-' : '+';
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(at < Duration::zero() ? -at : at).count();
    return fmt::format("{}{:02}:{:02}", sign, whole / 60, whole % 60);
}

bool satisfies(Posture reached, Posture expected) {
    return expected <= Posture::watch ? reached == expected : reached >= expected;
}

}  // namespace firebreak
