#include "sim/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "firmware/agent.hpp"
#include "host/controller.hpp"
#include "sim/replay_broker.hpp"
#include "sim/room.hpp"

namespace firebreak {

namespace {

constexpr std::size_t agent_client = 0;
constexpr std::size_t host_client = 1;

// Steady time of t0. Far enough from zero that the story may begin before t0.
constexpr Instant t0{std::chrono::hours(24 * 365)};
// What people read on the labels: the day of the outage, 15:19 in Seoul.
constexpr WallTime t0_wall{std::chrono::milliseconds(1'665'814'740'000)};

// While nothing moves but a ramp, once a second shows it well enough.
constexpr Duration finest_ramp = std::chrono::seconds(1);
// A settled device is read once within this share of its silence limit.
constexpr double rest_share = 0.8;

// A message may cause a message; a story in which that never ends is a bug in a core.
constexpr int most_rounds = 1000;

Duration scaled(Duration duration, double factor) {
    const auto ticks = std::llround(static_cast<double>(duration.count()) * factor);
    return Duration(ticks);
}

/// The items of each target behind an endpoint, all ready at first, and as many elsewhere as the
/// guard wants to stay ready: the replay asks what the policy does, not what the edge holds.
class Balancers {
public:
    explicit Balancers(const PolicyPlan& policy) {
        for (const auto& target : policy.targets) {
            if (by_message(target)) continue;
            auto& states = backends_[key(target)];
            backend_of_[target.name] = key(target);
            for (const auto& item : target.items)
                states[item] = action_for(ladder_of(target), Posture::normal);
            for (int i = 0; i < policy.guard.min_ready; ++i) {
                states[fmt::format("elsewhere-{}", i + 1)] = "ready";
            }
        }
    }

    [[nodiscard]] Receipt carry_out(const Order& order) {
        auto& states = backends_[backend_of_[order.target]];
        for (const auto& step : order.steps) states[step.item] = step.action;
        return {order.target, order.steps, states};
    }

private:
    static std::string key(const TargetPlan& target) {
        return target.endpoint + " " + (target.backend.empty() ? target.name : target.backend);
    }

    std::map<std::string, std::string> backend_of_;
    std::map<std::string, ItemStates> backends_;
};

class Player {
public:
    Player(const SitePlan& site, const PolicyPlan& policy, const Scenario& scenario, double speed)
        : speed_(speed),
          site_(site),
          policy_(policy),
          scenario_(scenario),
          now_(scenario.begins),
          room_(site, scenario),
          balancers_(policy),
          agent_(site, "replay-agent", moment(now_)),
          controller_(policy, "replay-host", moment(now_)),
          polled_(site.devices.size(), now_) {
        for (const auto& expect : scenario.expects)
            replayed_.outcomes.push_back({expect, false, {}});
    }

    Replayed play() && {
        deliver(broker_.connect(agent_client, agent_.subscriptions()));
        deliver(broker_.connect(host_client, controller_.subscriptions()));
        agent_.handle(LinkUp{}, moment(now_));
        controller_.handle(LinkUp{}, moment(now_));
        while (now_ <= scenario_.ends) {
            room_.advance(now_);
            note_room();
            poll_due();
            agent_.tick(moment(now_));
            controller_.tick(moment(now_));
            settle();
            look();
            now_ = std::max(next_time(), now_ + story(std::chrono::milliseconds(1)));
        }
        return std::move(replayed_);
    }

private:
    /// A stretch of the cores' time as the story counts it.
    [[nodiscard]] Duration story(Duration of_cores) const { return scaled(of_cores, speed_); }

    /// A moment of the story on the cores' clock.
    [[nodiscard]] Now moment(Duration at) const {
        const auto passed = scaled(at, 1 / speed_);
        return {t0 + passed, t0_wall + std::chrono::floor<std::chrono::milliseconds>(at)};
    }

    [[nodiscard]] Duration next_time() const {
        const Duration far = scenario_.ends + std::chrono::milliseconds(1);
        const auto of_core = [this, far](Instant deadline) {
            // Nothing beyond the end matters, and a far deadline must not overflow.
            if (deadline >= moment(far).steady) return far;
            return story(deadline - t0);
        };
        Duration next =
            std::min({far, of_core(agent_.next_deadline()), of_core(controller_.next_deadline()),
                      room_.next_step().value_or(far)});
        for (const auto polled : polled_) next = std::min(next, polled);
        for (const auto& outcome : replayed_.outcomes) {
            if (outcome.expect.at > now_) next = std::min(next, outcome.expect.at);
        }
        return next;
    }

    // A device is read at its own period while the world moves, and rarely while it rests:
    // what would be read has not changed, and only its age counts.
    void poll_due() {
        for (std::size_t i = 0; i < site_.devices.size(); ++i) {
            if (polled_[i] > now_) continue;
            poll(i);
            const auto& device = site_.devices[i];
            const auto period = story(device.period);
            const auto rest = std::min(story(scaled(device.silent_after, rest_share)), finest_ramp);
            const auto step = room_.next_step();
            auto next = now_ + std::max(period, rest);
            // Something steps before: the first read on the device's own beat after it counts.
            if (step && *step > now_ && *step < next) {
                next = now_ + ((*step - now_) / period + 1) * period;
            }
            polled_[i] = next;
        }
    }

    void poll(std::size_t device) {
        const auto& plan = site_.devices[device];
        for (std::size_t i = 0; i < plan.blocks.size(); ++i) {
            const auto& block = plan.blocks[i];
            auto words =
                answered(device, room_.read(device, block.table, block.address, block.count));
            agent_.handle(BusReport{device, i, std::move(words), moment(now_).steady},
                          moment(now_));
        }
    }

    Result<Words> answered(std::size_t device, DeviceAnswer answer) const {
        if (answer.silent) return fail(Fault::timeout, "no answer");
        if (answer.fault) {
            const auto& bus = site_.buses[site_.devices[device].bus];
            if (auto lost = lost_on_the_wire(*answer.fault, answer.words.size(), bus)) {
                return tl::unexpected(*std::move(lost));
            }
        }
        if (answer.code != 0) return fail(Fault::refused, fmt::format("exception {}", answer.code));
        return std::move(answer.words);
    }

    void write(const WriteOrder& order) {
        const auto& request = order.request;
        const auto count = static_cast<std::uint16_t>(request.words.size());
        std::optional<Words> before;
        if (order.look_first) {
            auto is = answered(order.device,
                               room_.read(order.device, request.table, request.address, count));
            if (is) before = *std::move(is);
        }
        auto words = answered(
            order.device, room_.write(order.device, request.table, request.address, request.words));
        if (words) {
            words = answered(order.device,
                             room_.read(order.device, request.table, request.address, count));
        }
        agent_.handle(
            WriteReport{order.ticket, std::move(words), moment(now_).steady, std::move(before)},
            moment(now_));
    }

    /// Messages, writes and orders back and forth until nobody has anything left to say.
    void settle() {
        for (int round = 0; round < most_rounds && say_all(); ++round) {
        }
    }

    bool say_all() {
        bool said = false;
        while (const auto* message = agent_.next_message()) {
            const auto copy = *message;
            agent_.message_sent();
            deliver(broker_.publish(copy));
            said = true;
        }
        while (const auto* message = controller_.next_message()) {
            const auto copy = *message;
            controller_.message_sent();
            deliver(broker_.publish(copy));
            said = true;
        }
        for (const auto& order : agent_.take_writes()) {
            write(order);
            said = true;
        }
        for (const auto& order : controller_.take_orders()) {
            controller_.handle(balancers_.carry_out(order), moment(now_));
            said = true;
        }
        note_room();
        return said;
    }

    void deliver(const std::vector<Delivery>& deliveries) {
        for (const auto& [client, message] : deliveries) {
            if (client == agent_client) agent_.handle(message, moment(now_));
            if (client == host_client) controller_.handle(message, moment(now_));
        }
    }

    void tell(const std::string& who, std::string what) {
        replayed_.story.push_back({now_, who, std::move(what)});
    }

    void note_room() {
        for (const auto& event : room_.world().take_events()) {
            if (event.kind == RoomEventKind::begin || event.kind == RoomEventKind::end) continue;
            const auto kw = event.kw > 0 ? fmt::format(", {:.0f} kW", event.kw) : "";
            const auto why = event.why.empty() ? "" : fmt::format(" ({}{})", event.why, kw);
            tell("room", fmt::format("{} {}{}", to_string(event.kind), event.what, why));
        }
    }

    void look() {
        for (const auto& alarm : site_.alarms) {
            const auto phase = agent_.phase_of(alarm.name);
            auto& seen = phases_[alarm.name];
            if (phase != seen && (is_active(phase) || is_active(seen))) {
                tell("agent", fmt::format("{} is {}", alarm.name, to_string(phase)));
            }
            seen = phase;
        }
        for (const auto& target : policy_.targets) {
            const auto reached = controller_.reached(target.name);
            auto& seen = reached_[target.name];
            if (reached != seen) {
                tell("host", fmt::format("{} is at {}", target.name, to_string(reached)));
            }
            seen = reached;
        }
        for (auto& outcome : replayed_.outcomes) judge(outcome);
    }

    void judge(ExpectOutcome& outcome) const {
        const auto& expect = outcome.expect;
        const bool holds = expect.alarm.empty()
                               ? satisfies(controller_.reached(expect.target), expect.reached)
                               : agent_.phase_of(expect.alarm) == expect.phase;
        if (holds && !outcome.first) outcome.first = now_;
        if (expect.by ? now_ <= expect.at : now_ == expect.at) outcome.kept |= holds;
    }

    const double speed_;
    const SitePlan& site_;
    const PolicyPlan& policy_;
    const Scenario& scenario_;
    Duration now_;
    Room room_;
    Balancers balancers_;
    ReplayBroker broker_;
    Agent agent_;
    Controller controller_;
    std::vector<Duration> polled_;  ///< when each device is read next
    std::map<std::string, Phase> phases_;
    std::map<std::string, Posture> reached_;
    Replayed replayed_;
};

}  // namespace

bool Replayed::kept() const {
    return std::all_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.kept; });
}

Replayed replay(const SitePlan& site, const PolicyPlan& policy, const Scenario& scenario,
                double speed) {
    return Player(site, policy, scenario, speed).play();
}

std::string describe(const Replayed& replayed) {
    std::string text;
    for (const auto& line : replayed.story) {
        text += fmt::format("  {}  {:<5}  {}\n", format_story_time(line.at), line.who, line.what);
    }
    text += "\n";
    for (const auto& [expect, kept, first] : replayed.outcomes) {
        const auto what =
            expect.alarm.empty()
                ? fmt::format("{} reached {}", expect.target, to_string(expect.reached))
                : fmt::format("{} is {}", expect.alarm, to_string(expect.phase));
        text += fmt::format("  {:<6}  {} {}: {}", kept ? "ok" : "FAILED", expect.by ? "by" : "at",
                            format_story_time(expect.at), what);
        text += first ? fmt::format(", first at {}\n", format_story_time(*first)) : ", never\n";
    }
    return text;
}

void check_expects(const Scenario& scenario, const SitePlan& site, const PolicyPlan& policy,
                   Complaints& complaints) {
    const auto known = [&complaints](const auto& plans, const std::string& name,
                                     const ExpectPlan& expect, const char* kind,
                                     const char* owner) {
        std::vector<std::string_view> names;
        for (const auto& plan : plans) names.push_back(plan.name);
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        const auto hint = nearest(name, names);
        complaints.add(expect.place,
                       fmt::format("the {} has no {} '{}'{}", owner, kind, name,
                                   hint.empty() ? "" : fmt::format("; did you mean '{}'?", hint)));
    };
    for (const auto& expect : scenario.expects) {
        if (expect.alarm.empty()) {
            known(policy.targets, expect.target, expect, "target", "policy");
        } else {
            known(site.alarms, expect.alarm, expect, "alarm", "site");
        }
    }
}

}  // namespace firebreak
