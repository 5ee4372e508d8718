#include "firmware/bus/poll_schedule.hpp"

#include <algorithm>

namespace firebreak {
namespace {

using namespace std::chrono_literals;

constexpr Duration longest_silence = 10s;  // a device that comes back is seen within this
constexpr Duration shortest_period = 1ms;

Backoff device_backoff(Duration period) {
    return {period, std::max<Duration>(period, longest_silence)};
}

}  // namespace

std::vector<PollPlan> poll_plans(std::size_t device, const std::vector<Block>& blocks) {
    std::vector<PollPlan> plans;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (!plans.empty() && plans.back().period == blocks[i].period) {
            ++plans.back().blocks;
        } else {
            plans.push_back(
                {.device = device, .blocks = 1, .period = blocks[i].period, .first = i});
        }
    }
    return plans;
}

PollSchedule::PollSchedule(const std::vector<PollPlan>& plans, Instant start)
    : port_backoff_(100ms, 5s), paused_until_(start) {
    for (const auto& plan : plans) add(plan, start);
}

void PollSchedule::add(PollPlan plan, Instant due) {
    if (plan.blocks == 0) return;
    plan.period = std::max(plan.period, shortest_period);
    auto& device =
        devices_.try_emplace(plan.device, Device{device_backoff(plan.period), false, false, {}})
            .first->second;
    slots_.push_back({.plan = plan, .due = due, .next = 0, .device = &device});
}

/// Who answers goes before who does not: a probe costs a timeout, and is made in the slack. When
/// there is never any, it has waited long enough once its back-off has passed twice.
bool PollSchedule::before(const Slot& a, const Slot& b, Instant now) const {
    const auto waits = [now](const Slot& slot) {
        return slot.device->silent && now - slot.due < slot.device->backoff.current();
    };
    if (waits(a) != waits(b)) return waits(b);
    return a.due + a.plan.period < b.due + b.plan.period;
}

std::optional<Poll> PollSchedule::next(Instant now) const {
    if (now < paused_until_) return std::nullopt;
    const Slot* first = nullptr;
    for (const auto& slot : slots_) {
        if (slot.due > now) continue;
        if (first == nullptr || before(slot, *first, now)) first = &slot;
    }
    if (first == nullptr) return std::nullopt;
    return Poll{first->plan.device, first->plan.first + first->next, first->due};
}

Instant PollSchedule::wake() const {
    Instant earliest = never;
    for (const auto& slot : slots_) earliest = std::min(earliest, slot.due);
    return earliest == never ? never : std::max(earliest, paused_until_);
}

PollSchedule::Slot* PollSchedule::find(const Poll& poll) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) {
        return s.plan.device == poll.device && s.plan.first + s.next == poll.block;
    });
    return slot == slots_.end() ? nullptr : &*slot;
}

void PollSchedule::done(const Poll& poll, std::optional<Fault> fault, Instant now) {
    auto* slot = find(poll);
    if (slot == nullptr) return;
    if (fault == Fault::port_lost) {
        port_lost(*slot, now);
        return;
    }
    port_found(now);
    auto& tally = slot->device->tally;
    if (!fault) {
        ++tally.good;
        answered(*slot, now);
    } else if (*fault == Fault::timeout) {
        ++tally.timeouts;
        silent(*slot, now);
    } else {
        // It answered, if badly: the other blocks may be better, and the next round may be.
        ++(*fault == Fault::corrupt ? tally.corrupt : tally.refused);
        answered(*slot, now);
    }
}

void PollSchedule::replace(std::size_t device, const std::vector<PollPlan>& plans, Instant now) {
    Instant due = never;
    for (const auto& slot : slots_) {
        if (slot.plan.device == device) due = std::min(due, slot.due);
    }
    std::erase_if(slots_, [&](const Slot& slot) { return slot.plan.device == device; });
    due = due == never ? now : std::max(due, now);
    for (const auto& plan : plans) {
        const auto known = devices_.find(device);
        const bool held = known != devices_.end() && known->second.silent;
        add(plan, held ? due : std::min(due, now + plan.period));
    }
}

/// A device is one: what it does not answer in one round, it need not be asked in another.
void PollSchedule::hold(std::size_t device, Instant until) {
    for (auto& slot : slots_) {
        if (slot.plan.device != device) continue;
        slot.next = 0;
        slot.due = std::max(slot.due, until);
    }
}

void PollSchedule::answered(Slot& slot, Instant now) {
    slot.device->backoff.succeeded();
    slot.device->silent = false;
    slot.device->held_by_port = false;
    advance(slot, now);
}

void PollSchedule::silent(Slot& slot, Instant now) {
    // The rest of the round would cost a timeout a block and tell nothing more.
    hold(slot.plan.device, now + slot.device->backoff.failed());
    slot.device->silent = true;
    slot.device->held_by_port = false;
}

void PollSchedule::port_lost(Slot& slot, Instant now) {
    ++slot.device->tally.lost;
    hold(slot.plan.device, now + slot.device->backoff.failed());
    slot.device->held_by_port = true;
    // Once may be one unit's doing, when a gateway hangs up on it: its neighbours go on at once.
    if (++port_losses_ > 1) paused_until_ = now + port_backoff_.failed();
}

void PollSchedule::port_found(Instant now) {
    if (port_losses_ > 1) {
        for (auto& slot : slots_) {
            if (slot.device->held_by_port) slot.due = std::min(slot.due, now);
        }
        for (auto& [number, device] : devices_) {
            if (!device.held_by_port) continue;
            device.backoff.succeeded();
            device.held_by_port = false;
        }
    }
    port_losses_ = 0;
    port_backoff_.succeeded();
}

void PollSchedule::advance(Slot& slot, Instant now) {
    if (++slot.next < slot.plan.blocks) return;
    slot.next = 0;
    const auto period = slot.plan.period;
    slot.due += period;  // from the release, not from now: a late round does not shift the grid
    if (now > slot.due) ++slot.device->tally.missed;
    if (now >= slot.due + period) {
        const auto left_out = (now - slot.due) / period;
        slot.device->tally.missed += static_cast<std::uint64_t>(left_out);
        slot.due += left_out * period;
    }
}

PollTally PollSchedule::tally(std::size_t device) const {
    const auto found = devices_.find(device);
    return found == devices_.end() ? PollTally{} : found->second.tally;
}

}  // namespace firebreak
