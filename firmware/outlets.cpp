#include "firmware/outlets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "firmware/register_write.hpp"

namespace firebreak {

namespace {

/// Longer than any bus may take; after it the report was lost on the way to the core.
constexpr Duration write_patience = std::chrono::seconds(10);
/// Hosts, by site and id, whose newest command is remembered for an outlet.
constexpr std::size_t max_hosts = 16;

std::optional<double> value_of(const std::string& action) {
    if (action == "on") return 1;
    if (action == "off") return 0;
    return std::nullopt;
}

bool is_alike(double one, double other) {
    return std::abs(one - other) < 0.5;
}

}  // namespace

Outlets::Outlets(const SitePlan& site) : site_(site) {
    for (const auto& plan : site_.outlets) {
        Outlet outlet;
        outlet.plan = &plan;
        outlet.reg = site_.devices.at(plan.device).profile->find(plan.measure);
        if (outlet.reg != nullptr) outlets_.emplace(plan.name, std::move(outlet));
    }
}

bool Outlets::obey(const Origin& host, const Command& command, const History& history,
                   Instant now) {
    const auto found = outlets_.find(command.item);
    if (found == outlets_.end()) return false;
    Outlet& outlet = found->second;
    Asked asked{host, command};
    if (is_repeated(outlet, asked)) {
        ++duplicates_;
    } else if (!value_of(command.action)) {
        answer(outlet, asked, Outcome::refused, "an outlet knows only on and off");
    } else if (!outlet.plan->armed) {
        answer(outlet, asked, Outcome::rehearsed, "the outlet is not armed at this site");
    } else if (!command.armed) {
        answer(outlet, asked, Outcome::rehearsed, "the command is a rehearsal");
    } else {
        carry_out(outlet, std::move(asked), history, now);
    }
    return true;
}

bool Outlets::is_repeated(Outlet& outlet, const Asked& asked) {
    const Stamp& stamp = asked.command.stamp;
    auto heard = outlet.heard.find(asked.host);
    if (heard == outlet.heard.end()) {
        if (outlet.heard.size() >= max_hosts) return true;  // nobody has that many hosts
        heard = outlet.heard.emplace(asked.host, Heard{}).first;
    }
    Heard& last = heard->second;
    if (last.boot == stamp.boot && stamp.seq <= last.seq) {
        // Delivered twice: say again what came of it, unless that is still to come.
        if (stamp.seq == last.seq && last.answer) answers_.push_back(*last.answer);
        return true;
    }
    // A late copy from before the host's restart must not undo what it asked since.
    if (!last.earlier_boot.empty() && last.earlier_boot == stamp.boot) return true;
    if (last.boot != stamp.boot) last.earlier_boot = last.boot;
    last.boot = stamp.boot;
    last.seq = stamp.seq;
    last.answer.reset();
    return false;
}

void Outlets::carry_out(Outlet& outlet, Asked asked, const History& history, Instant now) {
    if (outlet.waiting) {
        answer(outlet, *outlet.waiting, Outcome::refused, "a newer command took its place");
        outlet.waiting.reset();
    }
    if (outlet.ticket) {
        if (outlet.writing.front().command.action != asked.command.action) {
            outlet.waiting = std::move(asked);
            return;
        }
        // Under way already: one write answers them all, each host once an id.
        std::erase_if(outlet.writing, [&](const Asked& other) {
            return other.host == asked.host && other.command.id == asked.command.id;
        });
        outlet.writing.push_back(std::move(asked));
        if (outlet.writing.size() > max_hosts) outlet.writing.erase(outlet.writing.begin());
        return;
    }
    const PointId point{site_.devices[outlet.plan->device].name, outlet.plan->measure};
    const Seen* newest = history.newest(point);
    const auto state = history.evidence(point, now);
    const bool known = state && newest->at >= outlet.trust_from;
    const double wanted = value_of(asked.command.action).value_or(0);
    if (!known || !is_alike(*state, wanted)) {
        start_write(outlet, std::move(asked), known ? std::optional(*state) : std::nullopt, now);
        return;
    }
    mind_carried_out(outlet, history, now);
    const auto heard = outlet.heard.find(asked.host);
    // Asked again because the answer was lost: it is this step's doing, not somebody else's.
    const bool own = heard != outlet.heard.end() && !asked.command.id.empty() &&
                     heard->second.carried_out == asked.command.id;
    answer(outlet, asked, own ? Outcome::done : Outcome::already,
           own ? "carried out before, and it still is so" : "it was so before");
}

void Outlets::start_write(Outlet& outlet, Asked asked, std::optional<double> is, Instant now) {
    const auto& device = site_.devices[outlet.plan->device];
    auto order = write_order(last_ticket_ + 1, outlet.plan->device, device, *outlet.reg,
                             value_of(asked.command.action).value_or(0));
    if (!order) {
        answer(outlet, asked, Outcome::refused, order.error().what);
        return;
    }
    forget_carried_out(outlet);
    outlet.was = is;
    order->look_first = !is;
    outlet.ticket = ++last_ticket_;
    outlet.words = order->request.words;
    outlet.give_up = now + write_patience;
    outlet.writing.push_back(std::move(asked));
    writes_.push_back(*std::move(order));
}

std::optional<std::pair<std::size_t, Reading>> Outlets::take(const WriteReport& report) {
    for (auto& [name, outlet] : outlets_) {
        if (outlet.ticket != report.ticket) continue;
        if (!report.words) {
            const auto& error = report.words.error();
            finish(outlet, error.fault == Fault::refused ? Outcome::refused : Outcome::failed,
                   fmt::format("{}: {}", to_string(error.fault), error.what), report.at);
            return std::nullopt;
        }
        const bool as_asked = *report.words == outlet.words;
        const auto& device = site_.devices[outlet.plan->device];
        auto reading = read_back(device, *outlet.reg, *report.words, report.at);
        if (as_asked) {
            finish_written(outlet, report);
        } else {
            const auto& action = outlet.writing.front().command.action;
            finish(outlet, Outcome::failed, fmt::format("does not read back {}", action),
                   report.at);
        }
        return std::pair{outlet.plan->device, std::move(reading)};
    }
    return std::nullopt;  // given up before
}

void Outlets::finish_written(Outlet& outlet, const WriteReport& report) {
    const auto& device = site_.devices[outlet.plan->device];
    if (!outlet.was && report.before) {
        const auto was = read_back(device, *outlet.reg, *report.before, report.at).value;
        if (was) outlet.was = *was;
    }
    const auto& action = outlet.writing.front().command.action;
    const double set = value_of(action).value_or(0);
    if (!outlet.was) {
        // Somebody may have put it so while nobody looked: then it is not ours to bring back.
        finish(outlet, Outcome::already,
               fmt::format("reads back {}, and may have been so before", action), report.at);
    } else if (is_alike(*outlet.was, set)) {
        finish(outlet, Outcome::already, "it was so before", report.at);
    } else {
        outlet.carried_out = set;
        for (const auto& asked : outlet.writing) {
            const auto heard = outlet.heard.find(asked.host);
            if (heard != outlet.heard.end()) heard->second.carried_out = asked.command.id;
        }
        finish(outlet, Outcome::done, fmt::format("reads back {}", action), report.at);
    }
}

void Outlets::mind_carried_out(Outlet& outlet, const History& history, Instant now) {
    if (!outlet.carried_out) return;
    if (!outlet.point) {
        outlet.point =
            history.find({site_.devices[outlet.plan->device].name, outlet.plan->measure});
    }
    const Seen* seen = outlet.point ? history.fresh(*outlet.point, now) : nullptr;
    if (seen == nullptr || !is_alike(seen->value, *outlet.carried_out)) forget_carried_out(outlet);
}

void Outlets::forget_carried_out(Outlet& outlet) {
    outlet.carried_out.reset();
    for (auto& [host, heard] : outlet.heard) heard.carried_out.clear();
}

void Outlets::finish(Outlet& outlet, Outcome outcome, const std::string& detail, Instant at) {
    // A write that failed may still have gone through: only what is read from now on counts.
    if (outcome == Outcome::failed || outcome == Outcome::refused) outlet.trust_from = at;
    for (const auto& asked : outlet.writing) answer(outlet, asked, outcome, detail);
    outlet.writing.clear();
    outlet.ticket.reset();
}

void Outlets::answer(Outlet& outlet, const Asked& asked, Outcome outcome, std::string detail) {
    const auto& command = asked.command;
    OutletAnswer answer{command.target,    command.id, command.stamp.boot,
                        command.stamp.seq, outcome,    command.item + ": " + std::move(detail)};
    const auto heard = outlet.heard.find(asked.host);
    if (heard != outlet.heard.end() && heard->second.boot == answer.boot &&
        heard->second.seq == answer.seq) {
        heard->second.answer = answer;
    }
    answers_.push_back(std::move(answer));
}

void Outlets::tick(const History& history, Instant now) {
    for (auto& [name, outlet] : outlets_) {
        mind_carried_out(outlet, history, now);
        if (outlet.ticket && now >= outlet.give_up) {
            finish(outlet, Outcome::failed, "timeout: the bus never reported", now);
        }
        if (!outlet.ticket && outlet.waiting) {
            Asked asked = std::move(*outlet.waiting);
            outlet.waiting.reset();
            carry_out(outlet, std::move(asked), history, now);
        }
    }
}

Instant Outlets::next_deadline() const {
    Instant next = never;
    for (const auto& [name, outlet] : outlets_) {
        if (outlet.ticket) next = std::min(next, outlet.give_up);
    }
    return next;
}

std::vector<WriteOrder> Outlets::take_writes() {
    return std::exchange(writes_, {});
}

std::vector<OutletAnswer> Outlets::take_answers() {
    return std::exchange(answers_, {});
}

}  // namespace firebreak
