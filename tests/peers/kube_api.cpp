#include "tests/peers/kube_api.hpp"

#include <algorithm>

#include "tests/peers/kube_server.hpp"

namespace firebreak {

using Json = nlohmann::json;
using Guard = std::unique_lock<std::mutex>;

KubeApiDouble::KubeApiDouble() : server_(std::make_unique<Server>()) {}

KubeApiDouble::~KubeApiDouble() {
    {
        const Guard lock(server_->mutex);
        server_->stopped = true;
    }
    server_->stopping.notify_all();
    server_->http.stop();
    server_->thread.join();
}

int KubeApiDouble::port() const {
    return server_->port;
}

std::string KubeApiDouble::url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port);
}

void KubeApiDouble::add_node(const std::string& name, bool ready) {
    const Guard lock(server_->mutex);
    const Json condition = {{"type", "Ready"},
                            {"status", ready ? "True" : "Unknown"},
                            {"lastTransitionTime", server_->time()}};
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
                     {"namespace", pod.space},
                     {"uid", "uid-" + server_->next_version()},
                     {"creationTimestamp", server_->time()},
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

void KubeApiDouble::make_anew(bool anew) {
    const Guard lock(server_->mutex);
    server_->make_anew = anew;
}

void KubeApiDouble::replace_at_eviction(const std::string& pod) {
    const Guard lock(server_->mutex);
    server_->replaced.insert(pod);
}

void KubeApiDouble::slow_eviction(const std::string& pod, std::chrono::milliseconds how_long) {
    const Guard lock(server_->mutex);
    server_->slow[pod] = how_long;
}

void KubeApiDouble::expire_pages(int times) {
    const Guard lock(server_->mutex);
    server_->expiries = times;
}

void KubeApiDouble::freeze_cache(bool frozen) {
    const Guard lock(server_->mutex);
    server_->cache.reset();
    if (frozen) server_->cache = server_->pods;
}

void KubeApiDouble::delay(std::chrono::milliseconds how_long) {
    const Guard lock(server_->mutex);
    server_->delay = how_long;
}

void KubeApiDouble::change_token(const std::string& to) {
    const Guard lock(server_->mutex);
    server_->believed = to;
}

int KubeApiDouble::consistent_lists() const {
    const Guard lock(server_->mutex);
    return server_->consistent_lists;
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
