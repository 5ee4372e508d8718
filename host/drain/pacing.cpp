#include "host/drain/pacing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace firebreak {
namespace {

double part_of(double limit, const PacePlan& plan) {
    return limit * plan.resume_percent / 100;
}

double error_percent(const Feedback& feedback) {
    if (feedback.tries == 0) return 0;  // nobody asked, nobody was failed
    return 100.0 * static_cast<double>(feedback.failures) / static_cast<double>(feedback.tries);
}

/// Over the limit, or still above the part of it at which it is over with.
bool is_over(double value, double limit, bool before, const PacePlan& plan) {
    return value > (before ? part_of(limit, plan) : limit);
}

}  // namespace

Strain strained(Strain before, const PacePlan& plan, const std::optional<Feedback>& feedback) {
    const bool rates = feedback && feedback->period > Duration::zero();
    if (!feedback || (plan.max_error_percent && !rates)) {
        before.known = false;  // what it was it is when it can be told again
        return before;
    }
    Strain now{true, false, false};
    if (plan.max_queue) {
        now.queue = is_over(static_cast<double>(feedback->waiting),
                            static_cast<double>(*plan.max_queue), before.queue, plan);
    }
    if (plan.max_error_percent) {
        now.errors =
            is_over(error_percent(*feedback), *plan.max_error_percent, before.errors, plan);
    }
    return now;
}

std::string describe(const Strain& strain, const PacePlan& plan,
                     const std::optional<Feedback>& feedback) {
    if (!feedback) return "cannot tell how those fare that receive; passes once that is read";
    if (!strain.known) {
        return "cannot tell how many requests fail; passes once counters were read twice";
    }
    if (strain.queue) {
        const auto limit = static_cast<double>(*plan.max_queue);
        return fmt::format("max_queue: {} requests wait, {} may; passes at {:.0f}",
                           feedback->waiting, *plan.max_queue, std::floor(part_of(limit, plan)));
    }
    if (!strain.errors) return "";
    return fmt::format(
        "max_error_percent: {} of {} requests failed, {:.1f} %, {:.1f} may; passes at {:.1f}",
        feedback->failures, feedback->tries, error_percent(*feedback), *plan.max_error_percent,
        part_of(*plan.max_error_percent, plan));
}

Pacing::Pacing(const PolicyPlan& plan, std::vector<std::size_t> backends)
    : plan_(plan),
      backends_(std::move(backends)),
      drains_(plan.targets.size()),
      seen_(plan.targets.size()),
      askers_(plan.targets.size()) {
    const auto most = std::max_element(backends_.begin(), backends_.end());
    stepped_.resize(most == backends_.end() ? 0 : *most + 1);
    find_receivers();
}

void Pacing::find_receivers() {
    std::map<std::string_view, std::vector<std::size_t>> serving;
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        const auto& target = plan_.targets[i];
        if (target.kind != TargetKind::haproxy || target.service.empty()) continue;
        serving[target.service].push_back(i);
    }
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        if (!paces(i)) continue;
        drains_[i].receivers.push_back({i, {}});
        askers_[i].push_back(i);
        for (const auto other : serving[plan_.targets[i].service]) {
            const bool here = plan_.targets[other].site == plan_.targets[i].site;
            if (here || backends_[other] == backends_[i]) continue;
            drains_[i].receivers.push_back({other, {}});
            askers_[other].push_back(i);
        }
    }
}

std::vector<std::size_t> Pacing::judged_by(std::size_t target) const {
    std::vector<std::size_t> out;
    for (const auto& receiver : drains_[target].receivers) out.push_back(receiver.at);
    return out;
}

std::optional<Feedback> Pacing::figures(std::size_t target, const Receiver& receiver) const {
    const auto& feedback = seen_[receiver.at].feedback;
    if (!feedback || receiver.at == target) return feedback;
    const auto& own = feedback->own;
    return Feedback{own.waiting, own.tries, own.failures, feedback->period};
}

const Pacing::Receiver* Pacing::strained_one(std::size_t target) const {
    for (const auto& receiver : drains_[target].receivers) {
        if (receives(target, receiver) && !receiver.strain.ok()) return &receiver;
    }
    return nullptr;
}

std::string Pacing::why(std::size_t target) const {
    const auto* receiver = strained_one(target);
    if (receiver == nullptr) return "";
    const auto text =
        firebreak::describe(receiver->strain, pace(target), figures(target, *receiver));
    return receiver->at == target ? text : "at " + plan_.targets[receiver->at].name + ": " + text;
}

bool Pacing::heard(std::size_t target, const std::optional<Feedback>& feedback, Instant now,
                   std::optional<std::size_t> ready) {
    const auto& askers = askers_[target];
    std::vector<bool> were_well;
    for (const auto asker : askers) were_well.push_back(is_well(asker));
    auto& seen = seen_[target];
    const bool served = seen.serves;
    seen = {feedback, now, ready ? *ready > 0 : served};
    bool news = served != seen.serves;
    for (std::size_t i = 0; i < askers.size(); ++i) {
        auto& drain = drains_[askers[i]];
        for (auto& receiver : drain.receivers) {
            if (receiver.at != target) continue;
            const auto before = receiver.strain;
            receiver.strain = strained(before, pace(askers[i]), figures(askers[i], receiver));
            news = news || receiver.strain != before;
        }
        if (were_well[i] && !is_well(askers[i])) drain.strained_since = now;
    }
    return news && !askers.empty();
}

void Pacing::stepped(std::size_t target, Instant now) {
    if (paces(target)) stepped_[backends_[target]] = now;
}

void Pacing::look(std::size_t target, Posture wanted, bool done, Instant now) {
    if (!paces(target)) return;
    auto& drain = drains_[target];
    drain.done = done;
    if (wanted < Posture::drain) {
        drain.wanted.reset();
    } else if (!drain.wanted) {
        drain.wanted = now;
    }
    if (done || wanted >= pace(target).unpaced_from || !is_stuck(target, now)) {
        drain.told = false;
    } else if (!std::exchange(drain.told, true)) {
        news_.push_back(fmt::format(
            "{} is held for {}: {}; {}", plan_.targets[target].name,
            format_duration(now - *held_since(target)), why(target),
            plan_.drain.stuck == WhenStuck::pass ? "its drain goes on in steps" : "it waits"));
    }
}

Instant Pacing::settled_at(std::size_t target) const {
    const auto& stepped = stepped_[backends_[target]];
    return stepped ? *stepped + pace(target).settle : Instant{};
}

bool Pacing::settles(std::size_t target, Instant now) const {
    return paces(target) && now < settled_at(target);
}

bool Pacing::may_judge(std::size_t target) const {
    const auto& receivers = drains_[target].receivers;
    return is_well(target) &&
           std::all_of(receivers.begin(), receivers.end(), [&](const Receiver& receiver) {
               return !receives(target, receiver) || seen_[receiver.at].heard >= settled_at(target);
           });
}

std::optional<Instant> Pacing::held_since(std::size_t target) const {
    const auto& drain = drains_[target];
    if (!drain.wanted || is_well(target)) return std::nullopt;
    return std::max(*drain.wanted, drain.strained_since);
}

bool Pacing::is_stuck(std::size_t target, Instant now) const {
    const auto since = held_since(target);
    return since && now - *since >= plan_.drain.stuck_after;
}

Refusal Pacing::guard(std::size_t target, Posture posture, Instant now) const {
    if (!paces(target) || posture >= pace(target).unpaced_from) return std::nullopt;
    if (settles(target, now)) {
        return "in steps: one was taken; passes in " + format_duration(settled_at(target) - now) +
               " if those that receive fare well";
    }
    const bool stuck = is_stuck(target, now);
    if (may_judge(target) || (stuck && plan_.drain.stuck == WhenStuck::pass)) return std::nullopt;
    const auto held = why(target);
    return std::string(pace_guard) + (stuck ? "stuck, " : "") +
           (held.empty() ? "nothing was read since the last step; passes once it is" : held);
}

Refusal Pacing::guard_step(std::size_t target, Posture posture, std::size_t taken) const {
    if (!paces(target) || posture >= pace(target).unpaced_from) return std::nullopt;
    const auto items = plan_.targets[target].items.size();
    const auto percent = static_cast<std::size_t>(pace(target).step_percent);
    const auto at_once = std::max<std::size_t>(1, items * percent / 100);
    if (taken < at_once) return std::nullopt;
    return fmt::format("in steps: {} at once; passes after {} if those that receive fare well",
                       at_once, format_duration(pace(target).settle));
}

Instant Pacing::look_by(std::size_t target, Instant now) const {
    Instant by = never;
    for (const auto asker : askers_[target]) {
        const auto& drain = drains_[asker];
        if (!drain.wanted || drain.done) continue;
        by = std::min(by, std::max(settled_at(asker), now + pace(asker).settle));
    }
    return by;
}

std::string Pacing::describe(std::size_t target) const {
    if (!paces(target)) return "";
    std::string out;
    for (const auto& receiver : drains_[target].receivers) {
        if (!receives(target, receiver)) continue;
        if (!out.empty()) out += "; ";
        if (receiver.at != target) out += "at " + plan_.targets[receiver.at].name + ": ";
        const auto seen = figures(target, receiver);
        const auto trouble = firebreak::describe(receiver.strain, pace(target), seen);
        if (!seen) {
            out += trouble;
            continue;
        }
        out += fmt::format("{} requests wait", seen->waiting);
        if (seen->period > Duration::zero()) {
            out += fmt::format(", {} of {} failed within {:.1f}s", seen->failures, seen->tries,
                               seconds(seen->period));
        }
        out += trouble.empty() ? ": well" : ": " + trouble;
    }
    return out;
}

Instant Pacing::next_deadline(Instant now) const {
    Instant next = never;
    const auto sooner = [&](Instant at) {
        if (at > now) next = std::min(next, at);
    };
    for (std::size_t target = 0; target < drains_.size(); ++target) {
        if (!paces(target) || !drains_[target].wanted) continue;
        sooner(settled_at(target));
        if (const auto since = held_since(target)) sooner(*since + plan_.drain.stuck_after);
    }
    return next;
}

}  // namespace firebreak
