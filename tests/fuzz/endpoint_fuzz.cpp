// What HAProxy, Slurm, NUT, Kubernetes and webhooks answer: the first byte says whose answer the
// rest is. No bytes may crash the parsers; what they take is of words that are known, and of what
// was asked for; what follows from it is sound.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "host/actuate/api_json.hpp"
#include "host/actuate/haproxy_stat.hpp"
#include "host/actuate/haproxy_text.hpp"
#include "host/actuate/nut_text.hpp"
#include "host/actuate/slurm_text.hpp"

namespace firebreak {
namespace {

const HostMarks marks{"seoul/seoul-1", {"busan/busan-1"}};
const std::string& host = marks.host;
constexpr std::array<std::string_view, 4> actions = {"ready", "drain", "maint", "off"};

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_known(std::string state) {
    if (state.ends_with(unmarked)) state.resize(state.size() - unmarked.size());
    for (const auto whose : {by_others, by_peer}) {
        if (state.ends_with(whose)) state.resize(state.size() - whose.size());
    }
    return is_item_state(state) || state == draining || state == cannot_tell || state == "fsd";
}

template <class T>
bool is_taken(const Result<T>& answer) {
    if (answer) return true;
    const auto fault = answer.error().fault;
    require(fault == Fault::corrupt || fault == Fault::refused || fault == Fault::stale);
    return false;
}

Step step(std::string_view action) {
    return {"id", "text", "s1", std::string(action), Posture::drain, "pangyo/room/gas"};
}

void haproxy(const std::string& text) {
    static_cast<void>(is_taken(parse_set_answer(text)));
    static_cast<void>(weight_behind(text));
    if (const auto counters = parse_stat(text, "text"); is_taken(counters)) {
        const auto seen = feedback_between(*counters, *counters, std::chrono::seconds(1), {"s1"});
        require(seen.tries == 0 && seen.failures == 0);
    }
    const auto servers = parse_servers(text, "text");
    if (!is_taken(servers)) return;
    for (const bool by_weight : {false, true}) {
        for (const auto& [server, state] : states_of(*servers, by_weight)) {
            require(is_known(state));
            for (const auto action : actions) {
                const auto& now = servers->at(server);
                require(weight_settings_of(step(action), now, 7U).has_value());
                if (now.weight > 0) require(weight_settings_of(step(action), now, {}).has_value());
            }
        }
    }
}

void slurm(const std::string& text) {
    for (const auto& nodes :
         {parse_nodes(text), parse_groups(text, 64), parse_dated_groups(text, 64)}) {
        if (!is_taken(nodes)) continue;
        for (const auto& [name, node] : *nodes) {
            require(is_known(state_of(node, marks)));
            for (const auto action : actions) {
                const auto reason = slurm_reason(host, step(action), node.reason);
                const auto tail = node.reason.size() + 32;  // beside the mark, kept whole
                require(reason.size() <= 250 + tail && reason.find('\n') == reason.npos);
                require(reason_before(reason).size() == node.reason.size());
                SlurmNode ours = node;
                ours.reason = reason;
                require(!state_of(ours, marks).ends_with(by_others));
            }
            static_cast<void>(reason_before(node.reason));
        }
    }
    for (const auto& list : comma_lists(text, 64)) require(!list.empty());
}

void nut(const std::string& text) {
    static_cast<void>(is_taken(parse_nut_done(text)));
    const auto value = parse_nut_value(text, "room", "ups.status");
    const auto item = parse_nut_item(text);
    if (item) require(nut_command(*item, "off").find("load.off") != std::string::npos);
    if (!is_taken(value)) return;
    for (const auto& of : {NutItem{"room", ""}, NutItem{"room", "2"}}) {
        require(is_known(state_of(of, *value, std::nullopt)));
        require(is_known(state_of(of, std::nullopt, *value)));
    }
}

void kube_node(const std::string& text) {
    const auto node = parse_kube_node(text, "worker-1");
    if (!is_taken(node)) return;
    require(node->name == "worker-1");
    for (const bool left : {false, true}) require(is_known(state_of(*node, left, marks)));
    for (const auto action : actions) {
        for (const bool with_taint : {false, true}) {
            const auto patch = node_patch(*node, action, marks, with_taint);
            require(!patch || nlohmann::json::accept(*patch));
            static_cast<void>(node_patch(*node, action, marks.alone(), with_taint));
        }
    }
}

void kube_pods(const std::string& text) {
    const auto page = parse_kube_pods(text, "worker-1");
    if (!is_taken(page)) return;
    for (const auto& pod : evictable(page->pods)) {
        require(pod.node == "worker-1" && must_go(pod) && !pod.ending);
        require(pod.name.front() != '.' && pod.space.front() != '.');  // in a path
        require(nlohmann::json::accept(eviction_of(pod)));
        require(nlohmann::json::accept(deletion_of(pod)));
    }
    for (const char c : pods_path("worker-1", page->next)) require(c > ' ' && c <= '~');
}

void complaint(const std::string& text) {
    const auto said = parse_kube_complaint(text);
    require(said.failed_as == 0 || (said.failed_as >= 400 && said.failed_as <= 599));
}

void webhook(const std::string& text) {
    const auto states = parse_item_states(text);
    if (!is_taken(states)) return;
    for (const auto& [item, state] : *states) require(is_item_state(state));
}

}  // namespace
}  // namespace firebreak

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace firebreak;
    constexpr std::array<void (*)(const std::string&), 7> readers = {
        haproxy, slurm, nut, kube_node, kube_pods, complaint, webhook};
    if (size == 0) return 0;
    readers[data[0] % readers.size()](std::string(data + 1, data + size));
    return 0;
}
