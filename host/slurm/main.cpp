// firebreak-slurm: what Slurm's tools cannot do, through Slurm's own library: drains nodes without
// a word in their reason, and tells of all nodes in some lines. A program of its own, because the
// library goes with one version of Slurm and may end whoever calls it; host/actuate/slurm_tools.cpp
// calls it and does without it where it is missing or fails.
#include <fmt/format.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "host/hostlist.hpp"

namespace {

constexpr std::size_t longest_line = 100'000'000;

int complain(std::string_view what) {
    fmt::print(stderr, "{}: {}\n", what, slurm_strerror(slurm_get_errno()));
    return 1;
}

/// As sinfo's StateComplete says it, of those that matter: "idle+drain+not_responding".
std::string words_of(std::uint32_t state) {
    constexpr std::array<std::string_view, 7> bases = {"unknown", "down",  "idle",  "allocated",
                                                       "error",   "mixed", "future"};
    constexpr std::array<std::pair<std::uint32_t, std::string_view>, 9> flags = {
        {{NODE_STATE_DRAIN, "+drain"},
         {NODE_STATE_COMPLETING, "+completing"},
         {NODE_STATE_NO_RESPOND, "+not_responding"},
         {NODE_STATE_POWERED_DOWN, "+powered_down"},
         {NODE_STATE_FAIL, "+fail"},
         {NODE_STATE_POWERING_UP, "+powering_up"},
         {NODE_STATE_MAINT, "+maintenance"},
         {NODE_STATE_POWERING_DOWN, "+powering_down"},
         {NODE_STATE_POWER_DOWN, "+power_down"}}};
    const auto base = state & NODE_STATE_BASE;
    std::string words(base < bases.size() ? bases.at(base) : "unknown");
    for (const auto& [flag, word] : flags) {
        if ((state & flag) != 0) words += word;
    }
    return words;
}

/// Nodes that are alike in one line, "idle+drain|n[0-499]|1795824313|why"; the number is when the
/// reason was given, in seconds since 1970, or 0.
int show() {
    node_info_msg_t* answer = nullptr;
    if (slurm_load_node(0, &answer, SHOW_ALL) != SLURM_SUCCESS) return complain("nodes");
    std::map<std::tuple<std::uint32_t, std::int64_t, std::string_view>, std::vector<std::string>>
        alike;
    auto last = alike.end();
    for (std::uint32_t i = 0; i < answer->record_count; ++i) {
        const auto& node = answer->node_array[i];
        if (node.name == nullptr) continue;
        const std::string_view reason = node.reason == nullptr ? "" : node.reason;
        const std::tuple key(node.node_state, reason.empty() ? 0 : node.reason_time, reason);
        if (last == alike.end() || last->first != key) last = alike.try_emplace(key).first;
        last->second.emplace_back(node.name);
    }
    for (const auto& [how, names] : alike) {
        const auto& [state, since, reason] = how;
        for (const auto& list : firebreak::fold_hostlist(names, longest_line)) {
            std::string line = fmt::format("{}|{}|{}|{}", words_of(state), list, since, reason);
            for (auto& c : line) c = c == '\n' ? ' ' : c;
            fmt::print("{}\n", line);
        }
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}

/// As `scontrol update State=DRAIN`, but a reason that is there is left as it is.
int drain(char* nodes) {
    update_node_msg_t update;
    slurm_init_update_node_msg(&update);
    update.node_names = nodes;
    update.node_state = NODE_STATE_DRAIN;
    return slurm_update_node(&update) == SLURM_SUCCESS ? 0 : complain("drain");
}

int run(int argc, char** argv) {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if ((verb != "show" || argc != 2) && (verb != "drain" || argc < 3)) {
        fmt::print(stderr, "usage: firebreak-slurm show | drain NODES...\n");
        return 2;
    }
    slurm_init(nullptr);
    for (int i = 2; i < argc; ++i) {
        if (const int failed = drain(argv[i]); failed != 0) return failed;
    }
    return show();
}

}  // namespace

/// What the library still holds is left to the system, which is quicker.
int main(int argc, char** argv) {
    std::_Exit(run(argc, argv));
}
