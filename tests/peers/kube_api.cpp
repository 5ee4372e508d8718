#include "tests/peers/kube_api.hpp"

#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace firebreak {
namespace {

using Json = nlohmann::json;
using Guard = std::unique_lock<std::mutex>;

constexpr const char* nodes_path = "/api/v1/nodes/";

void answer(httplib::Response& out, int status, const Json& body) {
    out.status = status;
    out.set_content(body.dump(), "application/json");
}

/// meta/v1 Status, as apimachinery writes it.
void fail_with(httplib::Response& out, int code, const std::string& reason,
               const std::string& message, const Json& details = Json::object()) {
    answer(out, code,
           {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", Json::object()},
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

struct KubeApiDouble::Server {
    httplib::Server http;
    int port = 0;
    std::thread thread;
    mutable std::mutex mutex;
    std::condition_variable stopping;
    bool stopped = false;
    int version = 100;
    std::map<std::string, Json> nodes;
    std::vector<Json> pods;
    std::map<std::string, int> budgets;
    bool keep_ending = false;
    bool lies = false;
    int interferences = 0;
    std::size_t page = 1000;
    std::vector<std::pair<std::string, Canned>> canned;
    std::vector<std::string> asked;
    std::set<int> peers;  // ports the requests came from: one a connection

    std::string next_version() { return std::to_string(++version); }

    void patch_node(Json& node, const Json& patch, const std::string& manager) {
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
        if (after) {
            taints.push_back(
                {{"key", key}, {"effect", "NoSchedule"}, {"timeAdded", "2026-11-27T02:00:00Z"}});
        }
        node["spec"]["taints"] = taints;
        if (taints.empty()) node["spec"].erase("taints");
        node["metadata"]["resourceVersion"] = next_version();
    }

    /// As the taint eviction controller does.
    void evict_intolerant(const std::string& name) {
        if (!has_taint(nodes.at(name), "firebreak.dev/shed", "NoExecute")) return;
        std::erase_if(pods, [&](const Json& pod) {
            return pod.at("spec").at("nodeName") == name && !pod.at("spec").contains("tolerations");
        });
    }

    void end(std::vector<Json>::iterator pod) {
        if (keep_ending) {
            (*pod)["metadata"]["deletionTimestamp"] = "2026-11-27T02:00:30Z";
        } else {
            pods.erase(pod);
        }
    }

    std::vector<Json>::iterator find_pod(const std::string& name) {
        return std::find_if(pods.begin(), pods.end(),
                            [&](const Json& pod) { return pod.at("metadata").at("name") == name; });
    }

    /// What comes before anything of its own; true when it has answered.
    bool before(const httplib::Request& in, httplib::Response& out) {
        Guard lock(mutex);
        const auto line = in.method + ' ' + in.path;
        asked.push_back(line);
        peers.insert(in.remote_port);
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
        if (in.get_header_value("Authorization") != std::string("Bearer ") + token) {
            fail_with(out, 401, "Unauthorized", "Unauthorized");
            return true;
        }
        return false;
    }

    void get_node(const httplib::Request& in, httplib::Response& out) {
        const Guard lock(mutex);
        const auto node = nodes.find(in.matches[1]);
        if (node == nodes.end()) {
            return fail_with(out, 404, "NotFound",
                             "nodes \"" + std::string(in.matches[1]) + "\" not found");
        }
        answer(out, 200, node->second);
    }

    void patch(const httplib::Request& in, httplib::Response& out) {
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
        const auto& now = node->second.at("metadata").at("resourceVersion");
        if (metadata.contains("resourceVersion") && metadata.at("resourceVersion") != now) {
            return fail_with(
                out, 409, "Conflict",
                "Operation cannot be fulfilled on nodes: the object has been modified; "
                "please apply your changes to the latest version and try again");
        }
        if (!lies) {
            patch_node(node->second, patch, in.get_param_value("fieldManager"));
            evict_intolerant(node->first);
        }
        answer(out, 200, node->second);
    }

    void list_pods(const httplib::Request& in, httplib::Response& out) {
        const Guard lock(mutex);
        const auto selector = in.get_param_value("fieldSelector");
        const std::string key = "spec.nodeName=";
        if (selector.rfind(key, 0) != 0) return fail_with(out, 400, "BadRequest", "no such field");
        auto from = in.has_param("continue") ? std::stoul(in.get_param_value("continue")) : 0;
        const auto limit = std::min<std::size_t>(page, std::stoul(in.get_param_value("limit")));
        Json items = Json::array();
        std::size_t seen = 0;
        bool more = false;
        for (const auto& pod : pods) {
            if (pod.at("spec").at("nodeName") != selector.substr(key.size())) continue;
            if (seen++ < from) continue;
            more = items.size() == limit;
            if (more) break;
            items.push_back(pod);
        }
        Json metadata = {{"resourceVersion", std::to_string(version)}};
        if (more) metadata["continue"] = std::to_string(from + limit);
        answer(
            out, 200,
            {{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", items}});
    }

    void evict(const httplib::Request& in, httplib::Response& out) {
        const Guard lock(mutex);
        const std::string name = in.matches[2];
        const auto pod = find_pod(name);
        if (pod == pods.end()) {
            return fail_with(out, 404, "NotFound", "pods \"" + name + "\" not found");
        }
        const auto body = Json::parse(in.body);
        if (body.at("apiVersion") != "policy/v1" || body.at("kind") != "Eviction" ||
            body.at("metadata").at("name") != name ||
            body.at("metadata").at("namespace") != std::string(in.matches[1])) {
            return fail_with(out, 400, "BadRequest", "name in URL does not match name in Eviction");
        }
        const auto& uid = body.at("deleteOptions").at("preconditions").at("uid");
        if (uid != pod->at("metadata").at("uid")) {
            return fail_with(out, 409, "Conflict", "the UID in the precondition does not match");
        }
        const auto budget = budgets.find(pod->at("metadata").at("labels").value("budget", ""));
        if (budget != budgets.end()) {
            if (budget->second <= 0) {
                const Json cause = {{"reason", "DisruptionBudget"},
                                    {"message", "The disruption budget " + budget->first +
                                                    " needs 2 healthy pods and has 2 currently"}};
                return fail_with(
                    out, 429, "TooManyRequests",
                    "Cannot evict pod as it would violate the pod's disruption budget.",
                    {{"causes", Json::array({cause})}});
            }
            --budget->second;
        }
        if (!lies) end(pod);
        succeed(out, 201);
    }

    void remove(const httplib::Request& in, httplib::Response& out) {
        const Guard lock(mutex);
        const auto pod = find_pod(in.matches[2]);
        if (pod == pods.end()) return fail_with(out, 404, "NotFound", "no such pod");
        const auto body = Json::parse(in.body);
        if (body.at("preconditions").at("uid") != pod->at("metadata").at("uid")) {
            return fail_with(out, 409, "Conflict", "the UID in the precondition does not match");
        }
        end(pod);
        succeed(out, 200);
    }

    using Serve = void (Server::*)(const httplib::Request&, httplib::Response&);
    auto with(Serve serve) {
        return [this, serve](const httplib::Request& in, httplib::Response& out) {
            if (!before(in, out)) (this->*serve)(in, out);
        };
    }
};

KubeApiDouble::KubeApiDouble() : server_(std::make_unique<Server>()) {
    auto& http = server_->http;
    const std::string node = std::string(nodes_path) + "([^/]+)";
    const std::string pod = "/api/v1/namespaces/([^/]+)/pods/([^/]+)";
    http.Get(node, server_->with(&Server::get_node));
    http.Patch(node, server_->with(&Server::patch));
    http.Get("/api/v1/pods", server_->with(&Server::list_pods));
    http.Post(pod + "/eviction", server_->with(&Server::evict));
    http.Delete(pod, server_->with(&Server::remove));
    http.set_keep_alive_max_count(100000);
    server_->port = http.bind_to_any_port("127.0.0.1");
    server_->thread = std::thread([this] { server_->http.listen_after_bind(); });
    while (!http.is_running()) std::this_thread::yield();  // stop() would be lost
}

KubeApiDouble::~KubeApiDouble() {
    {
        const Guard lock(server_->mutex);
        server_->stopped = true;
    }
    server_->stopping.notify_all();
    server_->http.stop();
    server_->thread.join();
}

std::string KubeApiDouble::url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port);
}

void KubeApiDouble::add_node(const std::string& name, bool ready) {
    const Guard lock(server_->mutex);
    const Json condition = {{"type", "Ready"}, {"status", ready ? "True" : "Unknown"}};
    server_->nodes[name] = {
        {"kind", "Node"},
        {"apiVersion", "v1"},
        {"metadata", {{"name", name}, {"resourceVersion", server_->next_version()}}},
        {"spec", Json::object()},
        {"status", {{"conditions", Json::array({condition})}}}};
}

void KubeApiDouble::add_pod(const DoublePod& pod) {
    const Guard lock(server_->mutex);
    Json metadata = {{"name", pod.name},
                     {"namespace", "shop"},
                     {"uid", "uid-" + server_->next_version()},
                     {"labels", {{"budget", pod.budget}}}};
    if (!pod.owner.empty()) {
        metadata["ownerReferences"] =
            Json::array({{{"kind", pod.owner}, {"name", "x"}, {"controller", true}}});
    }
    if (pod.mirror) metadata["annotations"] = {{"kubernetes.io/config.mirror", "hash"}};
    Json spec = {{"nodeName", pod.node}, {"priority", pod.priority}};
    if (pod.tolerant) spec["tolerations"] = Json::array({{{"operator", "Exists"}}});
    server_->pods.push_back(
        {{"metadata", metadata}, {"spec", spec}, {"status", {{"phase", pod.phase}}}});
}

void KubeApiDouble::set_budget(const std::string& name, int allowed) {
    const Guard lock(server_->mutex);
    server_->budgets[name] = allowed;
}

void KubeApiDouble::keep_ending(bool keep) {
    const Guard lock(server_->mutex);
    server_->keep_ending = keep;
}

void KubeApiDouble::end_pods() {
    const Guard lock(server_->mutex);
    std::erase_if(server_->pods,
                  [](const Json& pod) { return pod.at("metadata").contains("deletionTimestamp"); });
}

void KubeApiDouble::most_a_page(std::size_t pods) {
    const Guard lock(server_->mutex);
    server_->page = pods;
}

void KubeApiDouble::edit_node(const std::string& name, const std::string& merge_patch) {
    const Guard lock(server_->mutex);
    server_->patch_node(server_->nodes.at(name), Json::parse(merge_patch), "kubectl-cordon");
}

std::string KubeApiDouble::node(const std::string& name) const {
    const Guard lock(server_->mutex);
    return server_->nodes.at(name).dump();
}

std::vector<std::string> KubeApiDouble::pods(const std::string& node) const {
    const Guard lock(server_->mutex);
    std::vector<std::string> names;
    for (const auto& pod : server_->pods) {
        if (pod.at("spec").at("nodeName") == node) names.push_back(pod.at("metadata").at("name"));
    }
    return names;
}

void KubeApiDouble::answer_next(const std::string& begins, Canned canned, int times) {
    const Guard lock(server_->mutex);
    for (int i = 0; i < times; ++i) server_->canned.emplace_back(begins, canned);
}

void KubeApiDouble::interfere(int times) {
    const Guard lock(server_->mutex);
    server_->interferences = times;
}

void KubeApiDouble::lie(bool lies) {
    const Guard lock(server_->mutex);
    server_->lies = lies;
}

std::vector<std::string> KubeApiDouble::asked() const {
    const Guard lock(server_->mutex);
    return server_->asked;
}

std::size_t KubeApiDouble::connections() const {
    const Guard lock(server_->mutex);
    return server_->peers.size();
}

}  // namespace firebreak
