#include "host/actuate/kubernetes_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

constexpr int pods_a_page = 250;

bool has_taint(const KubeNode& node, std::string_view key) {
    return std::any_of(node.taints.begin(), node.taints.end(),
                       [&](const auto& taint) { return taint.key == key; });
}

bool cordon_is_ours(const KubeNode& node, std::string_view host) {
    return node.unschedulable && node.cordoned_by == host && !node.cordon_of_others;
}

bool taints_are_ours(const KubeNode& node, std::string_view host) {
    return node.tainted_by == host && (has_taint(node, shed_taint) || has_taint(node, drain_taint));
}

std::string taint_json(std::string_view key, std::string_view effect) {
    return fmt::format(R"({{"key":"{}","effect":"{}"}})", key, effect);
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

/// The taints that shall stand; nothing when they do.
std::optional<std::vector<std::string>> wanted_taints(const KubeNode& node, int depth,
                                                      std::string_view host, bool with_drain) {
    const bool ours = node.tainted_by == host;
    const bool drain = depth >= 1 && with_drain;
    const bool shed = depth >= 2;
    std::vector<std::string> out;
    for (const auto& taint : node.taints) {
        const bool too_much =
            (taint.key == drain_taint && !drain) || (taint.key == shed_taint && !shed);
        if (!(ours && too_much)) out.push_back(taint.json);
    }
    bool changed = out.size() != node.taints.size();
    const auto add = [&](bool wanted, std::string_view key, std::string_view effect) {
        if (!wanted || has_taint(node, key)) return;
        out.push_back(taint_json(key, effect));
        changed = true;
    };
    add(drain, drain_taint, "NoSchedule");
    add(shed, shed_taint, "NoExecute");
    return changed ? std::optional(std::move(out)) : std::nullopt;
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

std::string state_of(const KubeNode& node, bool pods_left, std::string_view host) {
    const bool ours = cordon_is_ours(node, host) || taints_are_ours(node, host);
    const bool shed = has_taint(node, shed_taint);
    if (!node.unschedulable && !ours) return node.ready ? "ready" : "down";
    // Open to new pods again, by somebody who left our taints: there is something to take back.
    const bool going = pods_left || !node.unschedulable;
    std::string state(going ? draining : shed ? "maint" : "drain");
    return ours ? state : state.append(by_others);
}

std::optional<std::string> node_patch(const KubeNode& node, std::string_view action,
                                      std::string_view host, bool with_drain_taint) {
    const int depth = depth_of(action);
    std::string spec;
    std::string marks;
    if (depth > 0 && !node.unschedulable) {
        append(spec, R"("unschedulable":true)");
        append(marks, mark_json(cordoned_by_key, host, true));
    } else if (depth == 0 && node.cordoned_by == host) {
        // A mark that outlived its cordon would make the next person's look like ours.
        if (cordon_is_ours(node, host)) append(spec, R"("unschedulable":null)");
        append(marks, mark_json(cordoned_by_key, host, false));
    }
    const auto taints = wanted_taints(node, depth, host, with_drain_taint);
    if (taints) append(spec, R"("taints":)" + list_json(*taints));
    const bool bare = depth == 0 || (depth == 1 && !with_drain_taint);
    if (bare && node.tainted_by == host) {
        append(marks, mark_json(tainted_by_key, host, false));
    } else if (!bare && taints && node.tainted_by != host) {
        append(marks, mark_json(tainted_by_key, host, true));
    }
    if (spec.empty() && marks.empty()) return std::nullopt;
    if (!marks.empty()) marks = R"(,"annotations":{)" + marks + '}';
    if (!spec.empty()) spec = R"(,"spec":{)" + spec + '}';
    return fmt::format(R"({{"metadata":{{"resourceVersion":"{}"{}}}{}}})", node.resource_version,
                       marks, spec);
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

std::string pods_path(std::string_view node, std::string_view after) {
    auto path = fmt::format("/api/v1/pods?fieldSelector={}&limit={}",
                            percent_encoded(fmt::format("spec.nodeName={}", node)), pods_a_page);
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
