#include "tests/peers/kube_server.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

using Json = nlohmann::json;

void answer(httplib::Response& out, int status, const Json& body) {
    out.status = status;
    out.set_content(body.dump(), "application/json");
}

/// meta/v1 Status, as apimachinery writes it.
void fail_with(httplib::Response& out, int code, const std::string& reason,
               const std::string& message, const Json& details = Json::object(),
               const Json& metadata = Json::object()) {
    // As its writer of errors does: a delay that is suggested is a header, too.
    const int again = details.value("retryAfterSeconds", 0);
    if (again > 0) out.set_header("Retry-After", std::to_string(again));
    answer(out, code,
           {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", metadata},
            {"status", "Failure"},
            {"message", message},
            {"reason", reason},
            {"details", details},
            {"code", code}});
}

void succeed(httplib::Response& out, int code) {
    answer(out, code,
           {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", Json::object()},
            {"status", "Success"},
            {"code", code}});
}

bool has_taint(const Json& node, const std::string& key, const std::string& effect) {
    for (const auto& taint : node.at("spec").value("taints", Json::array())) {
        if (taint.at("key") == key && taint.at("effect") == effect) return true;
    }
    return false;
}

}  // namespace

KubeApiDouble::Server::Server() {
    const std::string node = "/api/v1/nodes/([^/]+)";
    const std::string pod = "/api/v1/namespaces/([^/]+)/pods/([^/]+)";
    http.Get(node, with(&Server::get_node));
    http.Patch(node, with(&Server::patch));
    http.Get("/api/v1/pods", with(&Server::list_pods));
    http.Post(pod + "/eviction", with(&Server::evict));
    http.Delete(pod, with(&Server::remove));
    http.set_keep_alive_max_count(100000);
    // A connection that is kept open keeps a thread.
    http.new_task_queue = [] { return new httplib::ThreadPool(64); };
    port = http.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { http.listen_after_bind(); });
    while (!http.is_running()) std::this_thread::yield();  // stop() would be lost
}

std::string KubeApiDouble::Server::time() const {
    return fmt::format("2026-11-27T{:02}:{:02}:{:02}Z", version / 3600, version / 60 % 60,
                       version % 60);
}

void KubeApiDouble::Server::patch_node(Json& node, const Json& patch, const std::string& manager) {
    const auto before = node.at("spec").value("unschedulable", false);
    node.merge_patch(patch);
    node["metadata"]["resourceVersion"] = next_version();
    const auto after = node.at("spec").value("unschedulable", false);
    if (before == after) return;
    // The writer of a changed value owns the field, or nobody does when it is gone.
    auto fields = Json::array();
    if (node.at("spec").contains("unschedulable")) {
        fields.push_back({{"manager", manager},
                          {"operation", "Update"},
                          {"apiVersion", "v1"},
                          {"time", time()},
                          {"fieldsType", "FieldsV1"},
                          {"fieldsV1", {{"f:spec", {{"f:unschedulable", Json::object()}}}}}});
    }
    node["metadata"]["managedFields"] = fields;
    // The node lifecycle controller follows.
    auto taints = node.at("spec").value("taints", Json::array());
    const std::string key = "node.kubernetes.io/unschedulable";
    for (auto taint = taints.begin(); taint != taints.end();) {
        taint = taint->at("key") == key ? taints.erase(taint) : taint + 1;
    }
    if (after) taints.push_back({{"key", key}, {"effect", "NoSchedule"}, {"timeAdded", time()}});
    node["spec"]["taints"] = taints;
    if (taints.empty()) node["spec"].erase("taints");
    node["metadata"]["resourceVersion"] = next_version();
}

/// As the taint eviction controller does: no budget is asked, no DaemonSet spared.
void KubeApiDouble::Server::evict_intolerant(const std::string& name) {
    if (!has_taint(nodes.at(name), "firebreak.dev/shed", "NoExecute")) return;
    std::erase_if(pods, [&](const Json& pod) {
        return pod.at("spec").at("nodeName") == name && !pod.at("spec").contains("tolerations");
    });
}

void KubeApiDouble::Server::end(std::vector<Json>::iterator pod) {
    if (keep_ending) {
        (*pod)["metadata"]["deletionTimestamp"] = time();
        (*pod)["metadata"]["deletionGracePeriodSeconds"] = 30;
        return;
    }
    auto next = *pod;
    pods.erase(pod);
    // Of those the scheduler puts back here that tolerate the cordon.
    if (!make_anew || !next.at("spec").contains("tolerations")) return;
    next["metadata"]["uid"] = "uid-" + next_version();
    next["metadata"]["creationTimestamp"] = time();
    pods.push_back(std::move(next));
}

std::vector<Json>::iterator KubeApiDouble::Server::find_pod(const Request& in) {
    return std::find_if(pods.begin(), pods.end(), [&](const Json& pod) {
        const auto& metadata = pod.at("metadata");
        return metadata.at("namespace") == std::string(in.matches[1]) &&
               metadata.at("name") == std::string(in.matches[2]);
    });
}

/// True when stopped meanwhile.
bool KubeApiDouble::Server::wait(Guard& lock, std::chrono::milliseconds how_long) {
    return stopping.wait_for(lock, how_long, [&] { return stopped; });
}

/// What comes before anything of its own; true when it has answered.
bool KubeApiDouble::Server::before(const Request& in, Response& out) {
    Guard lock(mutex);
    const auto line = in.method + ' ' + in.path;
    asked.push_back(line);
    peers.insert(in.remote_port);
    if (delay.count() > 0) wait(lock, delay);
    for (auto it = canned.begin(); it != canned.end(); ++it) {
        if (line.rfind(it->first, 0) != 0) continue;
        const auto what = it->second;
        canned.erase(it);
        if (what.status == 0) {
            stopping.wait(lock, [&] { return stopped; });
            return true;
        }
        out.status = what.status;
        if (!what.retry_after.empty()) out.set_header("Retry-After", what.retry_after);
        out.set_content(what.body, "application/json");
        return true;
    }
    if (in.get_header_value("Authorization") != "Bearer " + believed) {
        fail_with(out, 401, "Unauthorized", "Unauthorized");
        return true;
    }
    return false;
}

void KubeApiDouble::Server::get_node(const Request& in, Response& out) {
    const Guard lock(mutex);
    const auto node = nodes.find(in.matches[1]);
    if (node == nodes.end()) {
        return fail_with(out, 404, "NotFound",
                         "nodes \"" + std::string(in.matches[1]) + "\" not found");
    }
    answer(out, 200, node->second);
}

void KubeApiDouble::Server::patch(const Request& in, Response& out) {
    const Guard lock(mutex);
    const auto node = nodes.find(in.matches[1]);
    if (node == nodes.end()) return fail_with(out, 404, "NotFound", "no such node");
    if (in.get_header_value("Content-Type") != "application/merge-patch+json") {
        return fail_with(out, 415, "UnsupportedMediaType", "the body was not a merge patch");
    }
    if (interferences > 0) {
        --interferences;
        node->second["metadata"]["resourceVersion"] = next_version();
    }
    const auto patch = Json::parse(in.body);
    const auto& metadata = patch.at("metadata");
    const auto& is = node->second.at("metadata").at("resourceVersion");
    if (metadata.contains("resourceVersion") && metadata.at("resourceVersion") != is) {
        return fail_with(out, 409, "Conflict",
                         fmt::format("Operation cannot be fulfilled on nodes \"{}\": the object "
                                     "has been modified; please apply your changes to the latest "
                                     "version and try again",
                                     node->first));
    }
    if (lies) {
        auto as_if = node->second;
        patch_node(as_if, patch, in.get_param_value("fieldManager"));
        return answer(out, 200, as_if);
    }
    patch_node(node->second, patch, in.get_param_value("fieldManager"));
    evict_intolerant(node->first);
    answer(out, 200, node->second);
}

void KubeApiDouble::Server::list_pods(const Request& in, Response& out) {
    const Guard lock(mutex);
    const auto selector = in.get_param_value("fieldSelector");
    const std::string key = "spec.nodeName=";
    if (selector.rfind(key, 0) != 0) return fail_with(out, 400, "BadRequest", "no such field");
    // Out of the watch cache all comes at once: the limit is not asked.
    const bool cached = in.get_param_value("resourceVersion") == "0";
    if (!cached) ++consistent_lists;
    const bool goes_on = in.has_param("continue");
    const auto from = goes_on ? std::stoul(in.get_param_value("continue")) : 0;
    if (goes_on && expiries > 0) {
        --expiries;
        return fail_with(out, 410, "Expired",
                         "The provided continue parameter is too old to display a consistent list "
                         "result. You can start a new list without the continue parameter, or use "
                         "the continue token in this response to retrieve the remainder of the "
                         "results. Continuing with the provided token results in an inconsistent "
                         "list",
                         Json::object(), {{"continue", std::to_string(from)}});
    }
    const auto limit = cached || !in.has_param("limit")
                           ? pods.size() + 1
                           : std::min<std::size_t>(page, std::stoul(in.get_param_value("limit")));
    Json items = Json::array();
    std::size_t seen = 0;
    bool more = false;
    for (const auto& pod : cached&& cache ? *cache : pods) {
        if (pod.at("spec").at("nodeName") != selector.substr(key.size())) continue;
        if (seen++ < from) continue;
        more = items.size() == limit;
        if (more) break;
        items.push_back(pod);
    }
    Json metadata = {{"resourceVersion", std::to_string(version)}};
    if (more) metadata["continue"] = std::to_string(from + limit);
    answer(out, 200,
           {{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", items}});
}

bool KubeApiDouble::Server::is_another(const Json& preconditions, const Json& pod,
                                       Response& out) const {
    const auto& metadata = pod.at("metadata");
    if (preconditions.at("uid") == metadata.at("uid")) return false;
    fail_with(out, 409, "Conflict",
              fmt::format("Operation cannot be fulfilled on pods \"{}\": Precondition failed: UID "
                          "in precondition: {}, UID in object meta: {}",
                          metadata.at("name").get<std::string>(),
                          preconditions.at("uid").get<std::string>(),
                          metadata.at("uid").get<std::string>()));
    return true;
}

/// As registry/core/pod/rest/eviction.go says it.
bool KubeApiDouble::Server::budget_refuses(const Json& pod, Response& out) {
    const auto budget = budgets.find(pod.at("metadata").at("labels").value("budget", ""));
    if (budget == budgets.end() || budget->second-- > 0) return false;
    const bool processing = ++budget->second == being_processed;
    Json cause = {{"reason", "DisruptionBudget"},
                  {"message", processing ? "The disruption budget " + budget->first +
                                               " is still being processed by the server."
                                         : "The disruption budget " + budget->first +
                                               " needs 2 healthy pods and has 2 currently"}};
    Json details = {{"causes", Json::array({cause})}};
    if (processing) details["retryAfterSeconds"] = 10;
    fail_with(out, 429, "TooManyRequests",
              "Cannot evict pod as it would violate the pod's disruption budget.", details);
    return true;
}

void KubeApiDouble::Server::evict(const Request& in, Response& out) {
    Guard lock(mutex);
    const std::string name = in.matches[2];
    if (const auto slowly = slow.find(name); slowly != slow.end()) wait(lock, slowly->second);
    const auto pod = find_pod(in);
    if (pod == pods.end()) {
        return fail_with(out, 404, "NotFound", "pods \"" + name + "\" not found");
    }
    if (replaced.erase(name) > 0) (*pod)["metadata"]["uid"] = "uid-" + next_version();
    const auto body = Json::parse(in.body);
    if (body.at("apiVersion") != "policy/v1" || body.at("kind") != "Eviction" ||
        body.at("metadata").at("name") != name ||
        body.at("metadata").at("namespace") != std::string(in.matches[1])) {
        return fail_with(out, 400, "BadRequest", "name in URL does not match name in Eviction");
    }
    if (is_another(body.at("deleteOptions").at("preconditions"), *pod, out)) return;
    if (budget_refuses(*pod, out)) return;
    if (!lies) end(pod);
    succeed(out, 201);
}

void KubeApiDouble::Server::remove(const Request& in, Response& out) {
    const Guard lock(mutex);
    const auto pod = find_pod(in);
    if (pod == pods.end()) return fail_with(out, 404, "NotFound", "no such pod");
    const auto body = Json::parse(in.body);
    if (is_another(body.at("preconditions"), *pod, out)) return;
    // With a grace to come it answers with the pod that is going.
    auto going = *pod;
    going["kind"] = "Pod";
    going["apiVersion"] = "v1";
    going["metadata"]["deletionTimestamp"] = time();
    going["metadata"]["deletionGracePeriodSeconds"] = 30;
    end(pod);
    answer(out, 200, going);
}

}  // namespace firebreak
