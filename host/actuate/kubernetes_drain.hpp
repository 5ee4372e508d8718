// Emptying cordoned nodes: which pods are told to go and when again, how long a node has got no
// emptier, and what stands in the way. Owned by one actuator, whose API it uses; an order may take
// many orders' time, so this outlives it. Errors: port_lost, when the API is gone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/actuate/kubernetes_api.hpp"

namespace firebreak {

class KubeDrain {
public:
    using Nodes = std::map<std::string, KubeNode>;

    KubeDrain(const KubernetesEndpoint& how, KubeApi& api) : how_(how), api_(api) {}

    /// An order begins: what was read before it is what it is measured by.
    void begin(Instant now);
    /// This node is to be emptied, from now on if it was not before, or not for a while.
    void wants(const std::string& node);

    /// How many of a node's pods it waits for.
    [[nodiscard]] std::ptrdiff_t left(const KubeNode& node, const std::vector<KubePod>& pods) const;
    /// What a node's pods are now. `surely`: not out of the API's memory, which may be late.
    void read(const KubeNode& node, const std::vector<KubePod>& pods, bool surely);
    /// It is cordoned no more.
    void forget(const std::string& node);

    /// Tells those to go that may be told, the least important first; ends by `until`.
    [[nodiscard]] Result<void> evict(const Nodes& nodes, const KubeApi::Pods& pods, Instant until);

    /// No pod must go any more, and that was read for sure.
    [[nodiscard]] bool is_empty(const std::string& node) const { return empty_.contains(node); }
    /// So late that `force` applies.
    [[nodiscard]] bool is_over(const std::string& node) const;
    /// Whether any node has got emptier in this order.
    [[nodiscard]] bool moved() const { return moved_; }
    /// What a node waits for, for people, or "".
    [[nodiscard]] std::string waits(const std::string& node) const;
    /// What is in the way, and will not pass by waiting: only where nothing moves.
    [[nodiscard]] const Error* trouble(const std::string& node) const;

private:
    struct Progress {
        Instant since{};  ///< nothing has gone since then
        std::optional<Instant> wanted_at;
        std::ptrdiff_t left = -1;   ///< pods that must go; -1: not read yet
        std::ptrdiff_t untold = 0;  ///< those of them that are not ending
        std::string pod_waits;      ///< what the first pod that stays waits for
        std::string kubelet;        ///< who is silent, and since when
        std::optional<Error> trouble;
    };

    [[nodiscard]] std::vector<KubePod> next_band(std::vector<KubePod>& waiting, const Nodes& nodes);
    [[nodiscard]] Result<void> judge(const KubePod& pod, KubeEviction fate, Instant until);
    void note(const KubePod& pod, const Error& why, bool passes);

    KubernetesEndpoint how_;
    KubeApi& api_;
    Instant now_{};
    bool moved_ = false;
    int timeouts_ = 0;       ///< in a row
    bool ends_ = false;      ///< no further eviction in this order
    Instant quiet_until_{};  ///< the API has too much to do: none at all before
    Error quiet_why_{Fault::busy, "", 0};
    std::map<std::string, Progress> drains_;  ///< by node
    std::set<std::string> empty_;             ///< nodes
    struct Wait {
        Instant until;
        Error why;
    };
    std::map<std::string, Wait> not_before_;  ///< a pod's uid to when it may be told again
};

}  // namespace firebreak
