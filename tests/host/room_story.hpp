// A narrated timeline for the controller: a fake room that speaks, a fake HAProxy that obeys,
// a fake broker that remembers. Time passes only when the story says so.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "host/controller.hpp"
#include "tests/catch.hpp"

namespace firebreak {

/// Two services with two servers each in the burning site and two elsewhere, one with outlets.
inline PolicyPlan story_policy() {
    using namespace std::chrono_literals;
    PolicyPlan plan;
    plan.site = "seoul";
    plan.host = "seoul-1";
    plan.armed = true;
    plan.heartbeat = 5s;
    plan.calm_for = 60s;
    plan.guard = {2, 600, 30s};
    plan.endpoints.push_back({"edge", "/run/haproxy/admin.sock", 1s});
    for (const auto& [name, tier] : {std::pair<std::string, int>{"videos", 5}, {"text", 1}}) {
        TargetPlan target;
        target.name = name;
        target.tier = tier;
        target.site = "pangyo";
        target.endpoint = "edge";
        target.backend = name;
        target.items = {"pangyo-a", "pangyo-b"};
        plan.targets.push_back(target);
    }
    TargetPlan racks;
    racks.name = "videos-racks";
    racks.kind = TargetKind::outlet;
    racks.tier = 5;
    racks.site = "pangyo";
    racks.agent = "battery-room";
    racks.items = {"videos-a", "videos-b"};
    racks.after = {"videos"};
    plan.targets.push_back(racks);
    const auto rule = [&](const std::string& alarm, std::vector<std::string> targets,
                          Posture at_least) {
        RulePlan out;
        out.site = "pangyo";
        out.alarm = alarm;
        out.targets = std::move(targets);
        out.at_least = at_least;
        plan.rules.push_back(out);
    };
    rule("smoke", {"text", "videos"}, Posture::watch);
    rule("gas", {"text", "videos"}, Posture::drain);
    rule("on-battery", {"videos-racks"}, Posture::shed);
    return plan;
}

/// The same, where text and videos are drained one server at once of two, while others fare well.
inline PolicyPlan paced_policy() {
    auto plan = story_policy();
    plan.guard.min_ready = 1;
    PacePlan pace;
    pace.max_queue = 10;
    pace.max_error_percent = 5;
    pace.step_percent = 50;
    plan.targets[0].pace = plan.targets[1].pace = pace;
    return plan;
}

/// "text" is served at seoul, too, behind a HAProxy of its own: nobody else stands behind that
/// which is drained.
inline void serve_at_seoul(PolicyPlan& plan) {
    plan.guard.min_ready = 0;
    plan.endpoints.push_back({"edge-2", "/run/haproxy-2/admin.sock", std::chrono::seconds(1)});
    plan.targets[1].service = "text";
    auto other = plan.targets[1];
    other.name = "text-seoul";
    other.site = "seoul";
    other.endpoint = "edge-2";
    other.items = {"seoul-a", "seoul-b"};
    other.pace.reset();
    plan.targets.push_back(other);
}

class RoomStory {
public:
    using Names = std::vector<std::string>;

    explicit RoomStory(PolicyPlan plan = story_policy(), const std::string& boot = "life-1",
                       std::optional<std::string> policy_digest = std::nullopt)
        : controller(std::move(plan), boot, at(), std::move(policy_digest)) {
        for (const char* backend : {"text", "videos"}) {
            servers[backend] = {{"pangyo-a", "ready"},
                                {"pangyo-b", "ready"},
                                {"seoul-a", "ready"},
                                {"seoul-b", "ready"}};
        }
    }

    // ---- the room and the wire ----

    void connect(bool resumed = false) {
        controller.handle(LinkUp{"", resumed}, at());
        settle();
    }
    void arrives(const Topic& topic, const std::string& payload) {
        controller.handle(Arrived{to_string(topic), payload}, at());
        settle();
    }
    void heartbeat() { says_status(true, ++seq); }
    void farewell() { says_status(false, ++seq); }
    void will() { says_status(false, 0); }
    void says_status(bool online, std::uint64_t number) {
        Status says;
        says.online = online;
        says.heartbeat_s = 5;
        says.stamp = {"room-1", number, {}};
        arrives({room, Kind::status, "", ""}, to_json(says));
    }
    /// Returns the stamp of the notice.
    Stamp alarm(const std::string& name, Phase phase) {
        AlarmNotice notice;
        notice.alarm = name;
        notice.phase = phase;
        notice.stamp = {"room-1", ++seq, {}};
        arrives({room, Kind::alarm, name, ""}, to_json(notice));
        return notice.stamp;
    }
    void ack(const Command& command, Outcome outcome, const std::string& detail = "") {
        Ack out;
        out.about = command.target;
        out.id = command.id;
        out.boot = command.stamp.boot;
        out.seq = command.stamp.seq;
        out.outcome = outcome;
        out.detail = detail;
        out.stamp = {"room-1", ++seq, {}};
        arrives({room, Kind::ack, command.target, ""}, to_json(out));
    }
    /// The room's normal day: connected, alive, all clear.
    void quiet_day() {
        connect();
        heartbeat();
        for (const char* name : {"smoke", "gas", "on-battery"}) alarm(name, Phase::clear);
        pass(std::chrono::seconds(2));
    }

    // ---- time ----

    [[nodiscard]] Now at() const {
        return {Instant{} + std::chrono::hours(1) + elapsed,
                wall + std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)};
    }
    /// Time passes from deadline to deadline; the room beats every 5 s while `alive`.
    void pass(Duration duration) {
        const auto end = elapsed + duration;
        int turns_without_progress = 0;
        while (elapsed < end) {
            const auto wanted = controller.next_deadline() - (Instant{} + std::chrono::hours(1));
            const auto before = elapsed;
            elapsed = std::clamp<Duration>(wanted, elapsed, end);
            if (alive) elapsed = std::min(elapsed, next_beat);
            turns_without_progress = elapsed == before ? turns_without_progress + 1 : 0;
            REQUIRE(turns_without_progress < 20);  // a busy loop
            if (alive && elapsed >= next_beat) {
                next_beat = elapsed + std::chrono::seconds(5);
                heartbeat();
            }
            controller.tick(at());
            settle();
        }
        next_beat = std::max(next_beat, elapsed);
    }

    // ---- what the host did ----

    /// Lets the crew answer and the broker take, until nothing moves any more.
    void settle() {
        for (int turn = 0; turn < 100; ++turn) {
            take_messages();
            const auto orders = controller.take_orders();
            if (orders.empty()) return;
            for (const auto& order : orders) carry_out(order);
        }
        FAIL("orders without end");
    }
    void carry_out(const Order& order) {
        for (const auto& step : order.steps) {
            done.push_back(step.target + ' ' + step.item + ' ' + step.action);
        }
        if (deaf) {
            held_back.push_back(order);
            return;
        }
        if (!fault.empty()) {
            const auto kind = fault == "No such server." ? Fault::refused : Fault::port_lost;
            ++failures;
            controller.handle(Receipt{order.target, order.steps, fail(kind, fault), {}}, at());
            return;
        }
        for (const auto& step : order.steps) servers[order.target][step.item] = step.action;
        std::optional<Feedback> how;
        if (feedback.contains(order.target)) how = feedback[order.target];
        controller.handle(Receipt{order.target, order.steps, servers[order.target], how}, at());
    }
    void take_messages() {
        while (const Message* message = controller.next_message()) {
            const auto topic = parse_topic(message->topic);
            REQUIRE(topic);
            CHECK(message->retained ==
                  (topic->kind == Kind::status || topic->kind == Kind::posture));
            if (topic->kind == Kind::command) commands.push_back(*parse_command(message->payload));
            if (topic->kind == Kind::ack) acks.push_back(*parse_ack(message->payload));
            if (topic->kind == Kind::posture) {
                posture[topic->name] = *parse_posture_notice(message->payload);
                retained[topic->name] = message->payload;
            }
            if (topic->kind == Kind::status) status = *parse_status(message->payload);
            controller.message_sent();
        }
    }
    /// What was done since the last call, in order.
    Names take_done() { return std::exchange(done, {}); }
    std::vector<Command> take_commands() { return std::exchange(commands, {}); }
    std::vector<Ack> take_acks() { return std::exchange(acks, {}); }

    const Origin room{"pangyo", Role::agent, "battery-room"};
    const Origin self{"seoul", Role::host, "seoul-1"};
    Duration elapsed{};
    WallTime wall{};  // at the start of the story
    Duration next_beat{};
    bool alive = true;
    std::uint64_t seq = 0;
    std::map<std::string, ItemStates> servers;  // by target, which is the backend's name here
    std::map<std::string, Feedback> feedback;   // by target: how those fare that receive
    std::string fault;                          // what HAProxy answers instead of obeying
    bool deaf = false;                          // HAProxy does not answer at all
    std::vector<Order> held_back;
    int failures = 0;
    Names done;
    std::vector<Command> commands;
    std::vector<Ack> acks;
    std::map<std::string, PostureNotice> posture;
    std::map<std::string, std::string> retained;
    Status status;
    Controller controller;
};

}  // namespace firebreak
