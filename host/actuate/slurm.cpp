#include "host/actuate/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/actuate/child.hpp"
#include "host/actuate/slurm_text.hpp"

namespace firebreak {
namespace {

using Nodes = std::map<std::string, SlurmNode>;
using Names = std::vector<std::string>;

/// One scontrol's words may not grow without bound: the kernel takes 128 KiB a word.
constexpr std::size_t most_nodes_a_call = 500;

class Slurm final : public Actuator {
public:
    Slurm(EndpointPlan endpoint, std::map<std::string, Names> nodes, std::string host, int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<SlurmEndpoint>(endpoint_.how)),
          nodes_(std::move(nodes)),
          host_(std::move(host)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> observe(const std::string& target) override { return apply(target, {}); }

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto names = nodes_.find(target);
        if (names == nodes_.end()) return fail(Fault::config, "no such target: " + target);
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        if (!steps.empty()) {
            const auto before = show(names->second);
            if (!before) return within(before.error(), endpoint_.name);
            // One refused command must not keep the others back: go on, say it last.
            std::optional<Error> refused;
            for (const auto& update : updates(steps, *before)) {
                const auto done = carry_out(update);
                if (done || refused) continue;
                refused = done.error();
                if (refused->fault != Fault::refused) break;
            }
            if (refused) return within(*refused, endpoint_.name);
        }
        const auto after = show(names->second);
        if (!after) return within(after.error(), endpoint_.name);
        ItemStates states;
        for (const auto& [name, node] : *after) states[name] = state_of(node, host_);
        for (const auto& [name, state] : states) {
            if (depth_of(state) < 2) continue;
            signalled_.erase(name);
        }
        return states;
    }

private:
    /// Nodes that one command sets alike.
    struct Update {
        std::string action, reason;
        Names nodes;
    };

    /// Nothing is said of nodes that are there already, and nothing taken from others: a step up
    /// is for nodes that bear our mark, a step down keeps the reason of whoever was there first.
    [[nodiscard]] std::vector<Update> updates(const std::vector<Step>& steps,
                                              const Nodes& nodes) const {
        std::map<std::pair<std::string, std::string>, Names> alike;
        for (const auto& step : steps) {
            const auto node = nodes.find(step.item);
            if (node == nodes.end()) continue;  // reads back as absent
            const auto state = state_of(node->second, host_);
            const bool others = state.ends_with(by_others);
            if (depth_of(state) == depth_of(step.action)) continue;
            if (others && depth_of(step.action) < depth_of(state)) continue;
            const auto before = others ? node->second.reason : reason_before(node->second.reason);
            const auto reason =
                depth_of(step.action) == 0 ? before : slurm_reason(host_, step, before);
            alike[{step.action, reason}].push_back(step.item);
        }
        std::vector<Update> out;
        for (auto& [how, names] : alike) {
            for (std::size_t i = 0; i < names.size(); i += most_nodes_a_call) {
                const auto end = std::min(i + most_nodes_a_call, names.size());
                out.push_back({how.first,
                               how.second,
                               {names.begin() + static_cast<std::ptrdiff_t>(i),
                                names.begin() + static_cast<std::ptrdiff_t>(end)}});
            }
        }
        return out;
    }

    Result<void> carry_out(const Update& update) {
        const int depth = depth_of(update.action);
        if (depth == 0) return bring_back(update);
        // A step up from deeper passes through ready: Slurm has no way from down to drained alone.
        if (depth == 1) return drain(update);
        if (auto drained = drain(update); !drained) return drained;
        const auto idle = end_jobs(update.nodes);
        if (!idle) return tl::unexpected(idle.error());
        if (idle->empty()) return {};  // reads back as drained: asked for again
        return set(*idle, depth == 3 ? "POWER_DOWN" : "DOWN", update.reason);
    }

    Result<void> drain(const Update& update) {
        if (auto woken = wake(update.nodes); !woken) return woken;
        return set(update.nodes, "DRAIN", update.reason);
    }

    /// Out of the states that a drain alone would not end.
    Result<void> wake(const Names& nodes) {
        const auto now = show(nodes);
        if (!now) return tl::unexpected(now.error());
        Names deep;
        Names off;
        for (const auto& [name, node] : *now) {
            if (depth_of(state_of(node, host_)) == 3) off.push_back(name);
            if (depth_of(state_of(node, host_)) >= 2) deep.push_back(name);
        }
        if (!off.empty()) {
            if (auto up = set(off, "POWER_UP", ""); !up) return up;
        }
        return deep.empty() ? Result<void>{} : set(deep, "RESUME", "");
    }

    Result<void> bring_back(const Update& update) {
        if (auto woken = wake(update.nodes); !woken) return woken;
        // Drained by a person before we came: so it shall be again.
        if (!update.reason.empty()) return set(update.nodes, "DRAIN", update.reason);
        const auto now = show(update.nodes);
        if (!now) return tl::unexpected(now.error());
        Names drained;
        for (const auto& [name, node] : *now) {
            if (state_of(node, host_) == "drain") drained.push_back(name);
        }
        return drained.empty() ? Result<void>{} : set(drained, "RESUME", "");
    }

    /// Does what the policy says to running jobs; the nodes that may go down now.
    Result<Names> end_jobs(const Names& nodes) {
        if (how_.jobs == RunningJobs::kill) return nodes;
        const auto list = comma_list(nodes);
        const auto jobs = run("squeue", {"--noheader", "--states=RUNNING,SUSPENDED", "--format=%A",
                                         "--nodelist=" + list});
        if (!jobs) return tl::unexpected(jobs.error());
        if (jobs->empty()) return nodes;
        if (how_.jobs == RunningJobs::requeue) {
            std::string ids = *jobs;
            while (ids.ends_with('\n')) ids.pop_back();
            std::replace(ids.begin(), ids.end(), '\n', ',');
            // A job that may not be requeued ends with its node: that is no reason to wait.
            const auto requeued = run("scontrol", {"requeue", ids});
            if (!requeued && requeued.error().fault != Fault::refused) {
                return tl::unexpected(requeued.error());
            }
            return nodes;
        }
        return signal_jobs(nodes);
    }

    Result<Names> signal_jobs(const Names& nodes) {
        const auto now = std::chrono::steady_clock::now();
        Names over;
        Names fresh;
        for (const auto& name : nodes) {
            const auto [told, first] = signalled_.try_emplace(name, now);
            if (first) fresh.push_back(name);
            if (now - told->second >= how_.grace) over.push_back(name);
        }
        if (fresh.empty()) return over;
        const auto sent = run(
            "scancel", {"--signal=" + how_.signal, "--full", "--nodelist=" + comma_list(fresh)});
        if (sent) return over;
        for (const auto& name : fresh) signalled_.erase(name);
        return tl::unexpected(sent.error());
    }

    Result<void> set(const Names& nodes, const std::string& state, const std::string& reason) {
        Names words = {"update", "NodeName=" + comma_list(nodes), "State=" + state};
        if (!reason.empty()) words.push_back("Reason=" + reason);
        const auto done = run("scontrol", words);
        return done ? Result<void>{} : tl::unexpected(done.error());
    }

    Result<Nodes> show(const Names& names) {
        Nodes nodes;
        for (std::size_t i = 0; i < names.size(); i += most_nodes_a_call) {
            const auto end = std::min(i + most_nodes_a_call, names.size());
            const auto answer =
                run("scontrol", {"--oneliner", "show", "node",
                                 comma_list({names.begin() + static_cast<std::ptrdiff_t>(i),
                                             names.begin() + static_cast<std::ptrdiff_t>(end)})});
            if (!answer) return tl::unexpected(answer.error());
            auto some = parse_nodes(*answer);
            if (!some) return some;
            nodes.merge(*some);
        }
        return nodes;
    }

    Result<std::string> run(const std::string& tool, const Names& words) {
        ChildPlan plan;
        plan.words = {endpoint_.address + '/' + tool};
        plan.words.insert(plan.words.end(), words.begin(), words.end());
        plan.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
        if (!how_.conf.empty()) plan.environment.push_back("SLURM_CONF=" + how_.conf);
        auto end = run_child(plan, deadline_, stop_fd_);
        if (!end) return within(end.error(), tool);
        if (end->code == 0) return std::move(end->out);
        // Some names unknown is no failure of the others: they read back as absent.
        const bool listed = words.size() > 1 && words[1] == "show" && !end->out.empty();
        if (listed) return std::move(end->out);
        const auto why = tool + ": " + complaint_of(*end);
        const bool away = end->err.find("Unable to contact slurm controller") != end->err.npos ||
                          end->err.find("Connection refused") != end->err.npos;
        return fail(away ? Fault::port_lost : Fault::refused, why);
    }

    EndpointPlan endpoint_;
    SlurmEndpoint how_;
    std::map<std::string, Names> nodes_;
    std::string host_;
    int stop_fd_;
    Instant deadline_{};
    std::map<std::string, Instant> signalled_;  ///< node to when its jobs were told
};

}  // namespace

std::unique_ptr<Actuator> make_slurm(const EndpointPlan& endpoint,
                                     std::map<std::string, Names> nodes, std::string host,
                                     int stop_fd) {
    return std::make_unique<Slurm>(endpoint, std::move(nodes), std::move(host), stop_fd);
}

}  // namespace firebreak
