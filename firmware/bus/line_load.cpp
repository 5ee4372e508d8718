#include "firmware/bus/line_load.hpp"

#include "firmware/bus/rtu.hpp"

namespace firebreak {
namespace {

/// Unit, function, address, count and CRC; unit, function, byte count and CRC (V1.1b3, 6.1-6.4).
constexpr std::size_t request_characters = 8;
constexpr std::size_t answer_characters = 5;

std::size_t data_characters(const Block& block) {
    return is_bit_table(block.table) ? (block.count + std::size_t{7}) / 8
                                     : std::size_t{block.count} * 2;
}

}  // namespace

LineLoad line_load(const BusPlan& bus, std::size_t index, const std::vector<DevicePlan>& devices) {
    LineLoad load;
    const auto gap = bus.gap.value_or(standard_gap(bus.line));
    for (const auto& device : devices) {
        if (device.bus != index) continue;
        for (const auto& block : device.blocks) {
            load.reads_per_s += 1 / seconds(block.period);
            if (bus.wire != Wire::serial) continue;
            // A silence before the request and one before the answer (V1.02, 2.5.1.1).
            const auto cost = time_on_line(bus.line, request_characters + answer_characters +
                                                         data_characters(block)) +
                              2 * gap;
            load.busy += seconds(cost) / seconds(block.period);
        }
    }
    return load;
}

}  // namespace firebreak
