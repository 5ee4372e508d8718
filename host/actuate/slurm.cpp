#include "host/actuate/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "host/actuate/slurm_jobs.hpp"
#include "host/actuate/slurm_text.hpp"
#include "host/actuate/slurm_tools.hpp"
#include "host/actuate/slurm_unmarked.hpp"

namespace firebreak {
namespace {

using Nodes = SlurmNodes;
using Names = SlurmTools::Names;
using Steps = std::vector<const Step*>;

class Slurm final : public Actuator {
public:
    Slurm(EndpointPlan endpoint, std::map<std::string, Names> nodes, HostMarks host, int stop_fd)
        // slurmctld tells of all its nodes whoever asks for some: of many targets it is asked once.
        : Actuator(/*takes_many=*/true),
          endpoint_(std::move(endpoint)),
          nodes_(std::move(nodes)),
          host_(std::move(host)),
          tools_(endpoint_, stop_fd),
          jobs_(tools_, std::get<SlurmEndpoint>(endpoint_.how)) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        if (!nodes_.contains(target)) return fail(Fault::config, "no such target: " + target);
        Steps all;
        for (const auto& step : steps) all.push_back(&step);
        const auto after = carry_out(all, nodes_.at(target));
        answers_ = after.has_value();
        if (!after) return within(after.error(), endpoint_.name);
        return states_of(*after, nodes_.at(target));
    }

    void apply_all(const std::vector<Order>& orders, const Answer& answer) override {
        if (orders.size() == 1) return Actuator::apply_all(orders, answer);
        Names names;
        Steps steps;
        for (const auto& order : orders) {
            const auto known = nodes_.find(order.target);
            if (known == nodes_.end()) return Actuator::apply_all(orders, answer);
            names.insert(names.end(), known->second.begin(), known->second.end());
            for (const auto& step : order.steps) steps.push_back(&step);
        }
        const auto after = carry_out(steps, names);
        answers_ = after.has_value();
        // Refused as a whole: whose it was comes out one by one.
        if (!after && after.error().fault == Fault::refused && !steps.empty()) {
            return Actuator::apply_all(orders, answer);
        }
        for (std::size_t i = 0; i < orders.size(); ++i) {
            if (after) {
                answer(i, states_of(*after, nodes_.at(orders[i].target)));
            } else {
                answer(i, within(after.error(), endpoint_.name));
            }
        }
    }

    /// Writes the marks that are owed.
    void tidy_up() override {
        if (!answers_) return;
        tools_.end_by(std::chrono::steady_clock::now() + endpoint_.timeout);
        for (const auto& [mark, names] : unmarked_.owed()) {
            if (tools_.set(names, "", mark)) unmarked_.forget(names);
        }
        if (const auto names = unmarked_.take_surplus(); !names.empty()) {
            static_cast<void>(tools_.set(names, "UNDRAIN", ""));
        }
    }

private:
    /// Nodes that one command sets alike.
    struct Update {
        std::string action, reason;
        Names nodes;
    };

    /// The nodes as they are after the steps.
    Result<Nodes> carry_out(const Steps& steps, const Names& names) {
        tools_.end_by(std::chrono::steady_clock::now() + endpoint_.timeout);
        if (tools_.has_library() && unmarked_.suits(steps)) {
            auto after = drain_unmarked(steps);
            // What the library may not do the tools may.
            if (after || is_away(after.error())) return after;
        }
        if (auto done = take(steps, names); !done) return tl::unexpected(done.error());
        return read_back(steps, names);
    }

    Result<Nodes> drain_unmarked(const Steps& steps) {
        Names names;
        names.reserve(steps.size());
        for (const auto* step : steps) names.push_back(step->item);
        auto after = tools_.drain_unmarked(names, [&] { unmarked_.sent(steps, host_.host); });
        if (after) unmarked_.read(*after);
        return after;
    }

    /// One refused command must not keep the others back: go on, say it last.
    Result<void> take(const Steps& steps, const Names& names) {
        if (steps.empty()) return {};
        for (const auto* step : steps) {
            if (depth_of(step->action) < 2) jobs_.forget(step->item);
        }
        const auto before = look(steps, names);
        if (!before) return tl::unexpected(before.error());
        Result<void> refused;
        for (const auto& update : updates(steps, *before)) {
            const auto done = carry_out(update, *before);
            if (done) unmarked_.forget(update.nodes);
            if (done || !refused) continue;
            refused = done;
            if (done.error().fault != Fault::refused) break;
        }
        return refused;
    }

    Result<Nodes> show(const Names& names) {
        auto nodes = tools_.show(names);
        if (!nodes) return nodes;
        unmarked_.read(*nodes);
        unmarked_.saw(*nodes);
        return nodes;
    }

    std::optional<Nodes> lowered(const Steps& steps, const Names& names) {
        const auto is_drain = [](const Step* step) { return step->action == "drain"; };
        if (steps.empty() || !std::all_of(steps.begin(), steps.end(), is_drain)) return {};
        return tools_.lowered(names);
    }

    /// Before an order: in whose hands the nodes are now. For a drain it is enough to know of those
    /// that somebody has put down; that the others exist was read a little while ago.
    Result<Nodes> look(const Steps& steps, const Names& names) {
        auto down = lowered(steps, names);
        if (!down) return show(names);
        SlurmNode carries;
        carries.works = true;
        for (const auto& name : names) down->try_emplace(name, carries);
        return *std::move(down);
    }

    /// After it: where all are put down, how far says sinfo; else each is asked for in full.
    Result<Nodes> read_back(const Steps& steps, const Names& names) {
        auto down = lowered(steps, names);
        const auto is_down = [&](const auto& name) { return down->contains(name); };
        if (down && std::all_of(names.begin(), names.end(), is_down)) return *std::move(down);
        return show(names);
    }

    [[nodiscard]] ItemStates states_of(const Nodes& nodes, const Names& names) {
        ItemStates states;
        for (const auto& name : names) {
            const auto node = nodes.find(name);
            if (node == nodes.end()) continue;
            auto state = state_of(node->second, host_);
            if (depth_of(state) != 1) jobs_.forget(name);
            if (state.ends_with(by_peer)) {
                told_as_peers_.insert(name);
            } else if (!told_as_peers_.empty()) {
                told_as_peers_.erase(name);
            }
            states.emplace_hint(states.end(), name, std::move(state));
        }
        return states;
    }

    /// Nothing is said of nodes that are there already, and nothing taken from others: a step up
    /// is for nodes that bear our mark, a step down keeps the reason of whoever was there first.
    [[nodiscard]] std::vector<Update> updates(const Steps& steps, const Nodes& nodes) const {
        std::map<std::pair<std::string, std::string>, Names> alike;
        auto last = alike.end();
        for (const auto* each : steps) {
            const auto& step = *each;
            const auto node = nodes.find(step.item);
            if (node == nodes.end()) continue;  // reads back as absent
            const auto state = state_of(node->second, host_);
            const bool up = depth_of(step.action) < depth_of(state);
            // A step up from where a peer was read to have set it: that one is gone.
            const bool taken_over =
                up && state.ends_with(by_peer) && told_as_peers_.contains(step.item);
            // And from where nobody has marked it: the ledger knows that it is ours.
            const bool others =
                bare(state).ends_with(by_others) && !(up && state.ends_with(unmarked));
            const bool theirs = others || (state.ends_with(by_peer) && !taken_over);
            if (depth_of(state) == depth_of(step.action)) continue;
            if (theirs && up) continue;
            const auto before =
                theirs ? reason_of_others(node->second) : reason_before(node->second.reason);
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
        const auto idle = jobs_.end_jobs(update.nodes, std::chrono::steady_clock::now());
        if (!idle) return tl::unexpected(idle.error());
        if (idle->empty()) return {};  // reads back as drained: asked for again
        return tools_.set(*idle, depth == 3 ? "POWER_DOWN" : "DOWN", update.reason);
    }

    Result<void> drain(const Update& update, const Nodes& before) {
        const auto woken = wake(update.nodes, before, depth_of(update.action));
        if (!woken) return tl::unexpected(woken.error());
        return tools_.set(update.nodes, "DRAIN", update.reason);
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
            if (auto up = tools_.set(off, "POWER_UP", ""); !up) return tl::unexpected(up.error());
        }
        if (deep.empty()) return false;
        if (auto up = tools_.set(deep, "RESUME", ""); !up) return tl::unexpected(up.error());
        return true;
    }

    Result<void> bring_back(const Update& update, const Nodes& before) {
        const auto woken = wake(update.nodes, before, 0);
        if (!woken) return tl::unexpected(woken.error());
        // Drained by a person before we came: so it shall be again.
        if (!update.reason.empty()) return tools_.set(update.nodes, "DRAIN", update.reason);
        const auto now = *woken ? show(update.nodes) : Result<Nodes>(before);
        if (!now) return tl::unexpected(now.error());
        Names drained;
        for (const auto& name : update.nodes) {
            const auto node = now->find(name);
            if (node == now->end()) continue;
            const auto state = state_of(node->second, host_);
            const bool others = bare(state).ends_with(by_others) && !state.ends_with(unmarked);
            if (depth_of(state) == 1 && !others) drained.push_back(name);
        }
        return drained.empty() ? Result<void>{} : tools_.set(drained, "RESUME", "");
    }

    EndpointPlan endpoint_;
    std::map<std::string, Names> nodes_;
    HostMarks host_;
    SlurmTools tools_;
    SlurmJobs jobs_;
    SlurmUnmarked unmarked_;
    bool answers_ = false;                           ///< at the last call
    std::unordered_set<std::string> told_as_peers_;  ///< as last read back: a peer's
};

}  // namespace

std::unique_ptr<Actuator> make_slurm(const EndpointPlan& endpoint,
                                     std::map<std::string, Names> nodes, HostMarks host,
                                     int stop_fd) {
    return std::make_unique<Slurm>(endpoint, std::move(nodes), std::move(host), stop_fd);
}

}  // namespace firebreak
