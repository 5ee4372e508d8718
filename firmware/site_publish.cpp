#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "firmware/site_reader.hpp"

namespace firebreak {

namespace {

/// What a row of [[publish]] is about; what it does not say it does not ask for.
struct Choice {
    std::optional<std::size_t> device;
    std::string measure;
    std::optional<Unit> unit;

    [[nodiscard]] bool takes(std::size_t index, const Register& reg) const {
        return (!device || *device == index) && (measure.empty() || reg.measure == measure) &&
               (!unit || reg.unit == *unit);
    }
    /// A deadband for everything spares counts, codes and flags: there each step tells something.
    [[nodiscard]] bool bands(const Register& reg) const {
        return reg.unit != Unit::none || !measure.empty() || unit.has_value();
    }
};

}  // namespace

PublishPlan SiteReader::read_deadband(Section& row) {
    PublishPlan how;
    how.is_percent = row.has("deadband_percent");
    if (how.is_percent && row.has("deadband")) {
        row.complain("deadband", "a row has either deadband or deadband_percent");
    }
    how.deadband = how.is_percent ? row.number_or("deadband_percent", 0, {0, 100})
                                  : row.number_or("deadband", 0, {0, 1e12});
    return how;
}

/// Of several rows about one measure the last holds, each for what it says.
void SiteReader::read_publish(Section& row) {
    Choice choice;
    if (row.has("device")) choice.device = device(row);
    if (row.has("measure")) choice.measure = row.text("measure");
    if (row.has("unit")) {
        const auto symbol = row.text_or("unit", "");
        choice.unit = parse_unit(symbol);
        if (!choice.unit)
            row.complain("unit", fmt::format("\"{}\" is no unit of a measure", symbol));
    }
    const bool has_band = row.has("deadband") || row.has("deadband_percent");
    const auto how = read_deadband(row);
    std::optional<Duration> every;
    if (row.has("every")) every = wait(row, "every", plan_.publish_every);
    if (!has_band && !every) row.complain("", "say deadband, deadband_percent or every");
    const bool is_wrong =
        (row.has("device") && !choice.device) || (row.has("unit") && !choice.unit);
    row.finish();
    if (is_wrong) return;

    std::size_t taken = 0;
    std::set<std::string_view> units;
    for (std::size_t index = 0; index < plan_.devices.size(); ++index) {
        auto& device = plan_.devices[index];
        const auto& registers = device.profile->registers;
        device.publish.resize(registers.size());
        for (std::size_t reg = 0; reg < registers.size(); ++reg) {
            if (!choice.takes(index, registers[reg])) continue;
            ++taken;
            auto& plan = device.publish[reg];
            if (every) plan.every = every;
            if (!has_band || !choice.bands(registers[reg])) continue;
            units.insert(to_string(registers[reg].unit));
            plan.deadband = how.deadband;
            plan.is_percent = how.is_percent;
        }
    }
    if (taken == 0 && !plan_.devices.empty()) row.complain("", "no device has such a measure");
    if (has_band && !how.is_percent && units.size() > 1) {
        row.complain("deadband", fmt::format("is of {} alike: say a unit or a measure, or use "
                                             "deadband_percent",
                                             fmt::join(units, ", ")));
    }
}

}  // namespace firebreak
