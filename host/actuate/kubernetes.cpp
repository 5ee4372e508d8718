#include "host/actuate/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "host/actuate/kubernetes_api.hpp"

namespace firebreak {
namespace {

using Names = std::vector<std::string>;
using Fate = KubeEviction::Fate;

constexpr int most_conflicts = 8;

/// The next request would only wait through the same silence.
bool ends_order(const Error& error) {
    return error.fault == Fault::timeout || error.fault == Fault::port_lost;
}

class Kubernetes final : public Actuator {
public:
    Kubernetes(EndpointPlan endpoint, std::map<std::string, Names> nodes, std::string host,
               int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<KubernetesEndpoint>(endpoint_.how)),
          nodes_(std::move(nodes)),
          host_(std::move(host)),
          api_(endpoint_, stop_fd) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto names = nodes_.find(target);
        if (names == nodes_.end()) return fail(Fault::config, "no such target: " + target);
        now_ = std::chrono::steady_clock::now();
        deadline_ = now_ + endpoint_.timeout;
        why_.clear();
        Result<void> done = api_.begin(deadline_);
        if (done) done = carry_out(steps);
        if (!done) return within(done.error(), endpoint_.name);
        auto states = show(names->second);
        if (!states) return within(states.error(), endpoint_.name);
        return judged(steps, std::move(*states));
    }

private:
    Result<void> carry_out(const std::vector<Step>& steps) {
        // All are cordoned before the first pod goes: it must not land on the next node.
        for (const auto& step : steps) {
            const auto set = mark(step);
            if (set) continue;
            if (ends_order(set.error())) return set;
            why_.try_emplace(step.item, set.error());
        }
        std::vector<KubePod> pods;
        for (const auto& step : steps) {
            if (depth_of(step.action) == 0) continue;
            const auto node = api_.node(step.item);
            if (!node) return tl::unexpected(node.error());
            // Where new pods may come in, because it could not be cordoned, none is sent away.
            if (!*node || !(*node)->unschedulable) continue;
            const auto some = api_.pods(step.item);
            if (!some) return tl::unexpected(some.error());
            began_.try_emplace(step.item, now_);
            pods.insert(pods.end(), some->begin(), some->end());
        }
        return evict(evictable(std::move(pods)));
    }

    /// Brings the node's own fields to what a step asks. Somebody else's write in between makes
    /// the API refuse ours, which was made for what was read: read again.
    Result<void> mark(const Step& step) {
        for (int i = 0; i < most_conflicts; ++i) {
            const auto node = api_.node(step.item);
            if (!node) return tl::unexpected(node.error());
            if (!*node) return {};  // reads back as absent
            auto patch = node_patch(**node, step.action, host_, how_.taint);
            if (!patch) return {};
            const auto done = api_.patch(step.item, std::move(*patch));
            if (!done) return tl::unexpected(done.error());
            if (*done) return {};
        }
        return fail(Fault::busy, "others keep changing it");
    }

    Result<void> evict(const std::vector<KubePod>& pods) {
        std::erase_if(not_before_, [&](const auto& entry) { return entry.second <= now_; });
        // Time is kept for reading back: who is not told now is told at the next order.
        const Instant until = deadline_ - endpoint_.timeout / 4;
        for (const auto& pod : pods) {
            if (not_before_.contains(pod.uid)) continue;
            if (std::chrono::steady_clock::now() >= until) break;
            auto answer = api_.evict(pod);
            if (answer.fate == Fate::budget && how_.force && is_over(pod.node)) {
                answer = api_.remove(pod);
            }
            if (answer.fate == Fate::going) continue;
            if (ends_order(answer.why)) return tl::unexpected(answer.why);
            if (answer.again > Duration::zero()) not_before_[pod.uid] = now_ + answer.again;
            why_.try_emplace(pod.node, within(answer.why, pod.space + '/' + pod.name).value());
            if (answer.fate == Fate::throttled) break;
        }
        return {};
    }

    [[nodiscard]] bool is_over(const std::string& node) const {
        const auto began = began_.find(node);
        return began != began_.end() && now_ - began->second >= how_.evict_deadline;
    }

    Result<ItemStates> show(const Names& names) {
        ItemStates states;
        left_.clear();
        for (const auto& name : names) {
            const auto node = api_.node(name);
            if (!node) return tl::unexpected(node.error());
            if (!*node) continue;
            bool left = false;
            if ((*node)->unschedulable) {
                const auto pods = api_.pods(name);
                if (!pods) return tl::unexpected(pods.error());
                left_[name] = std::count_if(pods->begin(), pods->end(), must_go);
                left = left_[name] > 0;
            }
            states[name] = state_of(**node, left, host_);
            if (!states[name].starts_with(draining)) began_.erase(name);
        }
        return states;
    }

    /// The states, or why a node is not where it was told to be, where more than they is known.
    Result<ItemStates> judged(const std::vector<Step>& steps, ItemStates states) const {
        for (const auto& step : steps) {
            const auto state = states.find(step.item);
            if (state == states.end() || is_set(state->second, step.action)) continue;
            const auto why = why_.find(step.item);
            const auto left = left_.find(step.item);
            const bool waits = depth_of(step.action) > 0 && left != left_.end() && left->second > 0;
            if (!waits && why == why_.end()) continue;
            Error error = why == why_.end() ? Error{Fault::busy, "", 0} : why->second;
            std::string what = step.item;
            if (waits) what += fmt::format(": pods still to go: {}", left->second);
            if (waits && is_over(step.item)) {
                what +=
                    fmt::format(", past evict_deadline {}", format_duration(how_.evict_deadline));
                error.fault = Fault::refused;
            }
            if (!error.what.empty()) what += ": " + error.what;
            return fail(error.fault, endpoint_.name + ": " + what);
        }
        return states;
    }

    EndpointPlan endpoint_;
    KubernetesEndpoint how_;
    std::map<std::string, Names> nodes_;
    std::string host_;
    KubeApi api_;
    Instant now_{};
    Instant deadline_{};
    // Of one order:
    std::map<std::string, Error> why_;            ///< node to what first stood in the way
    std::map<std::string, std::ptrdiff_t> left_;  ///< cordoned node to its pods that must go
    // Of a drain, which may take many:
    std::map<std::string, Instant> began_;       ///< node to when its pods were first told to go
    std::map<std::string, Instant> not_before_;  ///< a pod's uid to when the API may be asked again
};

}  // namespace

std::unique_ptr<Actuator> make_kubernetes(const EndpointPlan& endpoint,
                                          std::map<std::string, Names> nodes, std::string host,
                                          int stop_fd) {
    return std::make_unique<Kubernetes>(endpoint, std::move(nodes), std::move(host), stop_fd);
}

}  // namespace firebreak
