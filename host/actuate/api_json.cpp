#include "host/actuate/api_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr int max_depth = 64;
constexpr auto replace_bad = Json::error_handler_t::replace;  // of bytes that are no UTF-8

Result<Json> object_of(std::string_view text) {
    // The parser does not recurse; what is nested too deep is thrown away as it is read.
    bool too_deep = false;
    const auto shallow = [&too_deep](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > max_depth;
        return depth <= max_depth;
    };
    Json json = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
    if (too_deep) return fail(Fault::corrupt, "the answer is nested too deep");
    if (!json.is_object()) return fail(Fault::corrupt, "the answer is not a JSON object");
    return json;
}

/// What stands at a path of keys, or null.
const Json& at(const Json& json, std::initializer_list<const char*> keys) {
    static const Json none;
    const Json* value = &json;
    for (const char* key : keys) {
        const auto found = value->is_object() ? value->find(key) : value->end();
        if (found == value->end()) return none;
        value = &*found;
    }
    return *value;
}

std::string text_at(const Json& json, std::initializer_list<const char*> keys) {
    const auto* text = at(json, keys).get_ptr<const std::string*>();
    return text == nullptr ? "" : *text;
}

/// A list, or none where it is absent: the API leaves out what is empty.
const Json::array_t& list_at(const Json& json, std::initializer_list<const char*> keys) {
    static const Json::array_t none;
    const auto* list = at(json, keys).get_ptr<const Json::array_t*>();
    return list == nullptr ? none : *list;
}

bool is_true(const Json& value) {
    const auto* flag = value.get_ptr<const bool*>();
    return flag != nullptr && *flag;
}

/// Who wrote spec.unschedulable last, where that is told of.
void read_cordon(const Json& json, KubeNode& node) {
    bool others = false;
    bool ours = false;
    for (const auto& entry : list_at(json, {"metadata", "managedFields"})) {
        if (at(entry, {"fieldsV1", "f:spec", "f:unschedulable"}).is_null()) continue;
        ours = ours || text_at(entry, {"manager"}) == field_manager;
        others = true;
        node.cordoned_at = text_at(entry, {"time"});
    }
    node.cordon_of_others = others && !ours;
}

/// The controller that follows the cordon stamps it; a manager's time is that of its last write.
constexpr std::string_view cordon_taint = "node.kubernetes.io/unschedulable";

Result<void> read_taints(const Json& json, KubeNode& node) {
    for (const auto& taint : list_at(json, {"spec", "taints"})) {
        auto key = text_at(taint, {"key"});
        if (key.empty()) return fail(Fault::corrupt, "a taint without a key");
        const auto added = text_at(taint, {"timeAdded"});
        if (key == cordon_taint && !added.empty()) node.cordoned_at = added;
        node.taints.push_back(
            {std::move(key), text_at(taint, {"effect"}), taint.dump(-1, ' ', false, replace_bad)});
    }
    if (!node.unschedulable) node.cordoned_at.clear();
    return {};
}

/// As far as that it may be shown.
bool is_time(std::string_view text) {
    constexpr std::size_t longest = 40;
    return text.size() <= longest && text.find_first_not_of("0123456789-T:.+Z") == text.npos;
}

void read_readiness(const Json& json, KubeNode& node) {
    for (const auto& condition : list_at(json, {"status", "conditions"})) {
        if (text_at(condition, {"type"}) != "Ready") continue;
        const auto status = text_at(condition, {"status"});
        node.ready = status == "True";
        node.silent = status == "Unknown";
        const auto since = text_at(condition, {"lastTransitionTime"});
        if (!node.ready && is_time(since)) node.not_ready = since;
    }
}

/// As the scheduler matches a toleration with the cordon's taint, which has no value.
bool tolerates_cordon(const Json& pod) {
    const auto& tolerations = list_at(pod, {"spec", "tolerations"});
    return std::any_of(tolerations.begin(), tolerations.end(), [](const auto& toleration) {
        const auto effect = text_at(toleration, {"effect"});
        const auto key = text_at(toleration, {"key"});
        const bool exists = text_at(toleration, {"operator"}) == "Exists";
        const bool value = exists || text_at(toleration, {"value"}).empty();
        return (effect.empty() || effect == "NoSchedule") &&
               (key == cordon_taint ? value : key.empty() && exists);
    });
}

bool is_kept_up(const Json& pod) {
    if (!at(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}).is_null()) return true;
    const auto& owners = list_at(pod, {"metadata", "ownerReferences"});
    return std::any_of(owners.begin(), owners.end(), [](const auto& owner) {
        return is_true(at(owner, {"controller"})) && text_at(owner, {"kind"}) == "DaemonSet";
    });
}

Result<KubePod> pod_of(const Json& json, std::string_view node) {
    KubePod pod;
    pod.name = text_at(json, {"metadata", "name"});
    pod.space = text_at(json, {"metadata", "namespace"});
    pod.uid = text_at(json, {"metadata", "uid"});
    pod.node = text_at(json, {"spec", "nodeName"});
    if (!is_kube_name(pod.name) || !is_kube_name(pod.space) || !is_kube_name(pod.uid)) {
        return fail(Fault::corrupt, "a pod without a name, a namespace or an uid");
    }
    if (pod.node != node) {
        return fail(Fault::corrupt, fmt::format("pod {} is not on node {}", pod.name, node));
    }
    const auto& priority = at(json, {"spec", "priority"});
    if (priority.is_number_integer()) pod.priority = priority.get<std::int64_t>();
    const auto phase = text_at(json, {"status", "phase"});
    pod.finished = phase == "Succeeded" || phase == "Failed";
    pod.ending = !at(json, {"metadata", "deletionTimestamp"}).is_null();
    pod.stays = is_kept_up(json);
    pod.created = text_at(json, {"metadata", "creationTimestamp"});
    pod.tolerates_cordon = tolerates_cordon(json);
    return pod;
}

}  // namespace

Result<KubeNode> parse_kube_node(std::string_view json, std::string_view name) {
    const auto object = object_of(json);
    if (!object) return tl::unexpected(object.error());
    KubeNode node;
    node.name = text_at(*object, {"metadata", "name"});
    node.resource_version = text_at(*object, {"metadata", "resourceVersion"});
    const bool whole = text_at(*object, {"kind"}) == "Node" && node.name == name &&
                       is_kube_name(node.resource_version) && at(*object, {"spec"}).is_object();
    if (!whole) return fail(Fault::corrupt, fmt::format("the answer is not node {}", name));
    node.unschedulable = is_true(at(*object, {"spec", "unschedulable"}));
    read_cordon(*object, node);
    const auto& marks = at(*object, {"metadata", "annotations"});
    node.cordoned_by = text_at(marks, {cordoned_by_key.data()});
    node.drain_tainted_by = text_at(marks, {drain_tainted_by_key.data()});
    node.shed_tainted_by = text_at(marks, {shed_tainted_by_key.data()});
    read_readiness(*object, node);
    if (const auto taints = read_taints(*object, node); !taints) {
        return tl::unexpected(taints.error());
    }
    return node;
}

Result<KubePods> parse_kube_pods(std::string_view json, std::string_view node) {
    const auto object = object_of(json);
    if (!object) return tl::unexpected(object.error());
    const auto& items = at(*object, {"items"});
    if (text_at(*object, {"kind"}) != "PodList" || !(items.is_array() || items.is_null())) {
        return fail(Fault::corrupt, "the answer is not a list of pods");
    }
    KubePods page;
    for (const auto& item : list_at(*object, {"items"})) {
        auto pod = pod_of(item, node);
        if (!pod) return tl::unexpected(pod.error());
        page.pods.push_back(std::move(*pod));
    }
    page.next = text_at(*object, {"metadata", "continue"});
    return page;
}

KubeComplaint parse_kube_complaint(std::string_view json) {
    const auto object = object_of(json);
    if (!object || text_at(*object, {"kind"}) != "Status") return {};
    KubeComplaint complaint;
    complaint.message = text_at(*object, {"message"});
    const auto says = [&](const char* words) {
        return complaint.message.find(words) != std::string::npos;
    };
    // Older servers have no cause.
    complaint.budget = says("disruption budget");
    complaint.budgets = says("PodDisruptionBudget");
    complaint.of_another = says("UID in precondition");
    const auto& code = at(*object, {"code"});
    const bool failure = text_at(*object, {"status"}) == "Failure";
    if (failure && code.is_number_integer()) {
        complaint.failed_as = static_cast<int>(std::clamp<std::int64_t>(code, 400, 599));
    }
    for (const auto& cause : list_at(*object, {"details", "causes"})) {
        const auto reason = text_at(cause, {"reason"});
        complaint.passing = complaint.passing || reason == "NamespaceTerminating";
        if (reason != "DisruptionBudget") continue;
        complaint.budget = true;
        complaint.message += ' ' + text_at(cause, {"message"});
    }
    return complaint;
}

Result<ItemStates> parse_item_states(std::string_view json) {
    const auto object = object_of(json);
    if (!object) return tl::unexpected(object.error());
    const auto items = object->find("items");
    if (items == object->end() || !items->is_object()) {
        return fail(Fault::corrupt, "the answer has no object \"items\"");
    }
    ItemStates out;
    for (const auto& [item, value] : items->items()) {
        const auto* state = value.get_ptr<const std::string*>();
        if (state == nullptr || !is_item_state(*state)) {
            return fail(Fault::corrupt,
                        fmt::format("the answer's \"{}\" has no state", item.substr(0, 64)));
        }
        out[item] = *state;
    }
    return out;
}

}  // namespace firebreak
