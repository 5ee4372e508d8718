#include "contract/metric.hpp"

#include <algorithm>
#include <array>

namespace firebreak {

void Metrics::add(MetricKind kind, std::string_view name, std::string_view help,
                  MetricLabels labels, double value) {
    auto family = std::find_if(families_.begin(), families_.end(),
                               [&](const MetricFamily& each) { return each.name == name; });
    if (family == families_.end()) {
        families_.push_back({std::string(name), std::string(help), kind, {}});
        family = families_.end() - 1;
    }
    labels.insert(labels.begin(), common_.begin(), common_.end());
    family->values.push_back({std::move(labels), value});
}

void Metrics::counts(const std::string& prefix,
                     const std::map<std::string, std::uint64_t>& counters) {
    constexpr std::array<std::string_view, 8> present{
        "records.waiting", "readings.waiting", "alarms.chattering", "agents.absent",
        "alarms.active",   "targets.blocked",  "targets.expired",   "power.unknown"};
    for (const auto& [name, count] : counters) {
        if (std::find(present.begin(), present.end(), name) != present.end()) {
            gauge(prefix + "_pending", "Things that are there now, by name.", {{"name", name}},
                  static_cast<double>(count));
        } else {
            counter(prefix + "_events", "Counters of the status message, by name.",
                    {{"name", name}}, count);
        }
    }
}

}  // namespace firebreak
