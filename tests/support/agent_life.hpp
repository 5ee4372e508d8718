// The agent's core with a disk and a broker that remember, both played here: for its life across
// restarts, power cuts and operators.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "tests/support/profile_of.hpp"

namespace firebreak::life {

using namespace std::chrono_literals;

inline const Instant t0{1000h};
inline const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};
inline const Origin me{"pangyo", Role::agent, "battery-room"};
inline constexpr std::size_t flags = 16;

/// One device with sixteen flags; alarm "a0" looks at the first of them, and so on.
inline SitePlan room() {
    SitePlan plan;
    plan.site = me.site;
    plan.agent = me.id;
    plan.heartbeat = 1h;
    plan.publish_every = 24h;
    plan.trusted_hosts = {"seoul-1"};
    DevicePlan device;
    device.name = "io1";
    device.silent_after = 24h;
    std::vector<Register> registers;
    Block block{Table::input, 0, flags, {}};
    for (std::size_t i = 0; i < flags; ++i) {
        Register reg;
        reg.measure = "flag." + std::to_string(i);
        reg.table = Table::input;
        reg.address = static_cast<std::uint16_t>(i);
        reg.type = WordType::u16;
        registers.push_back(reg);
        block.registers.push_back(i);
        AlarmPlan alarm;
        alarm.name = "a" + std::to_string(i);
        alarm.severity = Severity::high;
        alarm.conditions = {{{"io1", reg.measure}, Compare::equals, 1, 0}};
        plan.alarms.push_back(alarm);
    }
    device.profile = profile_of(registers);
    device.blocks = {block};
    plan.devices = {device};
    return plan;
}

/// What a disk holds, made by orders as a store makes it.
struct Disk {
    std::map<std::string, std::string> kept;
    std::map<std::uint64_t, Message> records;
    std::vector<Message> ever;  ///< every record it was given, in order
    int writes = 0;

    void take(const StoreOrder& order) {
        ++writes;
        if (order.whole) {
            kept.clear();
            records.clear();
        }
        for (const auto& [name, text] : order.keep) kept[name] = text;
        for (const auto& [id, message] : order.append) {
            records[id] = message;
            ever.push_back(message);
        }
        for (const auto id : order.drop) records.erase(id);
    }
    [[nodiscard]] Remembered remembered() const {
        Remembered out;
        out.kept.assign(kept.begin(), kept.end());
        for (const auto& [id, message] : records) out.records.push_back({id, message});
        return out;
    }
};

struct Life {
    explicit Life(Disk& its_disk, SitePlan plan = room(), Duration born = 0s,
                  const std::string& boot = "boot1")
        : disk(its_disk), agent(std::move(plan), boot, at(born), its_disk.remembered()) {}

    static Now at(Duration after) {
        return {t0 + after, wall0 + std::chrono::floor<std::chrono::milliseconds>(after)};
    }
    void handle(const AgentInput& input, Duration after) {
        agent.handle(input, at(after));
        turn(after);
    }
    void tick(Duration after) {
        agent.tick(at(after));
        turn(after);
    }
    /// As the shell's loop: the disk first, if it answers, then the broker.
    void turn(Duration after) {
        while (auto order = disk_answers ? agent.take_store_order(at(after)) : std::nullopt) {
            if (disk_fault) {
                agent.handle(StoreReport{fail(*disk_fault, "the disk is full")}, at(after));
                continue;
            }
            disk.take(*order);
            agent.handle(StoreReport{}, at(after));
        }
        while (const Message* message = agent.next_message()) {
            sent.push_back(*message);
            if (message->retained) retained[message->topic] = message->payload;
            agent.message_sent();
        }
        if (!acks) return;
        for (const auto& message : sent) {
            if (message.ticket != 0) agent.handle(Delivered{message.ticket}, at(after));
        }
    }
    void flag(std::size_t number, bool on, Duration after) {
        words[number] = on ? 1 : 0;
        handle(BusReport{0, 0, words, t0 + after}, after);
    }
    void operates(const std::string& alarm, OperatorAction action, Duration after,
                  double for_s = 0) {
        const Topic topic{me, Kind::operator_request, alarm, ""};
        handle(Arrived{to_string(topic), to_json(OperatorRequest{alarm, action, for_s, "kim"})},
               after);
    }
    AlarmNotice notice(const std::string& alarm) {
        return parse_alarm(retained[to_string(Topic{me, Kind::alarm, alarm, ""})]).value();
    }
    FloodNotice flood() {
        return parse_flood(retained[to_string(Topic{me, Kind::flood, "", ""})]).value();
    }
    std::vector<AlarmEvent> events() const {
        std::vector<AlarmEvent> out;
        for (const auto& message : sent) {
            const auto topic = parse_topic(message.topic);
            if (topic && topic->kind == Kind::event) {
                out.push_back(parse_event(message.payload).value());
            }
        }
        return out;
    }
    /// Of the first two alarms: the others only become clear.
    std::vector<std::string> moves() const {
        std::vector<std::string> out;
        for (const auto& event : events()) {
            if (event.alarm != "a0" && event.alarm != "a1") continue;
            if (!event.action) out.push_back(event.alarm + " " + std::string(to_string(event.to)));
        }
        return out;
    }

    Disk& disk;
    bool disk_answers = true;
    std::optional<Fault> disk_fault;
    bool acks = true;
    Agent agent;
    Words words = Words(flags, 0);
    std::vector<Message> sent;
    std::map<std::string, std::string> retained;
};

}  // namespace firebreak::life
