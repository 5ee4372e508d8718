#include "host/actuate/kubernetes_drain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

using Fate = KubeEviction::Fate;

constexpr Duration longest_eviction = std::chrono::seconds(3);  // the API tries up to 10 s itself
constexpr Duration after_timeout = std::chrono::seconds(5);
constexpr Duration least_quiet = std::chrono::seconds(1);
constexpr std::size_t most_in_band = 8;
constexpr int most_timeouts = 2;

std::string label(const KubePod& pod) {
    return pod.space + '/' + pod.name;
}

}  // namespace

void KubeDrain::begin(Instant now) {
    now_ = now;
    moved_ = false;
    ends_ = false;
    timeouts_ = 0;
    std::erase_if(not_before_, [&](const auto& entry) { return entry.second.until <= now; });
}

void KubeDrain::wants(const std::string& node) {
    auto& progress = drains_[node];
    // Its clock is that of one drain: what was called off begins anew when it is wanted again.
    const bool goes_on = progress.wanted_at && now_ - *progress.wanted_at <= longest_pause;
    if (!goes_on) {
        progress = {};
        progress.since = now_;
    }
    progress.wanted_at = now_;
}

std::ptrdiff_t KubeDrain::left(const KubeNode& node, const std::vector<KubePod>& pods) const {
    const auto left = std::count_if(pods.begin(), pods.end(), must_go);
    if (!how_.silent_is_drained || node.ready) return left;
    // Nobody is left there to say that they have ended.
    const auto ends = [](const auto& pod) { return !must_go(pod) || pod.ending; };
    return std::all_of(pods.begin(), pods.end(), ends) ? 0 : left;
}

void KubeDrain::read(const KubeNode& node, const std::vector<KubePod>& pods, bool surely) {
    const auto left = this->left(node, pods);
    const auto untold = std::count_if(pods.begin(), pods.end(),
                                      [](const auto& pod) { return must_go(pod) && !pod.ending; });
    const bool known_empty = empty_.contains(node.name);
    if (left > 0) empty_.erase(node.name);
    if (left == 0 && surely) empty_.insert(node.name);
    const auto drain = drains_.find(node.name);
    if (drain == drains_.end()) return;
    auto& progress = drain->second;
    const bool fell = progress.left >= 0 && left < progress.left;
    if (fell) progress.since = now_;
    if (fell || (progress.left >= 0 && untold < progress.untold)) moved_ = true;
    progress.left = left;
    progress.untold = untold;
    progress.kubelet.clear();
    if (left == 0) {
        progress.pod_waits.clear();
        progress.trouble.reset();
        if (surely || known_empty) drains_.erase(drain);
    } else if (!node.ready) {
        progress.kubelet =
            fmt::format("kubelet of {} {}", node.name, node.silent ? "silent" : "not ready");
        if (!node.not_ready.empty()) progress.kubelet += " since " + node.not_ready;
    }
}

void KubeDrain::forget(const std::string& node) {
    drains_.erase(node);
    empty_.erase(node);
}

bool KubeDrain::is_over(const std::string& node) const {
    const auto drain = drains_.find(node);
    return drain != drains_.end() && now_ - drain->second.since >= how_.evict_deadline;
}

Result<void> KubeDrain::evict(const Nodes& nodes, const KubeApi::Pods& pods, Instant until) {
    std::vector<KubePod> waiting;
    for (const auto& [node, some] : pods) {
        const auto drain = drains_.find(node);
        if (drain == drains_.end()) continue;
        drain->second.pod_waits.clear();
        drain->second.trouble.reset();
        waiting.insert(waiting.end(), some.begin(), some.end());
    }
    waiting = evictable(std::move(waiting));
    std::reverse(waiting.begin(), waiting.end());  // taken from the end
    while (!waiting.empty() && !ends_) {
        if (now_ < quiet_until_) {
            for (const auto& pod : waiting) note(pod, quiet_why_, true);
            break;
        }
        const auto clock = std::chrono::steady_clock::now();
        if (clock >= until) break;  // who is not told now is told at the next order
        const auto by = std::min(clock + longest_eviction, until);
        const auto band = next_band(waiting, nodes);
        if (band.empty()) continue;
        const auto fates = api_.evict(band, by);
        for (std::size_t i = 0; i < band.size(); ++i) {
            if (auto done = judge(band[i], fates[i], until); !done) return done;
        }
    }
    return {};
}

/// Those of one priority are told at once; none before the less important have been.
std::vector<KubePod> KubeDrain::next_band(std::vector<KubePod>& waiting, const Nodes& nodes) {
    std::vector<KubePod> band;
    while (!waiting.empty() && band.size() < most_in_band) {
        auto& pod = waiting.back();
        if (!band.empty() && band.front().priority != pod.priority) break;
        const auto node = nodes.find(pod.node);
        const auto wait = not_before_.find(pod.uid);
        if (node != nodes.end() && comes_back(pod, node->second)) {
            note(pod, {Fault::refused, "tolerates the cordon and has come back", 0}, false);
        } else if (wait != not_before_.end()) {
            note(pod, wait->second.why, true);
        } else {
            band.push_back(std::move(pod));
        }
        waiting.pop_back();
    }
    return band;
}

Result<void> KubeDrain::judge(const KubePod& pod, KubeEviction fate, Instant until) {
    if (fate.fate == Fate::budget && how_.force && is_over(pod.node)) {
        fate = api_.remove(pod, until);
    }
    const auto clock = std::chrono::steady_clock::now();
    const bool silent = fate.fate == Fate::failed && fate.why.fault == Fault::timeout;
    timeouts_ = silent ? timeouts_ + 1 : 0;
    if (timeouts_ == most_timeouts) ends_ = true;
    if (silent) fate.again = after_timeout;
    if (fate.again > Duration::zero()) not_before_[pod.uid] = {clock + fate.again, fate.why};
    switch (fate.fate) {
        case Fate::going:
            return {};
        case Fate::throttled:
            quiet_until_ = clock + std::max(fate.again, least_quiet);
            quiet_why_ = fate.why;
            not_before_.erase(pod.uid);  // it goes first again
            ends_ = true;
            break;
        case Fate::failed:
            if (fate.why.fault == Fault::port_lost) return tl::unexpected(fate.why);
            note(pod, fate.why, silent);
            return {};
        case Fate::budget:
        case Fate::later:
            break;
    }
    note(pod, fate.why, true);
    return {};
}

void KubeDrain::note(const KubePod& pod, const Error& why, bool passes) {
    const auto drain = drains_.find(pod.node);
    if (drain == drains_.end()) return;
    auto& progress = drain->second;
    const auto text = within(why, label(pod)).value();
    const bool worse = !passes && !progress.trouble;
    if (progress.pod_waits.empty() || worse) progress.pod_waits = text.what;
    if (!passes && !progress.trouble) progress.trouble = text;
}

std::string KubeDrain::waits(const std::string& node) const {
    const auto drain = drains_.find(node);
    if (drain == drains_.end() || drain->second.left <= 0) return "";
    const auto& progress = drain->second;
    auto text = fmt::format("pods still to go: {}", progress.left);
    if (is_over(node)) {
        text += ", past evict_deadline " + format_duration(how_.evict_deadline);
    }
    if (!progress.kubelet.empty()) text += ", " + progress.kubelet;
    if (!progress.pod_waits.empty()) text += ": " + progress.pod_waits;
    return text;
}

const Error* KubeDrain::trouble(const std::string& node) const {
    const auto drain = drains_.find(node);
    const bool any = drain != drains_.end() && drain->second.trouble;
    return any ? &*drain->second.trouble : nullptr;
}

}  // namespace firebreak
