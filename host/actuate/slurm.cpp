#include "host/actuate/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "host/actuate/child.hpp"
#include "host/actuate/slurm_text.hpp"
#include "host/hostlist.hpp"

namespace firebreak {
namespace {

using Nodes = SlurmNodes;
using Names = std::vector<std::string>;

/// One scontrol's words may not grow without bound: the kernel takes 128 KiB a word. And its
/// answer, of which a node's line is some 600 bytes.
constexpr std::size_t most_list_bytes = 100'000;
constexpr std::size_t most_answer_bytes = 64UL * 1024 * 1024;

/// sinfo goes through a group's runs of names for each node of it: some 15 ns a step.
constexpr std::size_t most_group_steps = 10'000'000;
constexpr std::size_t most_nodes = 1'000'000;

class Slurm final : public Actuator {
public:
    Slurm(EndpointPlan endpoint, std::map<std::string, Names> nodes, HostMarks host, int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<SlurmEndpoint>(endpoint_.how)),
          nodes_(std::move(nodes)),
          host_(std::move(host)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        if (!nodes_.contains(target)) return fail(Fault::config, "no such target: " + target);
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        if (auto done = take(steps, nodes_.at(target)); !done) {
            return within(done.error(), endpoint_.name);
        }
        const auto after = read_back(steps, nodes_.at(target));
        if (!after) return within(after.error(), endpoint_.name);
        return states_of(*after, nodes_.at(target));
    }

    /// slurmctld tells of all its nodes whoever asks for some: of many targets it is asked once.
    [[nodiscard]] bool takes_many() const override { return true; }

    std::vector<Result<ItemStates>> apply_all(const std::vector<Order>& orders) override {
        if (orders.size() == 1) return Actuator::apply_all(orders);
        Names names;
        std::vector<Step> steps;
        for (const auto& order : orders) {
            const auto known = nodes_.find(order.target);
            if (known == nodes_.end()) return Actuator::apply_all(orders);
            names.insert(names.end(), known->second.begin(), known->second.end());
            steps.insert(steps.end(), order.steps.begin(), order.steps.end());
        }
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        const auto done = take(steps, names);
        // Refused as a whole: whose it was comes out one by one.
        if (!done && done.error().fault == Fault::refused) return Actuator::apply_all(orders);
        const auto after = done ? read_back(steps, names) : tl::unexpected(done.error());
        std::vector<Result<ItemStates>> answers;
        for (const auto& order : orders) {
            if (after) {
                answers.emplace_back(states_of(*after, nodes_.at(order.target)));
            } else {
                answers.push_back(within(after.error(), endpoint_.name));
            }
        }
        return answers;
    }

private:
    /// Nodes that one command sets alike.
    struct Update {
        std::string action, reason;
        Names nodes;
    };

    /// One refused command must not keep the others back: go on, say it last.
    Result<void> take(const std::vector<Step>& steps, const Names& names) {
        if (steps.empty()) return {};
        for (const auto& step : steps) {
            if (depth_of(step.action) < 2) signalled_.erase(step.item);
        }
        const auto before = look(steps, names);
        if (!before) return tl::unexpected(before.error());
        Result<void> refused;
        for (const auto& update : updates(steps, *before)) {
            const auto done = carry_out(update, *before);
            if (done || !refused) continue;
            refused = done;
            if (done.error().fault != Fault::refused) break;
        }
        return refused;
    }

    /// Before an order: in whose hands the nodes are now. For a drain it is enough to know of those
    /// that somebody has put down; that the others exist was read a little while ago.
    Result<Nodes> look(const std::vector<Step>& steps, const Names& names) {
        auto down = lowered(steps, names);
        if (!down) return show(names);
        SlurmNode carries;
        carries.state = {"IDLE"};
        for (const auto& name : names) down->try_emplace(name, carries);
        return *std::move(down);
    }

    /// After it: where all are put down, how far says sinfo; else each is asked for in full.
    Result<Nodes> read_back(const std::vector<Step>& steps, const Names& names) {
        auto down = lowered(steps, names);
        const auto is_down = [&](const auto& name) { return down->contains(name); };
        if (down && std::all_of(names.begin(), names.end(), is_down)) return *std::move(down);
        return show(names);
    }

    /// Those that are drained, down or off, at half the cost of all there is to say of every node.
    /// Nothing where it does not pay or cannot tell.
    std::optional<Nodes> lowered(const std::vector<Step>& steps, const Names& names) {
        const auto is_drain = [](const auto& step) { return step.action == "drain"; };
        const auto is_told_of = [&](const auto& name) { return told_of_.contains(name); };
        if (steps.empty() || !std::all_of(steps.begin(), steps.end(), is_drain) ||
            !std::all_of(names.begin(), names.end(), is_told_of)) {
            return std::nullopt;
        }
        std::size_t runs = 1;
        for (const auto& list : fold_hostlist(names, most_list_bytes)) {
            runs += static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1;
        }
        if (runs > most_group_steps / names.size()) return std::nullopt;
        const auto answer = run(
            "sinfo", {"--noheader", "--all", "--local", "--states=" + std::string(lowered_states),
                      "--Format=" + std::string(groups_format)});
        if (!answer) return std::nullopt;
        auto groups = parse_groups(*answer, most_nodes);
        if (!groups) return std::nullopt;
        return *std::move(groups);
    }

    [[nodiscard]] ItemStates states_of(const Nodes& nodes, const Names& names) {
        ItemStates states;
        for (const auto& name : names) {
            const auto node = nodes.find(name);
            if (node == nodes.end()) continue;
            const auto state = state_of(node->second, host_);
            if (depth_of(state) != 1) signalled_.erase(name);
            if (state.ends_with(by_peer)) {
                told_as_peers_.insert(name);
            } else {
                told_as_peers_.erase(name);
            }
            states[name] = state;
        }
        return states;
    }

    /// Nothing is said of nodes that are there already, and nothing taken from others: a step up
    /// is for nodes that bear our mark, a step down keeps the reason of whoever was there first.
    [[nodiscard]] std::vector<Update> updates(const std::vector<Step>& steps,
                                              const Nodes& nodes) const {
        std::map<std::pair<std::string, std::string>, Names> alike;
        auto last = alike.end();
        for (const auto& step : steps) {
            const auto node = nodes.find(step.item);
            if (node == nodes.end()) continue;  // reads back as absent
            const auto state = state_of(node->second, host_);
            const bool up = depth_of(step.action) < depth_of(state);
            // A step up from where a peer was read to have set it: that one is gone.
            const bool taken_over =
                up && state.ends_with(by_peer) && told_as_peers_.contains(step.item);
            const bool others =
                state.ends_with(by_others) || (state.ends_with(by_peer) && !taken_over);
            if (depth_of(state) == depth_of(step.action)) continue;
            if (others && up) continue;
            const auto before =
                others ? reason_of_others(node->second) : reason_before(node->second.reason);
            const auto reason =
                depth_of(step.action) == 0 ? before : slurm_reason(host_.host, step, before);
            // Mostly all are alike, and come one after the other.
            if (last == alike.end() || last->first.first != step.action ||
                last->first.second != reason) {
                last = alike.try_emplace({step.action, reason}).first;
            }
            last->second.push_back(step.item);
        }
        std::vector<Update> out;
        for (auto& [how, names] : alike) out.push_back({how.first, how.second, std::move(names)});
        return out;
    }

    Result<void> carry_out(const Update& update, const Nodes& before) {
        const int depth = depth_of(update.action);
        if (depth == 0) return bring_back(update, before);
        // A step up from deeper passes through ready: Slurm has no way from down to drained alone.
        if (depth == 1) return drain(update, before);
        if (auto drained = drain(update, before); !drained) return drained;
        const auto idle = end_jobs(update.nodes);
        if (!idle) return tl::unexpected(idle.error());
        if (idle->empty()) return {};  // reads back as drained: asked for again
        return set(*idle, depth == 3 ? "POWER_DOWN" : "DOWN", update.reason);
    }

    Result<void> drain(const Update& update, const Nodes& before) {
        const auto woken = wake(update.nodes, before, depth_of(update.action));
        if (!woken) return tl::unexpected(woken.error());
        return set(update.nodes, "DRAIN", update.reason);
    }

    /// Out of the states that a drain alone would not end; whether there was one. Who is to go
    /// further down stays in his: woken in between, a node would take new jobs.
    Result<bool> wake(const Names& names, const Nodes& before, int to) {
        Names deep;
        Names off;
        for (const auto& name : names) {
            const auto depth = depth_of(state_of(before.at(name), host_));
            if (depth <= to) continue;
            if (depth == 3) off.push_back(name);
            if (depth >= 2) deep.push_back(name);
        }
        if (!off.empty()) {
            if (auto up = set(off, "POWER_UP", ""); !up) return tl::unexpected(up.error());
        }
        if (deep.empty()) return false;
        if (auto up = set(deep, "RESUME", ""); !up) return tl::unexpected(up.error());
        return true;
    }

    Result<void> bring_back(const Update& update, const Nodes& before) {
        const auto woken = wake(update.nodes, before, 0);
        if (!woken) return tl::unexpected(woken.error());
        // Drained by a person before we came: so it shall be again.
        if (!update.reason.empty()) return set(update.nodes, "DRAIN", update.reason);
        const auto now = *woken ? show(update.nodes) : Result<Nodes>(before);
        if (!now) return tl::unexpected(now.error());
        Names drained;
        for (const auto& name : update.nodes) {
            const auto node = now->find(name);
            if (node == now->end()) continue;
            const auto state = state_of(node->second, host_);
            if (depth_of(state) == 1 && !state.ends_with(by_others)) drained.push_back(name);
        }
        return drained.empty() ? Result<void>{} : set(drained, "RESUME", "");
    }

    /// Does what the policy says to running jobs; the nodes that may go down now.
    Result<Names> end_jobs(const Names& nodes) {
        if (how_.jobs == RunningJobs::kill) return nodes;
        std::string ids;
        for (const auto& list : fold_hostlist(nodes, most_list_bytes)) {
            const auto jobs = run("squeue", {"--noheader", "--states=RUNNING,SUSPENDED",
                                             "--format=%A", "--nodelist=" + list});
            if (!jobs) return tl::unexpected(jobs.error());
            ids += *jobs;
        }
        if (ids.empty()) return nodes;
        if (how_.jobs == RunningJobs::requeue) {
            // A job that may not be requeued ends with its node: that is no reason to wait.
            for (const auto& list : comma_lists(ids, most_list_bytes)) {
                const auto requeued = run("scontrol", {"requeue", list});
                if (requeued || requeued.error().fault == Fault::refused) continue;
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
            const auto [told, first] = signalled_.try_emplace(name, Signalled{now, now});
            // Not asked for in between, it may have other jobs by now.
            const bool anew = !first && now - told->second.asked > longest_pause;
            if (anew) told->second.at = now;
            if (first || anew) fresh.push_back(name);
            told->second.asked = now;
            if (now - told->second.at >= how_.grace) over.push_back(name);
        }
        if (fresh.empty()) return over;
        for (const auto& list : fold_hostlist(fresh, most_list_bytes)) {
            const auto sent =
                run("scancel", {"--signal=" + how_.signal, "--full", "--nodelist=" + list});
            if (sent) continue;
            for (const auto& name : fresh) signalled_.erase(name);
            return tl::unexpected(sent.error());
        }
        return over;
    }

    Result<void> set(const Names& nodes, const std::string& state, const std::string& reason) {
        for (const auto& list : fold_hostlist(nodes, most_list_bytes)) {
            Names words = {"update", "NodeName=" + list, "State=" + state};
            if (!reason.empty()) words.push_back("Reason=" + reason);
            if (const auto done = run("scontrol", words); !done) {
                return tl::unexpected(done.error());
            }
        }
        return {};
    }

    Result<Nodes> show(const Names& names) {
        Nodes nodes;
        for (const auto& list : fold_hostlist(names, most_list_bytes)) {
            const auto answer = run("scontrol", {"--oneliner", "show", "node", list});
            if (!answer) return tl::unexpected(answer.error());
            auto some = parse_nodes(*answer);
            if (!some) return some;
            nodes.merge(*some);
        }
        for (const auto& name : names) {
            const auto node = nodes.find(name);
            if (node != nodes.end() && node->second.in_partition) {
                told_of_.insert(name);
            } else {
                told_of_.erase(name);
            }
        }
        return nodes;
    }

    Result<std::string> run(const std::string& tool, const Names& words) {
        ChildPlan plan;
        plan.words = {endpoint_.address + '/' + tool};
        plan.words.insert(plan.words.end(), words.begin(), words.end());
        plan.most_output = most_answer_bytes;
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
    HostMarks host_;
    int stop_fd_;
    Instant deadline_{};
    struct Signalled {
        Instant at, asked;
    };
    static constexpr Duration longest_pause = std::chrono::minutes(2);
    std::map<std::string, Signalled> signalled_;  ///< nodes whose jobs were told, and when
    std::unordered_set<std::string> told_of_;     ///< nodes that sinfo shows: those in a partition
    std::unordered_set<std::string> told_as_peers_;  ///< as last read back: a peer's
};

}  // namespace

std::unique_ptr<Actuator> make_slurm(const EndpointPlan& endpoint,
                                     std::map<std::string, Names> nodes, HostMarks host,
                                     int stop_fd) {
    return std::make_unique<Slurm>(endpoint, std::move(nodes), std::move(host), stop_fd);
}

}  // namespace firebreak
