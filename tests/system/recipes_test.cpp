// The recipes of docs/recipes, run as they stand: a Prometheus of Debian's scrapes an agent and a
// host in a fire, and every expression of the Grafana dashboard and of the alert rules is asked.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string recipes = FIREBREAK_SOURCE_DIR "/docs/recipes";

std::string text_of(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

/// What promtool gets for a query, "" when it fails.
std::string ask(std::uint16_t port, const std::string& query) {
    Process promtool("promtool",
                     {"query", "instant", "http://127.0.0.1:" + std::to_string(port), query});
    return promtool.wait(30s) == 0 ? promtool.out() : "";
}

std::vector<std::string> expressions() {
    std::vector<std::string> out;
    const auto dashboard = json::parse(text_of(recipes + "/grafana.json"));
    for (const auto& panel : dashboard.at("panels")) {
        for (const auto& target : panel.at("targets")) {
            out.push_back(replaced(target.at("expr").get<std::string>(), "$site", ".*"));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("recipes: promtool takes the Prometheus configuration and its alert rules",
          "[system][recipes]") {
    Process config("promtool", {"check", "config", recipes + "/prometheus.yml"});
    const auto code = config.wait(60s);
    INFO(config.out() << config.err());
    CHECK(code == 0);
}

TEST_CASE("recipes: in a fire Prometheus has what every panel and the alarm's rule ask for",
          "[system][recipes]") {
    Demo demo(
        "[[change]]\nat = \"1s\"\ndevice = \"fire1\"\nmeasure = \"fire.gas.discharged\"\n"
        "to = 1\n");
    const auto agent_port = free_port();
    const auto host_port = free_port();
    const auto own_port = free_port();
    const auto metrics = [](std::uint16_t port) {
        return "[metrics]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\n\n[broker]";
    };
    demo.edit("site.toml", "[broker]", metrics(agent_port));
    demo.edit("policy.toml", "[broker]", metrics(host_port));
    demo.start();
    const TempDir folder;
    auto config = text_of(recipes + "/prometheus.yml");
    config = replaced(config, "9464", std::to_string(agent_port));
    config = replaced(replaced(config, "9465", std::to_string(host_port)), ": 5s", ": 1s");
    const auto path = folder.write("prometheus.yml", config);
    folder.write("alerts.yml", text_of(recipes + "/alerts.yml"));
    Process prometheus("prometheus",
                       {"--config.file=" + path, "--storage.tsdb.path=" + folder.path().string(),
                        "--web.listen-address=127.0.0.1:" + std::to_string(own_port)});
    const auto fires = [&] {
        return ask(own_port,
                   "ALERTS{alertname=\"FirebreakAlarm\",alarm=\"gas-suppression-"
                   "discharged\",alertstate=\"firing\"}")
                   .find("=> 1") != std::string::npos;
    };
    REQUIRE(eventually(fires, 120s));
    const auto asked = expressions();
    CHECK(asked.size() > 8);
    for (const auto& expression : asked) {
        INFO(expression);
        CHECK(eventually([&] { return ask(own_port, expression).find("=>") != std::string::npos; },
                         30s));
    }
    CHECK(prometheus.stop(20s) == 0);
}
