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

/// Whether somebody else wrote spec.unschedulable last; false where nothing is said of it.
bool set_by_others(const Json& node) {
    bool others = false;
    for (const auto& entry : list_at(node, {"metadata", "managedFields"})) {
        if (at(entry, {"fieldsV1", "f:spec", "f:unschedulable"}).is_null()) continue;
        if (text_at(entry, {"manager"}) == field_manager) return false;
        others = true;
    }
    return others;
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
    node.cordon_of_others = set_by_others(*object);
    const auto& marks = at(*object, {"metadata", "annotations"});
    node.cordoned_by = text_at(marks, {cordoned_by_key.data()});
    node.tainted_by = text_at(marks, {tainted_by_key.data()});
    for (const auto& condition : list_at(*object, {"status", "conditions"})) {
        if (text_at(condition, {"type"}) != "Ready") continue;
        node.ready = text_at(condition, {"status"}) == "True";
    }
    for (const auto& taint : list_at(*object, {"spec", "taints"})) {
        auto key = text_at(taint, {"key"});
        if (key.empty()) return fail(Fault::corrupt, "a taint without a key");
        node.taints.push_back({std::move(key), taint.dump(-1, ' ', false, replace_bad)});
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
    KubeComplaint complaint{text_at(*object, {"message"}), false, 0};
    const auto& code = at(*object, {"code"});
    const bool failure = text_at(*object, {"status"}) == "Failure";
    if (failure && code.is_number_integer()) {
        complaint.failed_as = static_cast<int>(std::clamp<std::int64_t>(code, 400, 599));
    }
    for (const auto& cause : list_at(*object, {"details", "causes"})) {
        complaint.budget = complaint.budget || text_at(cause, {"reason"}) == "DisruptionBudget";
    }
    // Older servers have no cause.
    const bool said = complaint.message.find("disruption budget") != std::string::npos;
    complaint.budget = complaint.budget || said;
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
