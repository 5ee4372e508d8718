#include "host/outlet_orders.hpp"

#include <algorithm>

namespace firebreak {
namespace {

bool is_carried_out(Outcome outcome) {
    return outcome == Outcome::done || outcome == Outcome::already;
}

}  // namespace

std::vector<Step> OutletOrders::want(const std::vector<Step>& steps) {
    ByItem wanted;
    std::vector<Step> anew;
    for (const auto& step : steps) {
        const auto known = pending_.find(step.item);
        auto& pending = wanted[step.item];
        if (known != pending_.end() && known->second.step.action == step.action) {
            pending = std::move(known->second);
            pending_.erase(known);
            continue;
        }
        const auto before = unwanted_.find(step.item);
        const bool same = before != unwanted_.end() && before->second.step.action == step.action;
        // Under the id that it had: whoever carried it out then says "done" once more.
        pending.step = same ? before->second.step : step;
        anew.push_back(pending.step);
    }
    for (auto& [item, pending] : pending_) {
        if (pending.attempts > 0) unwanted_[item] = std::move(pending);
    }
    pending_ = std::move(wanted);
    return anew;
}

std::vector<Step> OutletOrders::take_due(Instant now) {
    std::vector<Step> due;
    for (auto& [item, pending] : pending_) {
        const bool told = pending.attempts > 0;
        pending.late =
            told && answer_within_ > Duration::zero() && now >= pending.first + answer_within_;
        if (pending.next > now) continue;
        if (++pending.attempts == 1) pending.first = now;
        pending.next = now + pending.backoff.failed();
        due.push_back(pending.step);
    }
    return due;
}

std::optional<OutletOrders::Settled> OutletOrders::acked(const Ack& ack) {
    if (auto settled = settle(pending_, ack)) {
        if (is_carried_out(ack.outcome)) unwanted_.erase(settled->step.item);
        return settled;
    }
    auto late = settle(unwanted_, ack);
    if (!late || !is_carried_out(ack.outcome)) return late;
    // Wanted anew, and not sent yet: it need not be.
    const auto same = pending_.find(late->step.item);
    if (same != pending_.end() && same->second.step.id == ack.id) pending_.erase(same);
    return late;
}

std::optional<OutletOrders::Settled> OutletOrders::settle(ByItem& commands, const Ack& ack) {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const auto& entry) {
        return entry.second.step.id == ack.id && entry.second.attempts > 0;
    });
    if (found == commands.end()) return std::nullopt;
    auto& pending = found->second;
    Settled settled{pending.step, ack.outcome, false};
    if (is_carried_out(ack.outcome)) {
        // Whoever carried it out says "done" again when asked again. "Already" may be a person's
        // doing, however often it was asked.
        settled.ours = ack.outcome == Outcome::done;
        commands.erase(found);
    } else {
        pending.rejected = ack.outcome;
        pending.detail = ack.detail;
    }
    return settled;
}

void OutletOrders::hurry(Instant now) {
    for (auto& [item, pending] : pending_) pending.next = std::min(pending.next, now);
}

Instant OutletOrders::next_deadline() const {
    Instant next = never;
    for (const auto& [item, pending] : pending_) {
        next = std::min(next, pending.next);
        const bool may_be_late = pending.attempts > 0 && !pending.late;
        if (may_be_late && answer_within_ > Duration::zero()) {
            next = std::min(next, pending.first + answer_within_);
        }
    }
    return next;
}

bool OutletOrders::commanding(const Step& step) const {
    const auto found = pending_.find(step.item);
    return found != pending_.end() && found->second.step.action == step.action;
}

std::string OutletOrders::trouble() const {
    for (const auto& [item, pending] : pending_) {
        if (pending.rejected) {
            return "agent " + std::string(to_string(*pending.rejected)) + ' ' +
                   pending.step.action + " of " + item +
                   (pending.detail.empty() ? "" : ": " + pending.detail);
        }
        if (pending.attempts > 1) {
            return "no answer to " + pending.step.action + " of " + item +
                   (pending.late ? " within " + format_duration(answer_within_) : "");
        }
    }
    return "";
}

std::optional<Outcome> OutletOrders::rejection() const {
    for (const auto& [item, pending] : pending_) {
        if (pending.rejected) return pending.rejected;
        if (pending.late) return Outcome::failed;
    }
    return std::nullopt;
}

}  // namespace firebreak
