#include "contract/metrics/exporter.hpp"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <vector>

namespace firebreak {

namespace {

class Collected : public prometheus::Collectable {
public:
    explicit Collected(std::function<MetricFamilies()> collect) : collect_(std::move(collect)) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        std::vector<prometheus::MetricFamily> families;
        for (auto& family : collect_()) families.push_back(converted(std::move(family)));
        return families;
    }

private:
    static prometheus::MetricFamily converted(MetricFamily family) {
        const bool is_counter = family.kind == MetricKind::counter;
        prometheus::MetricFamily out;
        out.name = std::move(family.name);
        out.help = std::move(family.help);
        out.type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
        for (auto& figure : family.values) {
            auto& metric = out.metric.emplace_back();
            for (auto& [name, value] : figure.labels) {
                metric.label.push_back({std::move(name), std::move(value)});
            }
            (is_counter ? metric.counter.value : metric.gauge.value) = figure.value;
        }
        return out;
    }

    std::function<MetricFamilies()> collect_;
};

class PrometheusExporter : public Exporter {
public:
    PrometheusExporter(const std::string& listen, std::function<MetricFamilies()> collect)
        : collected_(std::make_shared<Collected>(std::move(collect))), exposer_(listen) {
        exposer_.RegisterCollectable(collected_);
    }

private:
    std::shared_ptr<Collected> collected_;
    prometheus::Exposer exposer_;
};

}  // namespace

Result<std::unique_ptr<Exporter>> make_exporter(const std::string& listen,
                                                std::function<MetricFamilies()> collect) {
    try {
        return std::make_unique<PrometheusExporter>(listen, std::move(collect));
    } catch (const std::exception& error) {
        return fail(Fault::port_lost, fmt::format("{}: {}", listen, error.what()));
    }
}

}  // namespace firebreak
