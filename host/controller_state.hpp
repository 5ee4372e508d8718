// The inside of the controller, shared by its three sources: controller.cpp (the outside, what
// is published), intake.cpp (what comes in) and acting.cpp (steps through guards to orders).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/stamp.hpp"
#include "contract/topic.hpp"
#include "host/controller.hpp"
#include "host/drain/drain_order.hpp"
#include "host/guard/share.hpp"
#include "host/lives.hpp"
#include "host/outgoing.hpp"
#include "host/power/power_shed.hpp"
#include "host/restore/restoration.hpp"
#include "host/target.hpp"

namespace firebreak {

[[nodiscard]] inline Origin agent_of(const TargetPlan& target) {
    return {target.site, Role::agent, target.agent};
}

struct Controller::State {
    State(PolicyPlan policy, std::string boot, Now start);

    void arrived(const Arrived& message, Now now);
    void believed(const Topic& topic, const std::string& payload, bool genuine, Now now);
    void alarm(const Origin& agent, const AlarmNotice& notice, bool genuine, Now now);
    void status(const Origin& agent, const Status& status, bool genuine, Now now);
    /// Whether this is the first time; `false` too once too much has been told.
    [[nodiscard]] bool is_first(std::string what);
    /// `reason` is what it is counted by; of a kind of message it is told once.
    void dropped(std::string_view reason, std::string_view kind, const std::string& why);
    void heard(Heard heard);
    void acked(const Topic& topic, const Ack& ack, bool genuine);
    void seed(const Topic& topic, const PostureNotice& notice, Instant now);
    void receipt(const Receipt& receipt, Instant now);
    void link_up(const LinkUp& link, Now now);

    void evaluate(Now now);
    void decide(Now now);
    /// Of what rules ask to shed by power, as much as is needed; staging.cpp.
    void choose_by_power(Now now);
    void look_at_restoration(Now now);
    void look_at_drains(Now now);
    void reading(const Topic& topic, const std::string& payload, Now now);
    [[nodiscard]] std::size_t place_of(const Target& target) const {
        return static_cast<std::size_t>(&target - targets.data());
    }
    void act(Target& target, Now now);
    void switch_outlets(Target& target, const std::vector<Step>& steps, Now now);
    std::vector<Step> allowed(Target& target, Now now);
    [[nodiscard]] Refusal guards(const Target& target, const Step& step, Now now);
    [[nodiscard]] Refusal guards_down(const Target& target, const Step& step, Instant now);
    [[nodiscard]] Refusal guards_up(const Target& target, const Step& step, Instant now);
    /// Those that count what one round of steps may take: asked last, of what the rest allow.
    [[nodiscard]] Refusal budget(Target& target, const Step& step, std::size_t fresh, Now now);
    void took(const Target& target, const Step& step, Now now);
    void order(Target& target, std::vector<Step> steps, Now now);
    void rehearse(Target& target, const std::vector<Step>& steps, Now now);
    void command(const Target& target, const Step& step, bool armed, Now now);
    void publish_postures(Now now);
    void publish_status(Now now);

    /// For the shell to write; lines beyond what it takes in time are left out.
    void tell(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
        if (lines.size() < most_lines) lines.push_back({level, format_fields(event, fields)});
    }

    [[nodiscard]] Target* find(const std::string& name);
    [[nodiscard]] ReadyServers& ready_of(const Target& target);
    [[nodiscard]] std::optional<TierShare>& share_of(const TargetPlan& target);
    [[nodiscard]] const std::set<std::string>& local_to(const TargetPlan& target) const;
    [[nodiscard]] std::string topic(Kind kind, const std::string& name = "") const {
        return to_string(Topic{self, kind, name, ""});
    }

    const PolicyPlan plan;
    const Origin self;
    const Now started;
    Stamper stamper;
    Situation situation;
    Lives lives;
    Sealer sealer;
    std::vector<Target> targets;  // as in plan.targets
    std::vector<std::size_t> order_of_acting;
    AlarmAcks alarm_acks;
    Outgoing outgoing;
    PowerShed power;
    Restoration restoration;
    DrainOrder drain_order;
    Pace pace;
    bool paced = false;  // the pace held a step back: try again when it allows
    std::vector<Order> orders;
    std::vector<LogLine> lines;
    static constexpr std::size_t most_lines = 4096;
    std::vector<std::vector<const Target*>> sharing;  // by backend: the targets that name it
    std::vector<std::optional<ReadyServers>> ready;   // by backend, of one evaluation
    std::map<std::pair<int, bool>, std::optional<TierShare>> shares;  // the same; load or traffic
    std::map<std::string, std::set<std::string>> locals;  // by endpoint, backend and site
    std::map<std::string, std::uint64_t> counters;
    std::set<std::string, std::less<>> logged;
    bool linked = false;
    Instant postures_from = never;
    Instant caught_up{};  // until then what arrives may be long past: nothing is decided on it
    Instant heartbeat_at{};
    Instant evaluated_at{};
};

}  // namespace firebreak
