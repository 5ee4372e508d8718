// The inside of the Kubernetes double: its state, and what it answers. kube_api.cpp is the outside.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "tests/peers/kube_api.hpp"

namespace firebreak {

struct KubeApiDouble::Server {
    using Json = nlohmann::json;
    using Guard = std::unique_lock<std::mutex>;
    using Request = httplib::Request;
    using Response = httplib::Response;

    httplib::Server http;
    int port = 0;
    std::thread thread;
    mutable std::mutex mutex;
    std::condition_variable stopping;
    bool stopped = false;
    int version = 100;
    std::map<std::string, Json> nodes;
    std::vector<Json> pods;
    std::optional<std::vector<Json>> cache;  ///< where it is frozen
    std::map<std::string, int> budgets;
    std::map<std::string, std::chrono::milliseconds> slow;
    std::set<std::string> replaced;
    bool keep_ending = false;
    bool make_anew = false;
    bool lies = false;
    int interferences = 0;
    int expiries = 0;
    int consistent_lists = 0;
    std::chrono::milliseconds delay{};
    std::size_t page = 1000;
    std::string believed = token;
    std::vector<std::pair<std::string, Canned>> canned;
    std::vector<std::string> asked;
    std::set<int> peers;  // ports the requests came from: one a connection

    Server();

    std::string next_version() { return std::to_string(++version); }
    [[nodiscard]] std::string time() const;  ///< each version is a second
    void patch_node(Json& node, const Json& patch, const std::string& manager);

private:
    bool before(const Request& in, Response& out);
    bool wait(Guard& lock, std::chrono::milliseconds how_long);
    void get_node(const Request& in, Response& out);
    void patch(const Request& in, Response& out);
    void list_pods(const Request& in, Response& out);
    void evict(const Request& in, Response& out);
    void remove(const Request& in, Response& out);

    void evict_intolerant(const std::string& name);
    void end(std::vector<Json>::iterator pod);
    std::vector<Json>::iterator find_pod(const Request& in);
    /// True when it has answered: another pod, or none, is there.
    bool is_another(const Json& preconditions, const Json& pod, Response& out) const;
    bool budget_refuses(const Json& pod, Response& out);

    using Serve = void (Server::*)(const Request&, Response&);
    auto with(Serve serve) {
        return [this, serve](const Request& in, Response& out) {
            if (!before(in, out)) (this->*serve)(in, out);
        };
    }
};

}  // namespace firebreak
