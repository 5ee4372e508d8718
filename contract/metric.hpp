// What is told in numbers to whoever scrapes: families of figures with labels, as Prometheus has
// them. Plain values that the cores make; names and units follow its naming practice (base units,
// counters end in _total). contract/metrics/ serves them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firebreak {

enum class MetricKind { gauge, counter };

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct MetricValue {
    MetricLabels labels;
    double value = 0;
};

struct MetricFamily {
    std::string name;
    std::string help;
    MetricKind kind = MetricKind::gauge;
    std::vector<MetricValue> values;
};

using MetricFamilies = std::vector<MetricFamily>;

/// Gathers figures into families, in the order in which these are first named.
class Metrics {
public:
    /// `common`: labels that each figure begins with.
    explicit Metrics(MetricLabels common) : common_(std::move(common)) {}

    void gauge(std::string_view name, std::string_view help, MetricLabels labels, double value) {
        add(MetricKind::gauge, name, help, std::move(labels), value);
    }
    /// `name` without its _total.
    void counter(std::string_view name, std::string_view help, MetricLabels labels,
                 std::uint64_t value) {
        add(MetricKind::counter, std::string(name) + "_total", help, std::move(labels),
            static_cast<double>(value));
    }
    /// Counters of a status, under `prefix`_events_total by name; what is a number of things that
    /// are there now, under `prefix`_pending.
    void counts(const std::string& prefix, const std::map<std::string, std::uint64_t>& counters);

    [[nodiscard]] MetricFamilies take() { return std::exchange(families_, {}); }

private:
    void add(MetricKind kind, std::string_view name, std::string_view help, MetricLabels labels,
             double value);

    MetricLabels common_;
    MetricFamilies families_;
};

}  // namespace firebreak
