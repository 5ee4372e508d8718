#include "firmware/actions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "firmware/register_write.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

/// Longer than any bus may take; after it the report was lost on the way to the core.
constexpr Duration write_patience = 10s;
/// A device that refuses, or falls back by itself, is written again this often at most.
constexpr Duration first_retry = 1s;
constexpr Duration longest_retry = 30s;
/// Tickets of actions, apart from those of outlets, which count from 1.
constexpr std::uint64_t first_ticket = std::uint64_t{1} << 63;

bool asks(const AlarmState& alarm) {
    const bool active = alarm.phase == Phase::firing || alarm.phase == Phase::fading;
    return active && !is_silenced(alarm);
}

/// There is evidence that it does not ask, or an operator has silenced it.
bool is_over(const AlarmState& alarm) {
    return alarm.phase == Phase::clear || alarm.phase == Phase::pending || is_silenced(alarm);
}

}  // namespace

Actions::Actions(const SitePlan& site) : site_(site), last_ticket_(first_ticket) {
    for (const auto& plan : site_.actions) {
        Action action{.plan = &plan,
                      .reg = site_.devices.at(plan.device).profile->find(plan.measure),
                      .alarms = {},
                      .notice = {},
                      .ours = false,
                      .ticket = {},
                      .words = {},
                      .give_up = {},
                      .again = {},
                      .trust_from = {},
                      .backoff = Backoff(first_retry, longest_retry),
                      .changed = true};
        if (action.reg == nullptr) continue;
        for (std::size_t i = 0; i < site_.alarms.size(); ++i) {
            const auto& names = plan.alarms;
            if (std::find(names.begin(), names.end(), site_.alarms[i].name) != names.end()) {
                action.alarms.push_back(i);
            }
        }
        action.notice.action = plan.name;
        action.notice.armed = plan.armed;
        action.notice.detail = "no alarm has asked yet";
        actions_.push_back(std::move(action));
    }
}

void Actions::tick(const AlarmBook& book, const History& history, Instant now) {
    for (auto& action : actions_) {
        ask(action, book);
        if (action.ticket && now >= action.give_up) {
            end(action, Outcome::failed, "timeout: the bus never reported", now);
        }
        if (!action.ticket) act(action, history, now);
    }
}

void Actions::ask(Action& action, const AlarmBook& book) {
    std::vector<std::string> because;
    bool all_over = true;
    for (const auto alarm : action.alarms) {
        const auto& state = book.state(alarm);
        if (asks(state)) because.push_back(site_.alarms[alarm].name);
        all_over = all_over && is_over(state);
    }
    auto& notice = action.notice;
    auto wanted = notice.wanted;
    if (!because.empty()) {
        wanted = Switched::on;
    } else if (all_over && wanted == Switched::on) {
        wanted = Switched::off;
    }
    if (!because.empty() && because != notice.because) {
        notice.because = std::move(because);
        action.changed = true;
    }
    if (wanted == notice.wanted) return;
    notice.wanted = wanted;
    action.changed = true;
    action.backoff.succeeded();
    action.again = {};
    if (!action.plan->armed) {
        say(action, notice.reached, Outcome::rehearsed, "the action is not armed at this site");
    } else if (wanted == Switched::off && !action.plan->off) {
        say(action, notice.reached, Outcome::already, "the alarm is over; nothing undoes this");
    } else if (wanted == Switched::off && !action.ours) {
        say(action, notice.reached, Outcome::already,
            "the alarm is over; it was never switched on");
    }
}

void Actions::act(Action& action, const History& history, Instant now) {
    const auto wanted = action.notice.wanted;
    const PointId point{site_.devices[action.plan->device].name, action.plan->measure};
    const Seen* newest = history.newest(point);
    const auto evidence = history.evidence(point, now);
    const bool known = evidence && newest->at >= action.trust_from;
    const auto shows = known ? shown(action, *evidence) : Switched::unknown;
    const bool undo = wanted == Switched::off && action.plan->off && action.ours;
    if (!action.plan->armed || !(wanted == Switched::on || undo)) {
        if (known && shows != action.notice.reached) {
            action.notice.reached = shows;
            action.changed = true;
        }
        return;
    }
    if (known && shows == wanted) {
        action.ours = wanted == Switched::on;
        if (action.notice.reached != wanted)
            say(action, wanted, Outcome::already, "it was so before");
        return;
    }
    const bool settled = !known && action.notice.reached == wanted;
    // What was read back once holds until something else is seen: silence undoes nothing.
    if (!settled && now >= action.again) write(action, now);
}

double Actions::value_of(const Action& action) {
    return action.notice.wanted == Switched::on ? action.plan->on : action.plan->off.value_or(0);
}

void Actions::write(Action& action, Instant now) {
    auto order = write_order(++last_ticket_, action.plan->device,
                             site_.devices[action.plan->device], *action.reg, value_of(action));
    if (!order) {
        end(action, Outcome::refused, order.error().what, now);
        return;
    }
    action.ticket = last_ticket_;
    action.words = order->request.words;
    action.give_up = now + write_patience;
    if (action.notice.wanted == Switched::on) action.ours = true;  // even if nobody ever reports
    writes_.push_back(*std::move(order));
}

bool Actions::owns(const WriteReport& report) const {
    return report.ticket >= first_ticket;
}

std::optional<std::pair<std::size_t, Reading>> Actions::take(const WriteReport& report) {
    const auto found = std::find_if(actions_.begin(), actions_.end(), [&](const Action& action) {
        return action.ticket == report.ticket;
    });
    if (found == actions_.end()) return std::nullopt;  // given up before
    auto& action = *found;
    if (!report.words) {
        const auto& error = report.words.error();
        end(action, error.fault == Fault::refused ? Outcome::refused : Outcome::failed,
            fmt::format("{}: {}", to_string(error.fault), error.what), report.at);
        return std::nullopt;
    }
    const auto& device = site_.devices[action.plan->device];
    auto reading = read_back(device, *action.reg, *report.words, report.at);
    const bool as_asked = *report.words == action.words;
    end(action, as_asked ? Outcome::done : Outcome::failed,
        as_asked ? "reads back as asked" : "does not read back as asked", report.at);
    if (as_asked && reading.value) action.notice.reached = shown(action, *reading.value);
    return std::pair{action.plan->device, std::move(reading)};
}

void Actions::end(Action& action, Outcome outcome, std::string detail, Instant now) {
    action.ticket.reset();
    action.trust_from = now;
    // Also after success: a device that falls back by itself is not written in a loop.
    action.again = now + action.backoff.failed();
    const auto reached = outcome == Outcome::done ? action.notice.reached : Switched::unknown;
    say(action, reached, outcome, std::move(detail));
}

void Actions::say(Action& action, Switched reached, Outcome outcome, std::string detail) {
    action.notice.reached = reached;
    action.notice.outcome = outcome;
    action.notice.detail = std::move(detail);
    action.changed = true;
}

Switched Actions::shown(const Action& action, double value) const {
    if (std::abs(value - action.plan->on) < 0.5) return Switched::on;
    const bool is_off = !action.plan->off || std::abs(value - *action.plan->off) < 0.5;
    return is_off ? Switched::off : Switched::unknown;
}

Instant Actions::next_deadline() const {
    Instant next = never;
    for (const auto& action : actions_) {
        if (action.ticket) next = std::min(next, action.give_up);
        const bool due =
            action.plan->armed && !action.ticket && action.notice.wanted != Switched::unknown &&
            action.notice.reached != action.notice.wanted &&
            (action.notice.wanted == Switched::on || (action.plan->off && action.ours));
        if (due) next = std::min(next, action.again);
    }
    return next;
}

std::vector<WriteOrder> Actions::take_writes() {
    return std::exchange(writes_, {});
}

std::vector<ActionNotice> Actions::take_news() {
    std::vector<ActionNotice> news;
    for (auto& action : actions_) {
        if (std::exchange(action.changed, false)) news.push_back(action.notice);
    }
    return news;
}

}  // namespace firebreak
