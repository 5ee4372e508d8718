#include "bench/host/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

std::string Fleet::backend(std::size_t index) {
    return fmt::format("service-{}", index);
}

std::vector<std::string> Fleet::names(std::size_t backend) const {
    std::vector<std::string> names;
    const auto end = std::min(servers, (backend + 1) * a_backend);
    for (auto i = backend * a_backend; i < end; ++i) names.push_back(fmt::format("s{}", i));
    return names;
}

PolicyPlan Fleet::policy() const {
    PolicyPlan plan;
    plan.site = "seoul";
    plan.host = "seoul-1";
    plan.armed = true;
    plan.guard.max_steps_per_minute = 10'000'000;
    plan.endpoints.push_back({"edge", "/run/haproxy.sock", std::chrono::seconds(2)});
    RulePlan rule;
    rule.site = "pangyo";
    rule.alarm = "gas";
    rule.at_least = Posture::drain;
    for (std::size_t i = 0; i < backends(); ++i) {
        TargetPlan target;
        target.name = backend(i);
        target.site = "pangyo";
        target.endpoint = "edge";
        target.backend = backend(i);
        target.items = names(i);
        rule.targets.push_back(target.name);
        plan.targets.push_back(std::move(target));
    }
    plan.rules.push_back(std::move(rule));
    return plan;
}

std::string Fleet::policy_file(const std::string& host, const std::string& broker_url,
                               const std::string& socket) const {
    auto text = fmt::format(
        "site = \"seoul\"\nhost = \"{}\"\narmed = true\nheartbeat = \"1s\"\n"
        "[broker]\nurl = \"{}\"\n"
        "[guard]\nmax_steps_per_minute = 100000\nevidence_max_age = \"1h\"\n"
        "[[endpoint]]\nname = \"edge\"\nhaproxy = \"{}\"\ntimeout = \"10s\"\n",
        host, broker_url, socket);
    std::string all;
    for (std::size_t i = 0; i < backends(); ++i) {
        std::string listed;
        for (const auto& name : names(i)) listed += fmt::format("\"{}\",\n", name);
        text += fmt::format(
            "[[target]]\nname = \"{0}\"\nsite = \"pangyo\"\n"
            "[target.haproxy]\nendpoint = \"edge\"\nbackend = \"{0}\"\nservers = [\n{1}]\n",
            backend(i), listed);
        all += fmt::format("\"{}\",\n", backend(i));
    }
    return text + fmt::format(
                      "[[rule]]\nwhile = {{site = \"pangyo\", alarm = \"gas\"}}\n"
                      "targets = [\n{}]\nat_least = \"drain\"\n",
                      all);
}

std::string Fleet::haproxy_file(const std::string& socket) const {
    auto text = fmt::format(
        "global\n  nbthread 1\n  maxconn 100\n  stats socket {} level admin\n"
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\n",
        socket);
    for (std::size_t i = 0; i < backends(); ++i) {
        text += fmt::format("backend {}\n", backend(i));
        for (const auto& name : names(i)) text += fmt::format("  server {} 127.0.0.1:1\n", name);
        text += "  server elsewhere-1 127.0.0.1:1\n  server elsewhere-2 127.0.0.1:1\n";
    }
    return text;
}

ItemStates Fleet::states(std::size_t backend, const std::string& state) const {
    ItemStates states{{"elsewhere-1", "ready"}, {"elsewhere-2", "ready"}};
    for (const auto& name : names(backend)) states[name] = state;
    return states;
}

}  // namespace firebreak
