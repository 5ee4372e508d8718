// A Kubernetes API server for one test, as far as a drain sees one, after the published API: nodes
// with resourceVersion, merge patches, managedFields and taints, pods by fieldSelector in pages or
// out of a watch cache, evictions against disruption budgets, Status objects. No kubelet: pods end
// at once, or when told.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace firebreak {

struct DoublePod {
    std::string name, node;
    int priority = 0;
    std::string budget = {};  ///< "" has none
    std::string owner = "ReplicaSet";
    bool mirror = false;
    std::string phase = "Running";
    bool tolerant = false;  ///< of every taint
    std::string space = "shop";
};

class KubeApiDouble {
public:
    static constexpr const char* token = "eyJhbGciOiJSUzI1NiJ9.e30.sig";

    KubeApiDouble();
    ~KubeApiDouble();
    KubeApiDouble(const KubeApiDouble&) = delete;
    KubeApiDouble& operator=(const KubeApiDouble&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] int port() const;

    void add_node(const std::string& name, bool ready = true);
    void add_pod(const DoublePod& pod);
    /// How many pods of a budget may go before it says not now.
    void set_budget(const std::string& name, int allowed);
    static constexpr int being_processed = -1;  ///< of a budget that has just been changed
    /// Evicted pods stay, with a deletionTimestamp, until end_pods().
    void keep_ending(bool keep);
    void end_pods();
    /// The ReplicaSet makes another for each that goes, on the same node: it tolerates the cordon.
    void make_anew(bool anew);
    /// Another of that name and another uid stands in its place at the next eviction.
    void replace_at_eviction(const std::string& pod);
    /// The API tries so long to write the budget's status.
    void slow_eviction(const std::string& pod, std::chrono::milliseconds how_long);
    void most_a_page(std::size_t pods);
    /// So many continuations are too old: 410 with a token for an inconsistent one.
    void expire_pages(int times);
    /// What resourceVersion=0 shows stays as it is now.
    void freeze_cache(bool frozen);
    /// Each request takes so long.
    void delay(std::chrono::milliseconds how_long);

    /// As kubectl does it, with another field manager: a merge patch.
    void edit_node(const std::string& name, const std::string& merge_patch);
    [[nodiscard]] std::string node(const std::string& name) const;  ///< its JSON
    [[nodiscard]] std::vector<std::string> pods(const std::string& node) const;

    struct Canned {
        int status = 0;  ///< 0: never an answer
        std::string body, retry_after;
    };
    /// The next answers to requests whose "METHOD path" begins so; then it is itself again.
    void answer_next(const std::string& begins, Canned canned, int times = 1);
    /// Before the next PATCH somebody else changes the node, so many times.
    void interfere(int times);
    /// Says yes to PATCH and eviction, and does nothing.
    void lie(bool lies);
    /// Whom it knows from now on; connections of before it knows no more.
    void change_token(const std::string& to);

    /// "METHOD path" of every request, without query.
    [[nodiscard]] std::vector<std::string> asked() const;
    /// How many lists were read of the store and not of the cache.
    [[nodiscard]] int consistent_lists() const;
    [[nodiscard]] std::size_t connections() const;

private:
    struct Server;
    std::unique_ptr<Server> server_;
};

}  // namespace firebreak
