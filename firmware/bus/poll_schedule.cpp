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

PollSchedule::PollSchedule(const std::vector<PollPlan>& plans, Instant start)
    : port_backoff_(100ms, 5s), paused_until_(start) {
    for (auto plan : plans) {
        if (plan.blocks == 0) continue;
        plan.period = std::max(plan.period, shortest_period);
        slots_.push_back({.plan = plan,
                          .due = start,
                          .block = 0,
                          .backoff = device_backoff(plan.period),
                          .held_by_port = false,
                          .tally = {}});
    }
}

std::optional<Poll> PollSchedule::next(Instant now) const {
    if (now < paused_until_) return std::nullopt;
    const Slot* first = nullptr;
    for (const auto& slot : slots_) {
        if (slot.due > now) continue;
        if (first == nullptr || slot.due + slot.plan.period < first->due + first->plan.period) {
            first = &slot;
        }
    }
    if (first == nullptr) return std::nullopt;
    return Poll{first->plan.device, first->block};
}

Instant PollSchedule::wake() const {
    Instant earliest = never;
    for (const auto& slot : slots_) earliest = std::min(earliest, slot.due);
    return earliest == never ? never : std::max(earliest, paused_until_);
}

void PollSchedule::done(const Poll& poll, std::optional<Fault> fault, Instant now) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) {
        return s.plan.device == poll.device && s.block == poll.block;
    });
    if (slot == slots_.end()) return;
    if (fault == Fault::port_lost) {
        port_lost(*slot, now);
        return;
    }
    port_found(now);
    if (!fault) {
        ++slot->tally.good;
        answered(*slot, now);
    } else if (*fault == Fault::timeout) {
        ++slot->tally.timeouts;
        silent(*slot, now);
    } else {
        // It answered, if badly: the other blocks may be better, and the next round may be.
        ++(*fault == Fault::corrupt ? slot->tally.corrupt : slot->tally.refused);
        answered(*slot, now);
    }
}

void PollSchedule::answered(Slot& slot, Instant now) {
    slot.backoff.succeeded();
    slot.held_by_port = false;
    advance(slot, now);
}

void PollSchedule::silent(Slot& slot, Instant now) {
    // The rest of the round would cost a timeout a block and tell nothing more.
    slot.block = 0;
    slot.due = now + slot.backoff.failed();
    slot.held_by_port = false;
}

void PollSchedule::port_lost(Slot& slot, Instant now) {
    ++slot.tally.lost;
    slot.block = 0;
    slot.due = now + slot.backoff.failed();
    slot.held_by_port = true;
    // Once may be one unit's doing, when a gateway hangs up on it: its neighbours go on at once.
    if (++port_losses_ > 1) paused_until_ = now + port_backoff_.failed();
}

void PollSchedule::port_found(Instant now) {
    if (port_losses_ > 1) {
        for (auto& slot : slots_) {
            if (!slot.held_by_port) continue;
            slot.backoff.succeeded();
            slot.held_by_port = false;
            slot.due = std::min(slot.due, now);
        }
    }
    port_losses_ = 0;
    port_backoff_.succeeded();
}

void PollSchedule::advance(Slot& slot, Instant now) {
    if (++slot.block < slot.plan.blocks) return;
    slot.block = 0;
    const auto period = slot.plan.period;
    slot.due += period;  // from the release, not from now: a late round does not shift the grid
    if (now > slot.due) ++slot.tally.missed;
    if (now >= slot.due + period) {
        const auto left_out = (now - slot.due) / period;
        slot.tally.missed += static_cast<std::uint64_t>(left_out);
        slot.due += left_out * period;
    }
}

PollTally PollSchedule::tally(std::size_t device) const {
    const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                   [&](const Slot& s) { return s.plan.device == device; });
    return slot == slots_.end() ? PollTally{} : slot->tally;
}

}  // namespace firebreak
