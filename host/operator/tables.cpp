#include "host/operator/tables.hpp"

#include <fmt/format.h>

namespace firebreak {
namespace {

std::string head(const HostView& host) {
    auto out =
        fmt::format("{}/{}  {}  up {}\n", host.site, host.host, host.armed ? "armed" : "rehearsing",
                    format_duration(std::chrono::floor<std::chrono::seconds>(host.up)));
    if (!host.disarmed_by.empty()) {
        out += fmt::format(
            "  disarmed by {} for {}: it does not end by itself, firebreak-host arm does\n",
            host.disarmed_by,
            format_duration(std::chrono::floor<std::chrono::seconds>(host.disarmed_for)));
    }
    if (!host.linked) out += "  no link to the broker\n";
    if (host.journal == "not kept") {
        out += "  no journal is kept\n";
    } else if (!host.journal.empty()) {
        out += "  the journal cannot be written: " + host.journal + '\n';
    }
    if (!host.drill.empty()) out += "  drill " + host.drill + '\n';
    return out;
}

std::string because(const TargetView& target) {
    std::string out;
    for (const auto& each : target.because) out += (out.empty() ? "" : ", ") + each;
    return out;
}

std::string status(const HostView& host) {
    auto out = head(host);
    for (const auto& agent : host.agents) {
        out +=
            fmt::format("agent   {:<32} {}, heard {} ago\n", agent.name, agent.presence,
                        format_duration(std::chrono::floor<std::chrono::seconds>(agent.heard_ago)));
    }
    for (const auto& alarm : host.alarms) {
        out += fmt::format("alarm   {:<32} {}  {}\n", alarm.name, alarm.phase, alarm.cause);
    }
    if (host.alarms.empty()) out += "alarm   none active\n";
    out += fmt::format("{:<28} {:>4} {:<7} {:<7} {}\n", "target", "tier", "wanted", "reached",
                       "because");
    for (const auto& target : host.targets) {
        out += fmt::format("{:<28} {:>4} {:<7} {:<7} {}\n", target.name, target.tier,
                           to_string(target.wanted), to_string(target.reached), because(target));
        if (!target.hold.empty()) out += "    " + target.hold + '\n';
        if (!target.blocked.empty()) out += "    " + target.blocked + '\n';
    }
    return out;
}

std::string steps(const TargetView& target) {
    std::string out;
    for (const auto& step : target.steps) {
        out += fmt::format("    {} {} because {}: {}\n", step.item, step.action, step.because,
                           step.refused.empty() ? "may go" : step.refused);
    }
    return out;
}

std::string plan(const HostView& host) {
    auto out = head(host);
    bool any = false;
    for (const auto& target : host.targets) {
        if (target.steps.empty() && target.wanted == Posture::normal) continue;
        any = true;
        out += fmt::format("{}: {} wanted, {} reached\n", target.name, to_string(target.wanted),
                           to_string(target.reached));
        if (!target.capacity.empty()) out += "    " + target.capacity + '\n';
        out += steps(target);
        if (target.steps.empty()) out += "    nothing is left to do\n";
    }
    if (!any) out += "nothing is to be done\n";
    if (!host.restoration.empty()) out += "what is down comes back in this order\n";
    for (const auto& line : host.restoration) out += "    " + line + '\n';
    return out;
}

std::string rung(const TargetView& target) {
    auto out = fmt::format("wanted {}, admitted {}, reached {}\n", to_string(target.wanted),
                           to_string(target.admitted), to_string(target.reached));
    if (!target.because.empty()) out += "because " + because(target) + '\n';
    for (const auto& vote : target.votes) {
        out += fmt::format("vote    at least {} while {}{}\n", to_string(vote.at_least),
                           vote.because, vote.fresh ? "" : " (on old evidence: starts nothing)");
    }
    if (target.votes.empty()) out += "nobody votes for it\n";
    if (!target.waits.empty()) out += "not brought back: " + target.waits + '\n';
    if (target.calm_left > Duration::zero()) {
        out += "down one rung in " +
               format_duration(std::chrono::ceil<std::chrono::seconds>(target.calm_left)) +
               " if it stays calm; firebreak-host restore does not wait\n";
    }
    return out;
}

std::string why(const HostView& host) {
    auto out = head(host);
    for (const auto& target : host.targets) {
        out += fmt::format("target {} (tier {})\n", target.name, target.tier) + rung(target);
        if (!target.hold.empty()) out += target.hold + '\n';
        if (!target.blocked.empty()) out += "blocked: " + target.blocked + '\n';
        if (!target.pace.empty()) out += "in steps: " + target.pace + '\n';
        if (!target.capacity.empty()) out += "capacity: " + target.capacity + '\n';
        for (const auto& [item, state] : target.states) {
            out += fmt::format("item    {} is {}\n", item, state);
        }
        for (const auto& item : target.held) out += "put down by this host: " + item + '\n';
        if (!target.steps.empty()) out += "next steps\n" + steps(target);
    }
    return out + "firebreak-host history --target shows how it came to this\n";
}

}  // namespace

std::string table(const HostView& host, AskVerb verb) {
    if (verb == AskVerb::plan) return plan(host);
    return verb == AskVerb::why ? why(host) : status(host);
}

}  // namespace firebreak
