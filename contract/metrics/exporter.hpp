// Serves metrics to Prometheus: GET /metrics. Owns the only use of prometheus-cpp.
// `collect` is called on the server's threads, two at a time at most; it must be safe there.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "contract/metric.hpp"
#include "contract/support/config_file.hpp"
#include "contract/support/result.hpp"

namespace firebreak {

class Exporter {
public:
    virtual ~Exporter() = default;
};

/// `listen`: "127.0.0.1:9464". Fault::port_lost when the address cannot be had.
[[nodiscard]] Result<std::unique_ptr<Exporter>> make_exporter(
    const std::string& listen, std::function<MetricFamilies()> collect);

/// `[metrics] listen`, or `unless_said`; "" without the table.
[[nodiscard]] std::string read_metrics(Section& root, const std::string& unless_said);

/// One scrape on its way to the thread that owns the state.
struct Scrape {
    std::shared_ptr<std::promise<MetricFamilies>> answer;
};

/// Has `post` carry a Scrape to its owner and waits for the answer, a second at most, so that the
/// end of a program does not wait for it; nothing after that: then the scraper sees no figures.
template <class Post>
[[nodiscard]] MetricFamilies collect_by(Post post) {
    auto answer = std::make_shared<std::promise<MetricFamilies>>();
    auto coming = answer->get_future();
    if (!post(Scrape{std::move(answer)})) return {};
    constexpr auto patience = std::chrono::seconds(1);
    if (coming.wait_for(patience) != std::future_status::ready) return {};
    try {
        return coming.get();
    } catch (const std::future_error&) {
        return {};  // the owner ended and threw it away
    }
}

}  // namespace firebreak
