// Kubernetes' API as text and values: what a node and its pods say, merge patches and evictions
// out. Pure; api_json.hpp parses. What Firebreak cordons and taints bears its mark in annotations:
// a node without it is somebody else's. Facts: the published API, core/v1 and policy/v1, RFC 7386.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/actuator.hpp"
#include "host/actuate/marks.hpp"

namespace firebreak {

inline constexpr std::string_view cordoned_by_key = "firebreak.dev/cordoned-by";
inline constexpr std::string_view drain_tainted_by_key = "firebreak.dev/drain-tainted-by";
inline constexpr std::string_view shed_tainted_by_key = "firebreak.dev/shed-tainted-by";
inline constexpr std::string_view drain_taint = "firebreak.dev/drain";  ///< NoSchedule
inline constexpr std::string_view shed_taint = "firebreak.dev/shed";    ///< NoExecute
/// Names us as the writer of a field, and so tells a person's cordon from ours.
inline constexpr std::string_view field_manager = "firebreak";

struct KubeTaint {
    std::string key, effect;
    std::string json;  ///< the whole of it: what others set is given back as it was
};

struct KubeNode {
    std::string name, resource_version;
    bool unschedulable = false;
    bool ready = false;     ///< its kubelet says so
    bool silent = false;    ///< its kubelet says nothing any more
    std::string not_ready;  ///< since when, as the API writes it; "" where it does not say
    std::string cordoned_by, drain_tainted_by, shed_tainted_by;  ///< annotations; "" is none
    std::string cordoned_at;        ///< as the API writes it; "" where it does not say
    bool cordon_of_others = false;  ///< managedFields: somebody else set it last
    std::vector<KubeTaint> taints;
};

struct KubePod {
    std::string space, name, uid, node;
    std::string created;  ///< as the API writes it
    std::int64_t priority = 0;
    bool stays = false;  ///< of a DaemonSet, or a mirror of the kubelet's own: comes back at once
    bool finished = false;
    bool ending = false;            ///< deleted already, within its grace
    bool tolerates_cordon = false;  ///< a cordon does not keep it away
};

/// What the API says when it does not do what was asked.
struct KubeComplaint {
    std::string message;
    bool budget = false;      ///< a disruption budget says not now
    bool budgets = false;     ///< more than one has a say: the API cannot weigh them
    bool of_another = false;  ///< another pod bears the name by now
    bool passing = false;     ///< its namespace is being taken down: it goes with it
    int failed_as = 0;        ///< the HTTP status it stands for; 0: it is no failure
};

/// Whether a drained node may not have it any more.
[[nodiscard]] bool must_go(const KubePod& pod);

/// Told to go it would only come back: it was made when the node had been cordoned already.
[[nodiscard]] bool comes_back(const KubePod& pod, const KubeNode& node);

/// "ready" or "down" (not ready, and nobody's doing), "draining" while pods must still go, "drain",
/// "maint" (drained and tainted NoExecute); with `by_others` where nothing of it is this host's,
/// and with `by_peer` where the deepest is a peer's.
[[nodiscard]] std::string state_of(const KubeNode& node, bool pods_left, const HostMarks& marks);

[[nodiscard]] bool has_shed_taint(const KubeNode& node);

/// The merge patch that brings a node to what a step asks, or nothing when it is there. Only what
/// bears a mark that counts is taken back, and a version read since makes the API refuse it.
[[nodiscard]] std::optional<std::string> node_patch(const KubeNode& node, std::string_view action,
                                                    const HostMarks& marks, bool with_drain_taint);

/// policy/v1 Eviction of this very pod, not of one that took its name since.
[[nodiscard]] std::string eviction_of(const KubePod& pod);
/// v1 DeleteOptions of the same.
[[nodiscard]] std::string deletion_of(const KubePod& pod);

/// Those to be told to go, the least important first.
[[nodiscard]] std::vector<KubePod> evictable(std::vector<KubePod> pods);

[[nodiscard]] std::string node_path(std::string_view name);
[[nodiscard]] std::string pod_path(const KubePod& pod);
/// All pods of a node as the API's own memory has them: soon enough, and at no cost to its store.
[[nodiscard]] std::string cached_pods_path(std::string_view node);
/// One page of them as they are; `after` is the page before's word, or "".
[[nodiscard]] std::string pods_path(std::string_view node, std::string_view after);

/// A name that may stand in a path: RFC 1123, as the API has it for pods and namespaces.
[[nodiscard]] bool is_kube_name(std::string_view text);

}  // namespace firebreak
