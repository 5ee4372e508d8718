#include <fmt/format.h>

#include <algorithm>

#include "firmware/profile/codec.hpp"
#include "firmware/site_reader.hpp"

namespace firebreak {

/// A register of its own that may be written, and that nothing else writes.
const Register* SiteReader::switched(Section& row, std::size_t device, std::string& name) {
    const Register* reg = measure(row, device, name);
    if (reg == nullptr) return nullptr;
    const bool whole = !reg->bit && !reg->scale_register;
    if (!reg->writable || (reg->table != Table::coil && reg->table != Table::holding)) {
        row.complain("measure", fmt::format("{} cannot be written: its profile does not say "
                                            "writable = true for a coil or holding register",
                                            name));
    } else if (reg->type == WordType::text) {
        row.complain("measure", fmt::format("{} is a text: an output is a coil or a number", name));
    } else if (!whole) {
        // Writing it would need the other bits or the scale as they are at that moment.
        row.complain("measure", fmt::format("{} is part of a register; an output must be a "
                                            "coil or a register of its own",
                                            name));
    } else if (!switched_.insert({device, name}).second) {
        row.complain("measure", fmt::format("another output already switches {}", name));
    }
    return reg;
}

void SiteReader::read_outlet(Section& row) {
    OutletPlan outlet;
    outlet.name = row.name("name");
    fresh(row, "an outlet", outlet_names_, outlet.name);
    outlet.armed = row.flag_or("armed", false);
    if (const auto index = device(row)) {
        outlet.device = *index;
        switched(row, *index, outlet.measure);
    } else {
        row.text_or("measure", "");
    }
    row.finish();
    plan_.outlets.push_back(std::move(outlet));
}

void SiteReader::read_action(Section& row) {
    ActionPlan action;
    action.name = row.name("name");
    fresh(row, "an action", action_names_, action.name);
    read_action_alarms(row, action);
    action.armed = row.flag_or("armed", false);
    action.on = row.number_or("on", 1);
    action.off = row.maybe_number("off");
    if (action.off == action.on) row.complain("off", "must not be what on is");
    if (const auto index = device(row)) {
        action.device = *index;
        const Register* reg = switched(row, *index, action.measure);
        for (const auto value : {action.on, action.off.value_or(action.on)}) {
            Words words(reg == nullptr ? 0 : static_cast<std::size_t>(word_count(*reg)));
            if (reg == nullptr || reg->type == WordType::text || encode(*reg, value, words))
                continue;
            row.complain("measure", fmt::format("{} cannot hold {}", action.measure, value));
            break;
        }
    } else {
        row.ignore("measure");
    }
    row.finish();
    plan_.actions.push_back(std::move(action));
}

void SiteReader::read_action_alarms(Section& row, ActionPlan& action) {
    const auto* key = row.has("alarms") ? "alarms" : "alarm";
    if (row.has("alarms") && row.has("alarm")) {
        row.complain("alarm", "say alarm or alarms, not both");
        row.ignore("alarm");
    }
    action.alarms = row.has("alarms") ? row.texts("alarms") : std::vector{row.text("alarm")};
    if (action.alarms.empty()) row.complain(key, "name at least one alarm that asks for it");
    std::vector<std::string_view> known;
    for (const auto& alarm : plan_.alarms) known.push_back(alarm.name);
    for (const auto& name : action.alarms) {
        if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) continue;
        complain_unknown(row, key, "there is no [[alarm]]", name, known);
    }
}

}  // namespace firebreak
