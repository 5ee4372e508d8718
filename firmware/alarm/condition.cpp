#include "firmware/alarm/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

/// Scaled values carry rounding: 231 * 0.1 is not the literal 23.1.
bool same(double a, double b) {
    return std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

}  // namespace

bool meets(Compare compare, double limit, double hysteresis, double value, bool held) {
    const bool band = held && hysteresis > 0;
    switch (compare) {
        case Compare::above:
            return value > limit || (band && value >= limit - hysteresis);
        case Compare::below:
            return value < limit || (band && value <= limit + hysteresis);
        case Compare::equals:
            return same(value, limit);
        case Compare::differs:
            return !same(value, limit);
        case Compare::silent:
            break;  // judged by age, not by value
    }
    return false;
}

std::string_view word(Compare compare) {
    switch (compare) {
        case Compare::above:
            return "above";
        case Compare::below:
            return "below";
        case Compare::equals:
            return "equals";
        case Compare::differs:
            return "differs from";
        case Compare::silent:
            return "silent";
    }
    return "";
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::met:
            return "met";
        case Verdict::unmet:
            return "unmet";
        case Verdict::no_evidence:
            return "no_evidence";
    }
    return "";
}

Verdict judge(const ConditionPlan& condition, const History& history, Instant now, bool held) {
    if (condition.compare == Compare::silent) {
        if (history.silent(condition.point.device, now)) return Verdict::met;
        // Within its first seconds a device that never answered is neither well nor silent.
        return history.heard_ever(condition.point.device) ? Verdict::unmet : Verdict::no_evidence;
    }
    const auto value = history.evidence(condition.point, now);
    if (!value || !std::isfinite(*value)) return Verdict::no_evidence;
    return meets(condition, *value, held) ? Verdict::met : Verdict::unmet;
}

Verdict join(const std::vector<Verdict>& verdicts, bool all) {
    std::size_t met = 0;
    std::size_t missing = 0;
    for (const Verdict verdict : verdicts) {
        if (verdict == Verdict::met) ++met;
        if (verdict == Verdict::no_evidence) ++missing;
    }
    return join(met, missing, verdicts.size(), all ? 0 : 1);
}

Verdict join(std::size_t met, std::size_t missing, std::size_t of, std::size_t at_least) {
    // An alarm without conditions is a bug of the site file's reader; it must not fire for that.
    if (of == 0) return Verdict::no_evidence;
    const std::size_t needed = at_least == 0 ? of : at_least;
    if (met >= needed) return Verdict::met;
    return met + missing >= needed ? Verdict::no_evidence : Verdict::unmet;
}

std::string explain(const ConditionPlan& condition, const History& history, Instant now,
                    Verdict verdict) {
    const auto& device = condition.point.device;
    if (condition.compare == Compare::silent) {
        if (verdict == Verdict::unmet) return fmt::format("{} answers", device);
        // Whole seconds: this is a label, and the shell's jitter should not show in it.
        return fmt::format("{} silent for {:.0f} s", device, seconds(history.quiet(device, now)));
    }
    const Seen* newest = history.newest(condition.point);
    if (newest == nullptr || newest->missing) {
        return fmt::format("{} {} missing", device, condition.point.measure);
    }
    const auto symbol = to_string(newest->unit);
    return fmt::format("{} {} {:g}{}{} {}{} {:g}", device, condition.point.measure, newest->value,
                       symbol.empty() ? "" : " ", symbol, verdict == Verdict::unmet ? "not " : "",
                       word(condition.compare), condition.limit);
}

}  // namespace firebreak
