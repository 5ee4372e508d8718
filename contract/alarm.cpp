#include "contract/alarm.hpp"

#include "contract/enum_names.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 5> phases = {"unknown", "clear", "pending", "firing",
                                                    "fading"};
static_assert(word_of(phases, Phase::fading) == "fading");

constexpr std::array<std::string_view, 4> severities = {"low", "medium", "high", "critical"};
static_assert(word_of(severities, Severity::critical) == "critical");

}  // namespace

std::string_view to_string(Phase phase) {
    return word_of(phases, phase);
}
std::optional<Phase> parse_phase(std::string_view text) {
    return value_of<Phase>(phases, text);
}

std::string_view to_string(Severity severity) {
    return word_of(severities, severity);
}
std::optional<Severity> parse_severity(std::string_view text) {
    return value_of<Severity>(severities, text);
}

}  // namespace firebreak
