// What HTTP APIs answer, as JSON of their own and of Kubernetes. Pure. Owns the host's only use of
// nlohmann-json. Parsing trusts nothing: depth, types, words and names are checked. Errors:
// corrupt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/actuator.hpp"
#include "host/actuate/kubernetes_text.hpp"

namespace firebreak {

/// {"items": {"a": "drain"}}; other keys are left unread, other states are no answer.
[[nodiscard]] Result<ItemStates> parse_item_states(std::string_view json);

/// A core/v1 Node, which must be the one that was asked for.
[[nodiscard]] Result<KubeNode> parse_kube_node(std::string_view json, std::string_view name);

struct KubePods {
    std::vector<KubePod> pods;
    std::string next;  ///< where the next page begins; "" is the end
};

/// A page of a core/v1 PodList. Pods of any other node make it no answer: they must not be evicted.
[[nodiscard]] Result<KubePods> parse_kube_pods(std::string_view json, std::string_view node);

/// A meta/v1 Status; whatever else it is has no message.
[[nodiscard]] KubeComplaint parse_kube_complaint(std::string_view json);

}  // namespace firebreak
