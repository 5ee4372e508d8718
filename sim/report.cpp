#include "sim/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

namespace {

// The most important services, which must not lose a request once the alarm is a minute old.
constexpr std::size_t protected_tiers = 3;

std::string minute_text(std::optional<double> minute) {
    if (!minute) return "never";
    const auto total = static_cast<long>(*minute * 60);
    return fmt::format("{}{:02}:{:02}", total < 0 ? "-" : "+", std::labs(total) / 60,
                       std::labs(total) % 60);
}

std::string moment(const std::string& what, std::optional<double> minute,
                   const std::string& detail) {
    return fmt::format("  {:<34}{:>8}   {}\n", what, minute_text(minute), detail);
}

std::string paint(const std::string& text, const char* code, bool colour) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string share(const Failures& failures) {
    return fmt::format("{:>6} of {:>6}", failures.failed, failures.requests);
}

std::string timeline(const Report& report) {
    const auto& actions = report.actions;
    const auto detail = [](const std::optional<AlarmRecord>& record) {
        return record ? record->alarm : std::string();
    };
    const auto at = [](const std::optional<AlarmRecord>& record) {
        return record ? std::optional(record->minute) : std::nullopt;
    };
    return moment("first sign", at(actions.first_sign), detail(actions.first_sign)) +
           moment("alarm", at(actions.alarm), detail(actions.alarm)) +
           moment("first service drained", report.first_drain(), "") +
           moment("last service drained", report.last_drain(), "") +
           moment("power cut", report.room.power_cut, "the whole building") +
           fmt::format("  {:<34}{:>5.0f} kW   switched off by outlet, lowest tiers first\n",
                       "load shed", report.room.kw_shed);
}

}  // namespace

std::optional<double> Report::first_drain() const {
    std::optional<double> first;
    for (const auto& service : services) {
        const auto found = actions.drained.find(service);
        if (found == actions.drained.end()) continue;
        first = std::min(first.value_or(found->second), found->second);
    }
    return first;
}

std::optional<double> Report::last_drain() const {
    std::optional<double> last;
    for (const auto& service : services) {
        const auto found = actions.drained.find(service);
        if (found == actions.drained.end()) return std::nullopt;
        last = std::max(last.value_or(found->second), found->second);
    }
    return last;
}

Failures Report::failures(const Traffic& traffic, const std::string& service) const {
    Failures failures;
    const auto found = traffic.find(service);
    if (found == traffic.end()) return failures;
    for (const auto& request : found->second) {
        ++failures.requests;
        if (request.ok) continue;
        ++failures.failed;
        if (actions.alarm && request.minute > actions.alarm->minute + 1) ++failures.failed_late;
    }
    return failures;
}

std::vector<std::string> Report::broken_promises() const {
    std::vector<std::string> broken;
    if (!actions.alarm) broken.emplace_back("no alarm asked for a drain");
    for (const auto& service : services) {
        const auto found = actions.drained.find(service);
        if (found == actions.drained.end()) {
            broken.push_back(service + " was not drained");
        } else if (room.power_cut && found->second >= *room.power_cut) {
            broken.push_back(service + " was drained only after the cut");
        }
    }
    for (std::size_t i = 0; i < std::min(protected_tiers, services.size()); ++i) {
        const auto failures = this->failures(with, services[i]);
        if (failures.requests == 0) broken.push_back("nobody asked for " + services[i]);
        if (failures.failed_late > 0) {
            broken.push_back(fmt::format("{} lost {} requests after the alarm's first minute",
                                         services[i], failures.failed_late));
        }
    }
    return broken;
}

Result<Report> make_report(const ReportPlan& plan) {
    auto room = read_room(plan.world_csv, plan.speed);
    if (!room) return tl::unexpected(room.error());
    auto actions = read_actions(plan.mqtt_log, room->clock);
    if (!actions) return tl::unexpected(actions.error());
    auto with = read_traffic(plan.with_csv, room->clock);
    if (!with) return tl::unexpected(with.error());
    auto without = read_traffic(plan.without_csv, room->clock);
    if (!without) return tl::unexpected(without.error());
    return Report{plan.scenario,       plan.services,    *std::move(room),
                  *std::move(actions), *std::move(with), *std::move(without)};
}

std::string describe(const Report& report, bool colour) {
    std::string text = fmt::format("\n  {}\n\n", paint(report.scenario.title, "1", colour));
    text += timeline(report);
    text += fmt::format("\n  {:<16}{:>20}{:>20}{:>24}\n", "failed requests", "with Firebreak",
                        "without", "with, after minute 1");
    for (std::size_t i = 0; i < report.services.size(); ++i) {
        const auto& service = report.services[i];
        const auto with = report.failures(report.with, service);
        const auto without = report.failures(report.without, service);
        const auto padded = fmt::format("{:>20}", share(without));
        text += fmt::format("  {}  {:<13}{:>20}{}{:>24}\n", i + 1, service, share(with),
                            without.failed > 0 ? paint(padded, "33", colour) : padded,
                            with.failed_late);
    }
    const auto broken = report.broken_promises();
    text += "\n";
    if (broken.empty()) {
        text += "  " + paint("kept:", "1;32", colour) +
                " every server of the burning site was drained before the cut, and no request of\n"
                "        the most important services failed after the first minute of the alarm\n";
    }
    for (const auto& promise : broken) {
        text += "  " + paint("BROKEN:", "1;31", colour) + " " + promise + "\n";
    }
    return text;
}

}  // namespace firebreak
