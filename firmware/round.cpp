#include "firmware/round.hpp"

#include <utility>

#include "firmware/readings.hpp"

namespace firebreak {
namespace {

void add_missing(const DevicePlan& device, const Block& block, const Error& why, Instant at,
                 Round& round) {
    for (const auto index : block.registers) {
        const auto& reg = device.profile->registers[index];
        round.readings.push_back(
            {{device.name, reg.measure}, tl::unexpected<Error>(why), "", reg.unit, at});
    }
}

/// Whether a read that went wrong may go well in parts: the device saw it and said no.
bool may_go_in_parts(const Error& error) {
    // V1.1b3, 7: illegal address and illegal value; 1 and 4 are what some devices say instead.
    return error.fault == Fault::refused && error.code >= 1 && error.code <= 4;
}

}  // namespace

Round read_round(Bus& bus, DevicePlan& device, Instant at) {
    Round round;
    std::vector<Block> learnt;
    std::vector<Block> waiting(device.blocks.rbegin(), device.blocks.rend());
    bool gone = false;
    while (!waiting.empty()) {
        auto block = std::move(waiting.back());
        waiting.pop_back();
        if (gone) {
            add_missing(device, block, *round.trouble, at, round);
            learnt.push_back(std::move(block));
            continue;
        }
        const auto words = bus.read({device.unit, block.table, block.address, block.count});
        if (!words && may_go_in_parts(words.error())) {
            const auto parts = split_block(*device.profile, block, device.base, device.period);
            if (parts.size() > 1) {
                waiting.insert(waiting.end(), parts.rbegin(), parts.rend());
                continue;
            }
        }
        if (words) {
            auto readings = read_block(device, block, *words, at);
            std::move(readings.begin(), readings.end(), std::back_inserter(round.readings));
        } else {
            if (!round.trouble) round.trouble = words.error();
            const auto fault = words.error().fault;
            gone = fault == Fault::timeout || fault == Fault::port_lost || fault == Fault::config;
            if (gone) round.trouble = words.error();
            add_missing(device, block, words.error(), at, round);
        }
        learnt.push_back(std::move(block));
    }
    device.blocks = std::move(learnt);
    return round;
}

}  // namespace firebreak
