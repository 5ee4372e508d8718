// A Kubernetes API server for one test, as far as a drain sees one, after the published API: nodes
// with resourceVersion, merge patches, managedFields and taints, pods by fieldSelector in pages,
// evictions against disruption budgets, Status objects. No kubelet: pods end at once, or when told.
#pragma once

#include <deque>
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
};

class KubeApiDouble {
public:
    static constexpr const char* token = "eyJhbGciOiJSUzI1NiJ9.e30.sig";

    KubeApiDouble();
    ~KubeApiDouble();
    KubeApiDouble(const KubeApiDouble&) = delete;
    KubeApiDouble& operator=(const KubeApiDouble&) = delete;

    [[nodiscard]] std::string url() const;

    void add_node(const std::string& name, bool ready = true);
    void add_pod(const DoublePod& pod);
    /// How many pods of a budget may go before it says not now.
    void set_budget(const std::string& name, int allowed);
    /// Evicted pods stay, with a deletionTimestamp, until end_pods().
    void keep_ending(bool keep);
    void end_pods();
    void most_a_page(std::size_t pods);

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

    /// "METHOD path" of every request, without query.
    [[nodiscard]] std::vector<std::string> asked() const;
    [[nodiscard]] std::size_t connections() const;

private:
    struct Server;
    std::unique_ptr<Server> server_;
};

}  // namespace firebreak
