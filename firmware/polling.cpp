#include "firmware/polling.hpp"

#include <algorithm>

namespace firebreak {
namespace {

using namespace std::chrono_literals;

/// A register that is not there is asked for this seldom: somebody may mend the device.
constexpr Duration hole_period = 10min;
/// What was learnt is tried again: a device that was starting refused what it has since.
constexpr Duration learnt_for = 1h;

/// A device of which nothing answers has no holes: it is not ready, and is soon asked anew.
constexpr Duration not_ready_for = 1min;

/// Timeouts in a row after which a device was away, not only unlucky.
constexpr int away = 3;

constexpr int illegal_address = 2;
constexpr int illegal_value = 3;

/// The device says that not all of it is there. Some say so by refusing the length.
bool says_hole(const BusReport& report) {
    if (report.words || report.words.error().fault != Fault::refused) return false;
    const int code = report.words.error().code;
    return code == illegal_address || code == illegal_value;
}

/// How often its registers ask to be read.
Duration natural_period(const DevicePlan& plan, const Block& block) {
    auto period = Duration::max();
    for (const auto reg : block.registers) {
        period = std::min(period, period_of(plan.profile->registers[reg], plan.period));
    }
    return period;
}

/// Read more seldom than its registers ask: it was taken for a hole.
bool is_hole(const DevicePlan& plan, const Block& block) {
    return block.period > natural_period(plan, block);
}

}  // namespace

Polling::Polling(const std::vector<DevicePlan>& devices) : plans_(devices) {
    for (const auto& plan : plans_) {
        Device device;
        device.blocks = plan.blocks;
        devices_.push_back(std::move(device));
    }
}

const Block* Polling::block_of(const BusReport& report) const {
    if (report.device >= devices_.size()) return nullptr;
    const auto& device = devices_[report.device];
    if (report.revision != device.revision || report.block >= device.blocks.size()) return nullptr;
    return &device.blocks[report.block];
}

void Polling::take(const BusReport& report, Instant now) {
    if (block_of(report) == nullptr) return;
    auto& device = devices_[report.device];
    const bool silent = !report.words && report.words.error().fault == Fault::timeout;
    if (report.words && is_hole(plans_[report.device], device.blocks[report.block])) {
        forget(report.device);  // what was taken for a hole answers: nothing else learnt is sure
    } else if (!silent && device.timeouts >= away && device.forget_at != never) {
        forget(report.device);  // it may be another device now, or the same after a restart
    } else if (says_hole(report)) {
        learn(report.device, report.block, now);
    }
    device.timeouts = silent ? std::min(device.timeouts + 1, away) : 0;
}

void Polling::learn(std::size_t index, std::size_t block, Instant now) {
    auto& device = devices_[index];
    const auto& plan = plans_[index];
    auto& refused = device.blocks[block];
    auto parts = split_block(*plan.profile, refused, plan.base, plan.period);
    if (parts.size() == 1) {
        if (is_hole(plan, refused)) return;  // known
        refused.period = std::max<Duration>(hole_period, 2 * natural_period(plan, refused));
        ++device.holes;
    } else {
        refused = std::move(parts.front());
        device.blocks.insert(device.blocks.begin() + static_cast<std::ptrdiff_t>(block) + 1,
                             std::make_move_iterator(parts.begin() + 1),
                             std::make_move_iterator(parts.end()));
        ++device.revision;
    }
    const auto answers = [&](const Block& each) { return !is_hole(plan, each); };
    const bool ready = std::any_of(device.blocks.begin(), device.blocks.end(), answers);
    device.forget_at = now + (ready ? learnt_for : not_ready_for);
    device.changed = true;
}

void Polling::forget(std::size_t index) {
    auto& device = devices_[index];
    device.blocks = plans_[index].blocks;
    device.holes = 0;
    device.forget_at = never;
    ++device.revision;
    device.changed = true;
}

void Polling::hurry(std::size_t index, bool fast) {
    auto& device = devices_[index];
    if (!plans_[index].fast || device.fast == fast) return;
    device.fast = fast;
    device.changed = true;
}

void Polling::tick(Instant now) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        if (devices_[i].forget_at <= now) forget(i);
    }
}

Instant Polling::next_deadline() const {
    Instant next = never;
    for (const auto& device : devices_) next = std::min(next, device.forget_at);
    return next;
}

std::vector<PollOrder> Polling::take_orders() {
    std::vector<PollOrder> orders;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        auto& device = devices_[i];
        if (!device.changed) continue;
        device.changed = false;
        PollOrder order{i, device.revision, device.blocks};
        if (device.fast) {
            for (auto& block : order.blocks) {
                // What is not there, or hardly ever changes, is not hurried.
                if (block.period < hole_period)
                    block.period = std::min(block.period, *plans_[i].fast);
            }
        }
        orders.push_back(std::move(order));
    }
    return orders;
}

std::size_t Polling::holes(std::size_t device) const {
    return devices_[device].holes;
}

}  // namespace firebreak
