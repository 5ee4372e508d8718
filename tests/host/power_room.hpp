// A room with UPSs that trip by their curves, racks whose outlets an agent switches, and a host
// that sheds by power. Time passes only when the story says so; readings are said every 100 ms.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "host/controller.hpp"
#include "tests/catch.hpp"

namespace firebreak {

struct ModelRack {
    std::string name;
    int tier = 1;
    double listed_kw = 0;  ///< by the topology
    double kw = 0;         ///< in truth
    std::vector<std::string> upss;
    bool on = true;
};

/// kW 100 each; a target a tier and UPS pair is not needed: one target for each rack.
inline PolicyPlan power_policy(const std::vector<ModelRack>& racks,
                               const std::vector<CurvePoint>& curve) {
    using namespace std::chrono_literals;
    PolicyPlan plan;
    plan.site = "seoul";
    plan.host = "seoul-1";
    plan.armed = true;
    plan.calm_for = 60s;
    plan.guard.min_ready = 0;
    PowerMap map;
    for (const char* ups : {"ups-a", "ups-b"}) {
        map.upss.push_back({ups, "pangyo", "battery", 100, {}});
        map.pdus.push_back({std::string("pdu-") + ups, ups, {}});
    }
    RulePlan rule;
    rule.site = "pangyo";
    rule.alarm = "overload";
    rule.at_least = Posture::shed;
    rule.by_power = true;
    for (const auto& rack : racks) {
        std::vector<std::string> pdus;
        for (const auto& ups : rack.upss) pdus.push_back("pdu-" + ups);
        map.racks.push_back({rack.name, "pangyo", pdus, {}});
        map.servers.push_back({"server-" + rack.name, "pangyo", rack.name, "", rack.listed_kw, {}});
        TargetPlan target;
        target.name = rack.name;
        target.kind = TargetKind::outlet;
        target.tier = rack.tier;
        target.site = "pangyo";
        target.agent = "room";
        target.items = {rack.name};
        plan.targets.push_back(target);
        rule.targets.push_back(rack.name);
    }
    plan.rules.push_back(rule);
    Complaints complaints;
    link_power(map, complaints);
    CHECK(complaints.text().empty());
    plan.map = std::move(map);
    for (std::size_t i = 0; i < 2; ++i) {
        WatchedUps ups;
        ups.name = i == 0 ? "ups-a" : "ups-b";
        ups.ups = i;
        ups.agent = {"pangyo", Role::agent, "room"};
        ups.load = {ups.name, "output.realpower"};
        ups.runtime = PointId{ups.name, "battery.runtime"};
        ups.on_battery = "on-battery";
        ups.rating.kw = 100;
        ups.rating.overload = curve;
        ups.max_age = 70s;
        ups.settle = 2s;
        plan.upss.push_back(ups);
    }
    return plan;
}

class PowerRoom {
public:
    PowerRoom(std::vector<ModelRack> racks, const std::vector<CurvePoint>& curve, PolicyPlan policy,
              const std::string& boot = "life-1",
              std::optional<std::string> policy_digest = std::nullopt)
        : racks_(std::move(racks)),
          controller(std::move(policy), boot, at(), std::move(policy_digest)) {
        for (const char* ups : {"ups-a", "ups-b"}) clocks_.emplace(ups, OverloadClock(curve));
        controller.handle(LinkUp{}, at());
        heartbeat();
        alarm("overload", Phase::clear);
        alarm("on-battery", Phase::clear);
    }
    PowerRoom(std::vector<ModelRack> racks, const std::vector<CurvePoint>& curve)
        : PowerRoom(racks, curve, power_policy(racks, curve)) {}

    [[nodiscard]] Now at() const { return {Instant{} + std::chrono::hours(1) + elapsed, {}}; }

    void arrives(const Topic& topic, const std::string& payload) {
        controller.handle(Arrived{to_string(topic), payload}, at());
    }
    void heartbeat() {
        Status says;
        says.online = true;
        says.heartbeat_s = 5;
        says.stamp = {"room-1", ++seq, {}};
        arrives({room, Kind::status, "", ""}, to_json(says));
    }
    void alarm(const std::string& name, Phase phase) {
        AlarmNotice notice;
        notice.alarm = name;
        notice.phase = phase;
        notice.stamp = {"room-1", ++seq, {}};
        arrives({room, Kind::alarm, name, ""}, to_json(notice));
    }
    void reading(const std::string& ups, const std::string& measure, Result<double> value,
                 Unit unit, const std::string& boot = "room-1") {
        ReadingNotice notice{std::move(value), "", unit, {boot, ++seq, {}}};
        arrives({room, Kind::reading, ups, measure}, to_json(notice));
    }
    void loads() {
        for (const char* ups : {"ups-a", "ups-b"}) {
            const ReadingNotice notice{load_of(ups), "", Unit::kilowatt, {"room-1", ++seq, {}}};
            const Topic topic{room, Kind::reading, ups, "output.realpower"};
            controller.take_in(Arrived{to_string(topic), to_json(notice)}, at());
        }
    }

    /// What a UPS carries in truth: a rack draws from those of its feeds that live.
    [[nodiscard]] double load_of(const std::string& ups) const {
        if (dead.contains(ups)) return 0;
        double kw = 0;
        for (const auto& rack : racks_) {
            std::size_t live = 0;
            bool fed = false;
            for (const auto& feed : rack.upss) {
                if (dead.contains(feed)) continue;
                ++live;
                fed = fed || feed == ups;
            }
            if (rack.on && fed) kw += rack.kw / static_cast<double>(live);
        }
        return kw;
    }

    /// Five milliseconds of truth: clocks, and what the agent was told to switch `actuation` ago.
    void tick() {
        const double t = seconds(elapsed);
        for (auto& [ups, clock] : clocks_) {
            clock.add(t, load_of(ups), 1);
            if (!dead.contains(ups) && clock.used() >= 1) dead.insert(ups), tripped = true;
        }
        elapsed += std::chrono::milliseconds(5);
        take_commands();
        bool answered = false;
        while (!waiting_.empty() && waiting_.front().first <= elapsed) {
            const auto command = waiting_.front().second;
            waiting_.erase(waiting_.begin());
            for (auto& rack : racks_) {
                if (rack.name == command.item && !stuck.contains(rack.name)) {
                    rack.on = command.action == "on";
                }
            }
            if (stuck.contains(command.item)) continue;
            acknowledge(command);
            answered = true;
        }
        if (answered) controller.tick(at());  // all that has come, as the shell does
    }

    /// The agent reads every 100 ms and beats every 5 s.
    void pass(Duration duration) {
        const auto end = elapsed + duration;
        while (elapsed < end) {
            tick();
            if (elapsed % std::chrono::milliseconds(100) == Duration::zero()) {
                if (speaks) loads();
                controller.tick(at());
            }
            if (elapsed % std::chrono::seconds(5) == Duration::zero()) heartbeat();
        }
    }

    [[nodiscard]] std::set<std::string> off() const {
        std::set<std::string> names;
        for (const auto& rack : racks_) {
            if (!rack.on) names.insert(rack.name);
        }
        return names;
    }

    const Origin room{"pangyo", Role::agent, "room"};
    Duration elapsed{};
    Duration actuation = std::chrono::milliseconds(300);
    bool tripped = false;
    bool speaks = true;           ///< says its readings
    std::set<std::string> dead;   ///< UPSs
    std::set<std::string> stuck;  ///< racks whose outlets do not obey
    std::uint64_t seq = 0;
    std::map<std::string, PostureNotice> posture;
    Status status;
    std::vector<Ack> acks;
    std::vector<Command> rehearsed;

private:
    void take_commands() {
        while (const Message* message = controller.next_message()) {
            const auto topic = parse_topic(message->topic);
            if (topic->kind == Kind::command) {
                const auto command = *parse_command(message->payload);
                if (command.armed) {
                    waiting_.emplace_back(elapsed + actuation, command);
                } else {
                    rehearsed.push_back(command);
                }
            }
            if (topic->kind == Kind::posture) {
                posture[topic->name] = *parse_posture_notice(message->payload);
            }
            if (topic->kind == Kind::status) status = *parse_status(message->payload);
            if (topic->kind == Kind::ack) acks.push_back(*parse_ack(message->payload));
            controller.message_sent();
        }
    }
    void acknowledge(const Command& command) {
        Ack out;
        out.about = command.target;
        out.id = command.id;
        out.boot = command.stamp.boot;
        out.seq = command.stamp.seq;
        out.outcome = Outcome::done;
        out.stamp = {"room-1", ++seq, {}};
        const Topic topic{room, Kind::ack, command.target, ""};
        controller.take_in(Arrived{to_string(topic), to_json(out)}, at());
    }

    std::vector<ModelRack> racks_;
    std::map<std::string, OverloadClock> clocks_;
    std::vector<std::pair<Duration, Command>> waiting_;

public:
    Controller controller;
};

}  // namespace firebreak
