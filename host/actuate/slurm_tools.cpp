#include "host/actuate/slurm_tools.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "host/actuate/child.hpp"
#include "host/hostlist.hpp"

namespace firebreak {
namespace {

/// An answer may not grow without bound: a node's line is some 600 bytes.
constexpr std::size_t most_answer_bytes = 64UL * 1024 * 1024;
constexpr std::size_t most_nodes = 1'000'000;

/// sinfo goes through a group's runs of names for each node of it: some 15 ns a step.
constexpr std::size_t most_group_steps = 10'000'000;

/// Installed beside this program, or "".
std::string helper_beside_us() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto helper = self.parent_path() / "firebreak-slurm";
    return !error && ::access(helper.c_str(), X_OK) == 0 ? helper.string() : "";
}

}  // namespace

bool is_away(const Error& error) {
    return error.fault == Fault::timeout || error.fault == Fault::port_lost;
}

SlurmTools::SlurmTools(const EndpointPlan& endpoint, int stop_fd)
    : folder_(endpoint.address), stop_fd_(stop_fd) {
    const auto& how = std::get<SlurmEndpoint>(endpoint.how);
    conf_ = how.conf;
    helper_ = how.helper ? *how.helper : helper_beside_us();
}

Result<SlurmNodes> SlurmTools::show(const Names& names) {
    if (has_library()) {
        const auto answer = call(helper_, "firebreak-slurm", {"show"});
        auto nodes = answer ? parse_dated_groups(*answer, most_nodes)
                            : Result<SlurmNodes>(tl::unexpected(answer.error()));
        if (nodes || is_away(nodes.error())) return nodes;
        helper_.clear();  // of another version than slurmctld: the tools will do
    }
    SlurmNodes nodes;
    for (const auto& list : fold_hostlist(names, most_list_bytes)) {
        const auto answer = run("scontrol", {"--oneliner", "show", "node", list});
        if (!answer) return tl::unexpected(answer.error());
        auto some = parse_nodes(*answer);
        if (!some) return tl::unexpected(some.error());
        nodes.merge(std::move(*some));
    }
    in_partition_.clear();
    for (const auto& [name, node] : nodes) {
        if (node.in_partition) in_partition_.insert(name);
    }
    return nodes;
}

std::optional<SlurmNodes> SlurmTools::lowered(const Names& names) {
    const auto is_told_of = [&](const auto& name) { return in_partition_.contains(name); };
    if (has_library() || !std::all_of(names.begin(), names.end(), is_told_of)) return std::nullopt;
    std::size_t runs = 1;
    for (const auto& list : fold_hostlist(names, most_list_bytes)) {
        runs += static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1;
    }
    if (runs > most_group_steps / names.size()) return std::nullopt;
    const auto answer =
        run("sinfo", {"--noheader", "--all", "--local", "--states=" + std::string(lowered_states),
                      "--Format=" + std::string(groups_format)});
    if (!answer) return std::nullopt;
    auto groups = parse_groups(*answer, most_nodes);
    if (!groups) return std::nullopt;
    return *std::move(groups);
}

Result<SlurmNodes> SlurmTools::drain_unmarked(const Names& names,
                                              const std::function<void()>& on_way) {
    Names words = fold_hostlist(names, most_list_bytes);
    words.insert(words.begin(), "drain");
    const auto answer = call(helper_, "firebreak-slurm", words, on_way);
    if (!answer) return tl::unexpected(answer.error());
    return parse_dated_groups(*answer, most_nodes);
}

Result<void> SlurmTools::set(const Names& names, const std::string& state,
                             const std::string& reason) {
    for (const auto& list : fold_hostlist(names, most_list_bytes)) {
        Names words = {"update", "NodeName=" + list};
        if (!state.empty()) words.push_back("State=" + state);
        if (!reason.empty()) words.push_back("Reason=" + reason);
        if (const auto done = run("scontrol", words); !done) return tl::unexpected(done.error());
    }
    return {};
}

Result<std::string> SlurmTools::run(const std::string& tool, const Names& words) {
    return call(folder_ + '/' + tool, tool, words);
}

Result<std::string> SlurmTools::call(const std::string& program, const std::string& name,
                                     const Names& words, const std::function<void()>& meanwhile) {
    ChildPlan plan;
    plan.meanwhile = meanwhile;
    plan.words = {program};
    plan.words.insert(plan.words.end(), words.begin(), words.end());
    plan.most_output = most_answer_bytes;
    plan.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    if (!conf_.empty()) plan.environment.push_back("SLURM_CONF=" + conf_);
    auto end = run_child(plan, deadline_, stop_fd_);
    if (!end) return within(end.error(), name);
    if (end->code == 0) return std::move(end->out);
    // Some names unknown is no failure of the others: they read back as absent.
    const bool listed = words.size() > 1 && words[1] == "show" && !end->out.empty();
    if (listed) return std::move(end->out);
    const bool away = end->err.find("Unable to contact slurm controller") != end->err.npos ||
                      end->err.find("Connection refused") != end->err.npos;
    return fail(away ? Fault::port_lost : Fault::refused, name + ": " + complaint_of(*end));
}

}  // namespace firebreak
