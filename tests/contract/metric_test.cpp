#include "contract/metric.hpp"

#include "contract/metrics/exporter.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// What `[metrics]` says of where to listen, and the complaint about it.
std::pair<std::string, std::string> listen(const std::string& value) {
    Complaints complaints;
    const auto file =
        ConfigFile::parse("[metrics]\nlisten = \"" + value + "\"\n", "site.toml", complaints);
    auto root = file.root();
    const auto got = read_metrics(root, "127.0.0.1:9464");
    return {got, complaints.text()};
}

}  // namespace

TEST_CASE("metric: figures of one name are one family, and bear the common labels first",
          "[contract][metric]") {
    Metrics metrics(MetricLabels{{"site", "pangyo"}});
    metrics.gauge("a", "help a", {{"device", "ups1"}}, 1.5);
    metrics.counter("b", "help b", {}, 7);
    metrics.gauge("a", "help a", {{"device", "ups2"}}, 2.5);
    const auto families = metrics.take();
    REQUIRE(families.size() == 2);
    CHECK(families[0].name == "a");
    REQUIRE(families[0].values.size() == 2);
    CHECK(families[0].values[1].labels == MetricLabels{{"site", "pangyo"}, {"device", "ups2"}});
    CHECK(families[0].values[1].value == 2.5);
    CHECK(families[1].name == "b_total");
    CHECK(families[1].kind == MetricKind::counter);
}

TEST_CASE("metric: what is there now is a gauge, what only grows a counter", "[contract][metric]") {
    Metrics metrics(MetricLabels{});
    metrics.counts("x", {{"readings.waiting", 3}, {"messages.dropped", 4}});
    const auto families = metrics.take();
    REQUIRE(families.size() == 2);
    CHECK(families[0].name == "x_events_total");
    CHECK(families[0].values[0].labels == MetricLabels{{"name", "messages.dropped"}});
    CHECK(families[1].name == "x_pending");
    CHECK(families[1].kind == MetricKind::gauge);
}

TEST_CASE("metric: it listens on the loopback unless told otherwise, and only at an address",
          "[contract][metric]") {
    Complaints complaints;
    const auto file = ConfigFile::parse("[metrics]\n", "site.toml", complaints);
    auto root = file.root();
    CHECK(read_metrics(root, "127.0.0.1:9464") == "127.0.0.1:9464");
    const auto none = ConfigFile::parse("", "site.toml", complaints);
    auto empty = none.root();
    CHECK(read_metrics(empty, "127.0.0.1:9464").empty());
    CHECK(complaints.empty());
    CHECK(listen("[::1]:9464").first == "[::1]:9464");
    for (const auto* wrong : {"9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0",
                              "127.0.0.1:65536", "127.0.0.1:94x", ":9464", "127.0.0.1:9464,+80"}) {
        INFO(wrong);
        CHECK(listen(wrong).first.empty());
        CHECK(listen(wrong).second.find("site.toml:2:1: must be an address and a port") == 0);
    }
}

TEST_CASE("metric: a scrape that nobody takes, or that is thrown away, gives nothing",
          "[contract][metric]") {
    CHECK(collect_by([](const Scrape&) { return false; }).empty());
    CHECK(collect_by([](Scrape scrape) {
              scrape.answer.reset();
              return true;
          }).empty());
    const auto families = collect_by([](const Scrape& scrape) {
        Metrics metrics(MetricLabels{});
        metrics.gauge("a", "help", {}, 1);
        scrape.answer->set_value(metrics.take());
        return true;
    });
    CHECK(families.size() == 1);
}
