#include <fmt/format.h>

#include "firmware/site_reader.hpp"

namespace firebreak {

void SiteReader::read_outlet(Section& row) {
    OutletPlan outlet;
    outlet.name = row.name("name");
    fresh(row, "an outlet", outlet_names_, outlet.name);
    outlet.armed = row.flag_or("armed", false);
    if (const auto index = device(row)) {
        outlet.device = *index;
        const Register* reg = measure(row, *index, outlet.measure);
        const bool whole = reg != nullptr && !reg->bit && !reg->scale_register;
        if (reg != nullptr &&
            (!reg->writable || (reg->table != Table::coil && reg->table != Table::holding))) {
            row.complain("measure", fmt::format("{} cannot be written: its profile does not say "
                                                "writable = true for a coil or holding register",
                                                outlet.measure));
        } else if (reg != nullptr && reg->type == WordType::text) {
            row.complain("measure", fmt::format("{} is a text: an outlet is a coil or a number",
                                                outlet.measure));
        } else if (reg != nullptr && !whole) {
            // Writing it would need the other bits or the scale as they are at that moment.
            row.complain("measure", fmt::format("{} is part of a register; an outlet must be a "
                                                "coil or a register of its own",
                                                outlet.measure));
        } else if (reg != nullptr && !switched_.insert({*index, outlet.measure}).second) {
            row.complain("measure",
                         fmt::format("another outlet already switches {}", outlet.measure));
        }
    } else {
        row.text_or("measure", "");
    }
    row.finish();
    plan_.outlets.push_back(std::move(outlet));
}

}  // namespace firebreak
