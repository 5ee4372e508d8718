// A cluster of two nodes behind the double, and the actuator under test.
#pragma once

#include <string>
#include <vector>

#include "host/actuate/kubernetes.hpp"
#include "tests/catch.hpp"
#include "tests/peers/kube_api.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

struct KubeCluster {
    using Names = std::vector<std::string>;

    KubeApiDouble api;
    TempDir folder;
    KubernetesEndpoint how;

    KubeCluster() {
        how.token_file = folder.write("token", std::string(KubeApiDouble::token) + '\n');
        api.add_node("n1");
        api.add_node("n2");
        api.add_pod({"web", "n1", 100});
        api.add_pod({"batch", "n1", -5});
        api.add_pod({"db", "n1", 1000});
        api.add_pod({"logs", "n1", 0, "", "DaemonSet"});
        api.add_pod({"static", "n1", 0, "", "Node", true});
        api.add_pod({"done", "n1", 0, "", "Job", false, "Succeeded"});
        api.add_pod({"far", "n2"});
    }
    [[nodiscard]] std::unique_ptr<Actuator> actuator(const HostMarks& host = {"seoul/h1"},
                                                     Duration timeout = std::chrono::seconds(20),
                                                     int stop_fd = -1,
                                                     const Names& nodes = {"n1", "n2"}) const {
        return make_kubernetes({"prod", api.url(), timeout, how}, {{"shop", nodes}}, host, stop_fd);
    }
    [[nodiscard]] Names evictions() const {
        Names names;
        for (const auto& line : api.asked()) {
            if (!line.ends_with("/eviction")) continue;
            const auto path = line.substr(0, line.rfind('/'));
            names.push_back(path.substr(path.rfind('/') + 1));
        }
        return names;
    }
    [[nodiscard]] bool was_asked(const std::string& begins) const {
        for (const auto& line : api.asked()) {
            if (line.starts_with(begins)) return true;
        }
        return false;
    }
    [[nodiscard]] bool node_says(const std::string& node, const std::string& what) const {
        return api.node(node).find(what) != std::string::npos;
    }
};

inline Step kube_step(const std::string& item, const std::string& action) {
    return {"id", "shop", item, action, Posture::drain, "pangyo/room/gas"};
}

inline Error kube_error(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error();
}

inline bool contains(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

/// What a node is read as, and that nothing failed.
inline std::string kube_state(const Result<ItemStates>& result, const std::string& node = "n1") {
    if (!result) UNSCOPED_INFO(result.error().what);
    REQUIRE(result);
    return result->at(node);
}

}  // namespace firebreak
