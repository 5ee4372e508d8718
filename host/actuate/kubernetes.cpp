#include "host/actuate/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "contract/support/backoff.hpp"
#include "host/actuate/kubernetes_drain.hpp"

namespace firebreak {
namespace {

using Names = std::vector<std::string>;

constexpr int most_conflicts = 8;
constexpr std::size_t most_shown = 240;  // of what a node waits for

class Kubernetes final : public Actuator {
public:
    Kubernetes(EndpointPlan endpoint, std::map<std::string, Names> nodes, HostMarks marks,
               int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<KubernetesEndpoint>(endpoint_.how)),
          names_(std::move(nodes)),
          marks_(std::move(marks)),
          api_(endpoint_, stop_fd),
          drain_(how_, api_) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto names = names_.find(target);
        if (names == names_.end()) return fail(Fault::config, "no such target: " + target);
        now_ = std::chrono::steady_clock::now();
        deadline_ = now_ + endpoint_.timeout;
        why_.clear();
        patched_.clear();
        nodes_.clear();
        unknown_.clear();
        unread_.clear();
        drain_.begin(now_);
        Result<void> done = api_.begin(deadline_);
        if (done) done = look(names->second);
        // One that cannot be read is told of; all of them, and it is not about the nodes.
        if (done && !unknown_.empty() && unknown_.size() == names->second.size()) {
            done = tl::unexpected(unknown_.at(names->second.front()));
        }
        if (done) done = carry_out(names->second, steps);
        if (!done) return within(done.error(), endpoint_.name);
        return judged(steps, told(names->second));
    }

private:
    Result<void> look(const Names& names) {
        auto nodes = api_.nodes(names);
        if (!nodes) return tl::unexpected(nodes.error());
        for (auto& [name, node] : *nodes) {
            nodes_.erase(name);
            unknown_.erase(name);
            if (!node) {
                unknown_.emplace(name, node.error());
            } else if (*node) {
                nodes_.emplace(name, std::move(**node));
            }
        }
        return {};
    }

    Result<void> carry_out(const Names& names, const std::vector<Step>& steps) {
        // All are cordoned before the first pod goes: it must not land on the next node. But not
        // for longer than half of the time.
        auto done = mark(steps, false, now_ + endpoint_.timeout / 2);
        std::set<std::string> going;
        for (const auto& step : steps) {
            // Where new pods may come in, because it could not be cordoned, none is sent away.
            if (depth_of(step.action) > 0 && is_cordoned(step.item)) going.insert(step.item);
        }
        for (const auto& name : going) drain_.wants(name);
        KubeApi::Pods pods;
        if (done) done = read_pods(names, &pods);
        std::erase_if(pods, [&](const auto& entry) { return !going.contains(entry.first); });
        std::erase_if(pods, [](const auto& entry) { return evictable(entry.second).empty(); });
        if (done && !pods.empty()) {
            // Time is kept for reading back.
            done = drain_.evict(nodes_, pods, deadline_ - endpoint_.timeout / 4);
            Names told;
            for (const auto& [name, some] : pods) told.push_back(name);
            if (done) done = read_pods(told, nullptr);
        }
        if (done) done = mark(steps, true, deadline_);
        // What was written is believed once it is read.
        if (done && !patched_.empty()) done = look({patched_.begin(), patched_.end()});
        return done;
    }

    [[nodiscard]] bool is_cordoned(const std::string& name) const {
        const auto node = nodes_.find(name);
        return node != nodes_.end() && node->second.unschedulable;
    }

    /// Brings the nodes' own fields to what steps ask. Somebody else's write in between makes the
    /// API refuse ours, which was made for what was read: read again. `emptied`: the pods have been
    /// read, and those of which none is left may be shed.
    Result<void> mark(const std::vector<Step>& steps, bool emptied, Instant until) {
        std::set<std::string> open;
        for (const auto& step : steps) open.insert(step.item);
        Backoff pause{std::chrono::milliseconds(20), std::chrono::milliseconds(500)};
        for (int i = 0; i < most_conflicts; ++i) {
            std::map<std::string, std::string> patches;
            for (const auto& step : steps) {
                const auto node = nodes_.find(step.item);  // else it reads back as absent
                if (!open.contains(step.item) || node == nodes_.end()) continue;
                if (why_.contains(step.item)) continue;
                auto patch = node_patch(node->second, rung_of(step, node->second, emptied),
                                        marks_for(step), how_.taint);
                if (patch) patches.insert_or_assign(step.item, std::move(*patch));
            }
            if (patches.empty()) return {};
            auto conflicts = take(api_.patch(patches, until));
            if (!conflicts) return tl::unexpected(conflicts.error());
            if (conflicts->empty()) return {};
            open = {conflicts->begin(), conflicts->end()};
            if (!api_.wait(pause.failed())) return fail(Fault::timeout, "stopped");
            if (auto read = look(*conflicts); !read) return read;
        }
        for (const auto& name : open) {
            why_.try_emplace(name, Error{Fault::busy, "others keep changing it", 0});
        }
        return {};
    }

    /// Which of them others have changed in between.
    Result<Names> take(KubeApi::Patched&& patched) {
        Names conflicts;
        const Error* silence = nullptr;
        bool any_answer = false;
        for (auto& [name, node] : patched) {
            if (!node && node.error().fault == Fault::port_lost) {
                return tl::unexpected(node.error());
            }
            const bool silent = !node && node.error().fault == Fault::timeout;
            any_answer = any_answer || !silent;
            if (silent) silence = &node.error();
            if (!node) {
                why_.try_emplace(name, node.error());
            } else if (!*node) {
                conflicts.push_back(name);
            } else {
                nodes_.insert_or_assign(name, std::move(**node));
                patched_.insert(name);
            }
        }
        if (silence != nullptr && !any_answer) return tl::unexpected(*silence);
        return conflicts;
    }

    /// NoExecute ends all pods that do not tolerate it at once, of DaemonSets, too, whatever their
    /// budgets say: that comes last.
    [[nodiscard]] std::string_view rung_of(const Step& step, const KubeNode& node,
                                           bool emptied) const {
        const auto& name = step.item;
        const bool may_shed = emptied && node.unschedulable &&
                              (drain_.is_empty(name) || (how_.force && drain_.is_over(name)));
        const bool early = depth_of(step.action) > 1 && !may_shed && !has_shed_taint(node);
        return early ? "drain" : std::string_view(step.action);
    }

    /// A step up from where a peer was read to have put a node: that one is gone, and what it left
    /// is ours to take back.
    [[nodiscard]] HostMarks marks_for(const Step& step) const {
        const auto told = told_.find(step.item);
        const bool peers = told != told_.end() && bare(told->second).ends_with(by_peer);
        const auto to = depth_of(step.action);
        const bool up = peers && (to == 0 || to < depth_of(told->second));
        return up ? marks_ : marks_.alone();
    }

    /// Reads the pods of those that are cordoned, and tells of those whose cannot be read.
    Result<void> read_pods(const Names& names, KubeApi::Pods* into) {
        Names cordoned;
        std::copy_if(names.begin(), names.end(), std::back_inserter(cordoned),
                     [&](const auto& name) { return is_cordoned(name); });
        auto pods = api_.cached_pods(cordoned);
        if (!pods) return tl::unexpected(pods.error());
        Names unsure;  // that none is left must be sure
        for (const auto& [name, some] : *pods) {
            const bool none = some && drain_.left(nodes_.at(name), *some) == 0;
            if (none && !drain_.is_empty(name)) unsure.push_back(name);
        }
        auto sure = api_.pods(unsure);
        if (!sure) return tl::unexpected(sure.error());
        for (auto& [name, some] : *sure) pods->at(name) = std::move(some);
        for (auto& [name, some] : *pods) {
            if (!some) {
                unread_.insert_or_assign(name, some.error());
                why_.try_emplace(name, within(some.error(), "its pods").value());
                continue;
            }
            drain_.read(nodes_.at(name), *some, sure->contains(name));
            if (into != nullptr) into->emplace(name, std::move(*some));
        }
        return {};
    }

    ItemStates told(const Names& names) {
        ItemStates states;
        for (const auto& name : names) {
            if (const auto unknown = unknown_.find(name); unknown != unknown_.end()) {
                const auto& why = unknown->second.what;
                states[name] = std::string(cannot_tell) + '@' + why.substr(0, most_shown);
                continue;
            }
            const auto node = nodes_.find(name);
            if (node == nodes_.end()) continue;
            if (!node->second.unschedulable) drain_.forget(name);
            const auto unread = unread_.find(name);
            const bool pods_left = unread != unread_.end() || !drain_.is_empty(name);
            auto& state = states[name] = state_of(node->second, pods_left, marks_);
            if (state.starts_with(draining)) {
                const auto waits = unread == unread_.end()
                                       ? drain_.waits(name)
                                       : "cannot tell its pods: " + unread->second.what;
                if (!waits.empty()) state += '@' + waits.substr(0, most_shown);
            }
            told_[name] = state;
        }
        return states;
    }

    /// The states, or why a node is not where it was told to be: what no waiting mends, while
    /// nothing else moves. What is draining is on its way.
    Result<ItemStates> judged(const std::vector<Step>& steps, ItemStates states) const {
        if (drain_.moved()) return states;
        for (const auto& step : steps) {
            const auto state = states.find(step.item);
            if (state == states.end() || is_set(state->second, step.action)) continue;
            if (unknown_.contains(step.item)) continue;  // the state says why
            const auto place = endpoint_.name + ": " + step.item;
            const auto why = why_.find(step.item);
            if (why != why_.end()) return within(why->second, place);
            if (depth_of(step.action) == 0) continue;
            const auto* trouble = drain_.trouble(step.item);
            const bool over = drain_.is_over(step.item);
            if (trouble == nullptr && !over) continue;
            return fail(over ? Fault::refused : trouble->fault,
                        place + ": " + drain_.waits(step.item));
        }
        return states;
    }

    EndpointPlan endpoint_;
    KubernetesEndpoint how_;
    std::map<std::string, Names> names_;  ///< by target
    HostMarks marks_;
    KubeApi api_;
    KubeDrain drain_;
    ItemStates told_;  ///< as last read back
    // Of one order:
    Instant now_{};
    Instant deadline_{};
    KubeDrain::Nodes nodes_;
    std::map<std::string, Error> unknown_;  ///< node to why it cannot be read
    std::map<std::string, Error> unread_;   ///< the same of its pods
    std::set<std::string> patched_;
    std::map<std::string, Error> why_;  ///< node to what stood in the way of its own fields
};

}  // namespace

std::unique_ptr<Actuator> make_kubernetes(const EndpointPlan& endpoint,
                                          std::map<std::string, Names> nodes, HostMarks host,
                                          int stop_fd) {
    return std::make_unique<Kubernetes>(endpoint, std::move(nodes), std::move(host), stop_fd);
}

}  // namespace firebreak
