// What operators ask of the core: holds, arming, restoring. Drills are in drilling.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "host/controller_state.hpp"

namespace firebreak {
namespace {

constexpr std::size_t longest_why = 200;

std::string named(const std::string& target) {
    return target.empty() ? "all targets" : target;
}

tl::unexpected<Error> refuse(std::string why) {
    return fail(Fault::refused, std::move(why));
}

}  // namespace

void Controller::State::ask(const Ask& ask, Now now) {
    HostAnswer answer{ask.ticket, ask.verb, true, "", std::nullopt};
    if (only_looks(ask.verb)) {
        if (ask.verb == AskVerb::why && find(ask.target) == nullptr) {
            answer.done = false;
            answer.said = "there is no target \"" + ask.target + "\"";
        } else {
            answer.view = view(ask.target, ask.verb != AskVerb::status, now);
        }
    } else {
        const auto done = obey(ask, now);
        answer.done = done.has_value();
        answer.said = done ? *done : done.error().what;
        if (done && !journal_trouble.empty()) {
            answer.said += "; the journal cannot be written now: a restart would forget this";
        }
        const auto until = now.wall + std::chrono::floor<std::chrono::milliseconds>(ask.length);
        record.keep(EntryKind::request, now,
                    text_of(Requested{ask, until, answer.done, answer.said}));
        tell(done ? LogLevel::info : LogLevel::warning, "operator",
             {{"verb", to_string(ask.verb)},
              {"target", ask.target},
              {"by", ask.by},
              {"why", ask.why},
              {"outcome", done ? "done" : "refused"},
              {"detail", answer.said}});
    }
    if (answers.size() < most_answers) answers.push_back(std::move(answer));
}

Result<std::string> Controller::State::obey(const Ask& ask, Now now) {
    const bool names_target =
        ask.verb == AskVerb::hold || ask.verb == AskVerb::resume || ask.verb == AskVerb::restore;
    const bool is_restoration =
        ask.target == whole_restoration && restoration.active() && ask.verb != AskVerb::restore;
    if (names_target && !ask.target.empty() && !is_restoration && find(ask.target) == nullptr) {
        return refuse("there is no target \"" + ask.target + "\"");
    }
    switch (ask.verb) {
        case AskVerb::hold:
            return hold(ask, now);
        case AskVerb::resume:
            return resume(ask);
        case AskVerb::arm:
        case AskVerb::disarm:
            return arm(ask.verb == AskVerb::arm, ask.by, now.steady);
        case AskVerb::restore:
            return restore(ask, now);
        case AskVerb::drill:
            return start_drill(ask, now);
        default:
            return refuse("nothing to do");
    }
}

Result<std::string> Controller::State::hold(const Ask& ask, Now now) {
    if (ask.length <= Duration::zero() || ask.length > longest_hold) {
        return refuse("a hold needs --for, at most " + format_duration(longest_hold));
    }
    if (ask.why.empty() || ask.why.size() > longest_why) {
        return refuse(fmt::format("a hold needs --why, at most {} bytes", longest_why));
    }
    const auto until = now.wall + std::chrono::floor<std::chrono::milliseconds>(ask.length);
    holds.put({ask.target, ask.why, ask.by, until, ask.length}, now.steady);
    const bool up_only = ask.target == whole_restoration && find(ask.target) == nullptr;
    auto said =
        fmt::format("{} held for {}, until {}: {}", named(ask.target), format_duration(ask.length),
                    format_wall(until),
                    up_only ? "nothing is brought back" : "nothing is done, neither down nor up");
    if (!record.on()) said += "; ends with this life of the host, as there is no [journal]";
    return said;
}

Result<std::string> Controller::State::resume(const Ask& ask) {
    if (!holds.lift(ask.target)) return refuse(named(ask.target) + ": nothing of that is held");
    const auto* still = ask.target.empty() ? nullptr : holds.on(ask.target);
    return still == nullptr ? named(ask.target) + ": no longer held"
                            : ask.target + ": still held with all the others";
}

Result<std::string> Controller::State::arm(bool wanted, const std::string& by, Instant now) {
    if (wanted && !plan.armed && !plan.operators.may_arm) {
        return refuse(
            "the policy leaves this host rehearsing, and does not say [operator] may_arm");
    }
    if (wanted && !journal_trouble.empty()) {
        return refuse("the journal cannot be written: " + journal_trouble);
    }
    const bool was = armed;
    if (disarmed_by.empty()) {
        disarmed_at = now;
        remind_at = now + remind_every;
    }
    disarmed_by = wanted ? "" : by;
    set_armed(wanted);
    if (was == wanted) return wanted ? "armed already" : "disarmed already";
    if (!wanted) return "disarmed: it rehearses, also after a restart, until it is armed again";
    return plan.armed ? "armed, as the policy says" : "armed, until it restarts";
}

void Controller::State::set_armed(bool wanted) {
    if (armed == wanted) return;
    armed = wanted;
    heartbeat_at = Instant::min();  // say so at once
    for (auto& target : targets) {
        target.rehearsed.clear();
        target.published.reset();
    }
}

Result<std::string> Controller::State::restore(const Ask& ask, Now now) {
    if (Target* target = find(ask.target)) {
        if (auto refused = hasten(*target, now)) return refuse(*std::move(refused));
        return ask.target + " is brought back now, through its guards";
    }
    std::size_t back = 0, left = 0;
    std::string first;
    for (auto& target : targets) {
        if (target.rung.wanted == Posture::normal) continue;
        const auto refused = hasten(target, now);
        ++(refused ? left : back);
        if (refused && first.empty()) first = target.plan->name + ": " + *refused;
    }
    if (back == 0) return refuse(left == 0 ? "all is at normal already" : first);
    const auto not_all = left == 0 ? "" : "; not " + first;
    return fmt::format("{} of {} targets are brought back now, through their guards{}", back,
                       back + left, not_all);
}

Refusal Controller::State::hasten(Target& target, Now now) {
    if (target.rung.wanted == Posture::normal) return target.plan->name + " is at normal already";
    if (target.poll.wanted() >= target.rung.wanted) {
        return fmt::format("{} is asked for by {}", to_string(target.rung.wanted),
                           target.poll.votes.front().because);
    }
    const auto why = doubt(target.ballots, target.rung.wanted, situation,
                           plan.guard.evidence_max_age, now.steady);
    if (!why.empty()) return "no all-clear: " + why;
    if (!journal_trouble.empty()) return "the journal cannot be written: " + journal_trouble;
    target.hastened = true;
    return std::nullopt;
}

void Controller::State::recall(const Recall& recall, Now now) {
    record.keep(EntryKind::recalled, now, text_of(recall));
    for (const auto& hold : recall.holds) {
        holds.put(hold, now.steady);
        tell(LogLevel::info, "hold-recalled",
             {{"target", named(hold.target)}, {"by", hold.by}, {"until", format_wall(hold.until)}});
    }
    if (recall.disarmed_by.empty()) return;
    disarmed_by = recall.disarmed_by;
    disarmed_at = now.steady;
    remind_at = disarmed_at + remind_every;
    set_armed(false);
    tell(LogLevel::warning, "disarmed",
         {{"by", disarmed_by}, {"note", "before the restart; firebreak-host arm ends it"}});
}

void Controller::State::remind_of_disarm(Instant now) {
    if (!is_disarmed() || now < remind_at) return;
    remind_at = now + remind_every;
    tell(LogLevel::warning, "still-disarmed",
         {{"by", disarmed_by},
          {"for", format_duration(std::chrono::floor<std::chrono::minutes>(now - disarmed_at))},
          {"note",
           "nothing would be done in a fire; it does not end by itself: firebreak-host arm"}});
}

void Controller::State::end_holds(Now now) {
    for (const auto& hold : holds.take_ended(now.steady)) {
        tell(LogLevel::info, "hold-ended", {{"target", named(hold.target)}, {"by", hold.by}});
    }
}

}  // namespace firebreak
