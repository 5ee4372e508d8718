#include "host/actuate/kubernetes_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

constexpr int pods_a_page = 250;

/// One of our taints: what it is, and whose mark stands for it.
struct OurTaint {
    std::string_view key, effect, mark_key;
    std::string KubeNode::*mark;
};
constexpr OurTaint taint_of_drain = {drain_taint, "NoSchedule", drain_tainted_by_key,
                                     &KubeNode::drain_tainted_by};
constexpr OurTaint taint_of_shed = {shed_taint, "NoExecute", shed_tainted_by_key,
                                    &KubeNode::shed_tainted_by};

/// With another effect it is somebody else's: the API tells them apart, too.
bool is_taint(const KubeTaint& taint, const OurTaint& which) {
    return taint.key == which.key && taint.effect == which.effect;
}

bool has_taint(const KubeNode& node, const OurTaint& which) {
    return std::any_of(node.taints.begin(), node.taints.end(),
                       [&](const auto& taint) { return is_taint(taint, which); });
}

Whose whose_cordon(const KubeNode& node, const HostMarks& marks) {
    const bool marked = node.unschedulable && !node.cordon_of_others;
    return marked ? marks.whose(node.cordoned_by) : Whose::others;
}

Whose whose_taint(const KubeNode& node, const OurTaint& which, const HostMarks& marks) {
    return has_taint(node, which) ? marks.whose(node.*which.mark) : Whose::others;
}

std::string taint_json(const OurTaint& which) {
    return fmt::format(R"({{"key":"{}","effect":"{}"}})", which.key, which.effect);
}

/// Letters, digits and "-._~" stand for themselves (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view plain = "-._~";
    std::string out;
    for (const char c : text) {
        const bool alone = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || plain.find(c) != plain.npos;
        out += alone ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string list_json(const std::vector<std::string>& values) {
    std::string out;
    for (const auto& value : values) out += (out.empty() ? "" : ",") + value;
    return values.empty() ? "null" : '[' + out + ']';
}

/// An annotation set to this host, or taken away.
std::string mark_json(std::string_view key, std::string_view host, bool set) {
    return set ? fmt::format(R"("{}":"{}")", key, host) : fmt::format(R"("{}":null)", key);
}

void append(std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ",") + item;
}

}  // namespace

bool must_go(const KubePod& pod) {
    return !pod.stays && !pod.finished;
}

bool comes_back(const KubePod& pod, const KubeNode& node) {
    // RFC 3339 of one server, to the second: as text they stand in the order of time.
    const bool ours = !node.cordoned_by.empty() && !node.cordon_of_others;
    return ours && pod.tolerates_cordon && !node.cordoned_at.empty() &&
           pod.created > node.cordoned_at;
}

bool has_shed_taint(const KubeNode& node) {
    return has_taint(node, taint_of_shed);
}

std::string state_of(const KubeNode& node, bool pods_left, const HostMarks& marks) {
    const auto shed = whose_taint(node, taint_of_shed, marks);
    // What a peer shed it gives back first, whoever cordoned the node.
    const auto whose =
        shed == Whose::peers
            ? shed
            : std::min({shed, whose_cordon(node, marks), whose_taint(node, taint_of_drain, marks)});
    if (!node.unschedulable && whose == Whose::others) return node.ready ? "ready" : "down";
    // Open to new pods again, by somebody who left our taints: there is something to take back.
    const bool going = pods_left || !node.unschedulable;
    return marked_state(going ? draining : has_shed_taint(node) ? "maint" : "drain", whose);
}

namespace {

/// What a merge patch says of one node.
struct NodeChange {
    std::string spec, marks;
    std::vector<std::string> taints;
    bool taints_changed = false;

    explicit NodeChange(const KubeNode& node) {
        for (const auto& taint : node.taints) taints.push_back(taint.json);
    }

    void bring(const KubeNode& node, const OurTaint& which, bool wanted, const HostMarks& whose) {
        const auto& mark = node.*which.mark;
        const bool there = has_taint(node, which);
        if (wanted && !there) {
            taints.push_back(taint_json(which));
            taints_changed = true;
            append(marks, mark_json(which.mark_key, whose.host, true));
        } else if (!wanted && whose.count(mark)) {
            for (const auto& taint : node.taints) {
                if (!is_taint(taint, which)) continue;
                std::erase(taints, taint.json);
                taints_changed = true;
            }
            append(marks, mark_json(which.mark_key, mark, false));
        }
    }
};

}  // namespace

std::optional<std::string> node_patch(const KubeNode& node, std::string_view action,
                                      const HostMarks& marks, bool with_drain_taint) {
    const int depth = depth_of(action);
    NodeChange change(node);
    if (depth > 0 && !node.unschedulable) {
        append(change.spec, R"("unschedulable":true)");
        append(change.marks, mark_json(cordoned_by_key, marks.host, true));
    } else if (depth == 0 && marks.count(node.cordoned_by)) {
        // A mark that outlived its cordon would make the next person's look like ours.
        if (node.unschedulable && !node.cordon_of_others) {
            append(change.spec, R"("unschedulable":null)");
        }
        append(change.marks, mark_json(cordoned_by_key, node.cordoned_by, false));
    }
    change.bring(node, taint_of_drain, depth >= 1 && with_drain_taint, marks);
    change.bring(node, taint_of_shed, depth >= 2, marks);
    if (change.taints_changed) append(change.spec, R"("taints":)" + list_json(change.taints));
    if (change.spec.empty() && change.marks.empty()) return std::nullopt;
    std::string out =
        fmt::format(R"({{"metadata":{{"resourceVersion":"{}")", node.resource_version);
    if (!change.marks.empty()) out += R"(,"annotations":{)" + change.marks + '}';
    out += '}';
    if (!change.spec.empty()) out += R"(,"spec":{)" + change.spec + '}';
    return out + '}';
}

std::string eviction_of(const KubePod& pod) {
    return fmt::format(
        R"({{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{}","namespace":"{}"}},)"
        R"("deleteOptions":{{"preconditions":{{"uid":"{}"}}}}}})",
        pod.name, pod.space, pod.uid);
}

std::string deletion_of(const KubePod& pod) {
    return fmt::format(
        R"({{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{{"uid":"{}"}}}})", pod.uid);
}

std::vector<KubePod> evictable(std::vector<KubePod> pods) {
    std::erase_if(pods, [](const auto& pod) { return !must_go(pod) || pod.ending; });
    std::stable_sort(pods.begin(), pods.end(),
                     [](const auto& a, const auto& b) { return a.priority < b.priority; });
    return pods;
}

std::string node_path(std::string_view name) {
    return "/api/v1/nodes/" + percent_encoded(name);
}

std::string pod_path(const KubePod& pod) {
    return "/api/v1/namespaces/" + pod.space + "/pods/" + pod.name;
}

namespace {

std::string pods_of(std::string_view node) {
    return "/api/v1/pods?fieldSelector=" + percent_encoded(fmt::format("spec.nodeName={}", node));
}

}  // namespace

std::string cached_pods_path(std::string_view node) {
    return pods_of(node) + "&resourceVersion=0";
}

std::string pods_path(std::string_view node, std::string_view after) {
    auto path = fmt::format("{}&limit={}", pods_of(node), pods_a_page);
    return after.empty() ? path : path + "&continue=" + percent_encoded(after);
}

bool is_kube_name(std::string_view text) {
    constexpr std::size_t longest = 253;
    return !text.empty() && text.size() <= longest && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
           });
}

}  // namespace firebreak
