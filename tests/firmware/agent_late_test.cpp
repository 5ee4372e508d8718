// Readings of the time without a link, as a subscriber gets them.
#include <algorithm>
#include <set>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};

/// A room of one device with two temperatures, and what its broker was given.
struct Room {
    explicit Room(std::size_t backlog = 1'000) : agent(plan(backlog), "boot1", at(0s)) {}

    static SitePlan plan(std::size_t backlog) {
        SitePlan plan;
        plan.site = "pangyo";
        plan.agent = "battery-room";
        plan.heartbeat = 1h;
        plan.backlog = backlog;
        std::vector<Register> registers(2);
        registers[0].measure = "cell.1.temperature";
        registers[1].measure = "cell.2.temperature";
        registers[1].address = 1;
        for (auto& reg : registers) reg.unit = Unit::celsius;
        DevicePlan device;
        device.name = "cells";
        device.silent_after = 24h;
        device.profile = profile_of(registers);
        device.blocks = plan_blocks(*device.profile, {0, 1}, 0);
        plan.devices = {device};
        return plan;
    }
    static Now at(Duration after) {
        return {t0 + after, wall0 + std::chrono::floor<std::chrono::milliseconds>(after)};
    }
    void reads(std::uint16_t first, std::uint16_t second, Duration after) {
        agent.handle(
            BusReport{.device = 0, .block = 0, .words = Words{first, second}, .at = t0 + after},
            at(after));
    }
    /// What comes next of a topic that ends so.
    std::vector<Message> take(const std::string& ending, std::size_t most = 100'000) {
        std::vector<Message> out;
        while (most-- > 0) {
            const Message* message = agent.next_message();
            if (message == nullptr) break;
            if (message->topic.ends_with(ending)) out.push_back(*message);
            agent.message_sent();
        }
        return out;
    }
    Status status(Duration after) {
        agent.handle(LinkDown{}, at(after));
        agent.handle(LinkUp{}, at(after));
        return parse_status(take("/status").back().payload).value();
    }

    Agent agent;
};

std::vector<double> values(const std::vector<Message>& messages) {
    std::vector<double> out;
    for (const auto& each : messages)
        out.push_back(parse_reading(each.payload).value().value.value());
    return out;
}

}  // namespace

TEST_CASE("late: after an outage a point's readings come in order, the newest last and retained",
          "[firmware][late]") {
    Room room;
    room.agent.handle(LinkUp{}, Room::at(0s));
    room.reads(20, 50, 1s);
    CHECK(room.take("cell.1.temperature").size() == 1);
    room.agent.handle(LinkDown{"gone"}, Room::at(2s));
    for (int i = 1; i <= 5; ++i) {
        room.reads(static_cast<std::uint16_t>(20 + i), 50, 2s + std::chrono::seconds(i));
    }
    CHECK(room.agent.next_message() == nullptr);
    room.agent.handle(LinkUp{}, Room::at(10s));
    const auto sent = room.take("cell.1.temperature");
    CHECK(values(sent) == std::vector<double>{21, 22, 23, 24, 25});
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const auto notice = parse_reading(sent[i].payload).value();
        const bool is_newest = i + 1 == sent.size();
        CHECK(sent[i].retained == is_newest);
        CHECK(notice.historical == !is_newest);
        CHECK(notice.stamp.at == wall0 + 3s + std::chrono::seconds(static_cast<int>(i)));
        CHECK(notice.stamp.seq > last);
        last = notice.stamp.seq;
    }
}

TEST_CASE("late: state and records go before the readings of an outage", "[firmware][late]") {
    Room room;
    for (std::uint16_t i = 0; i < 10; ++i) room.reads(i, 0, std::chrono::seconds(i));
    room.agent.handle(LinkUp{}, Room::at(20s));
    for (const auto& urgent : room.take("", 2)) {
        CHECK(parse_topic(urgent.topic)->kind != Kind::reading);  // the status, and no flood
    }
    CHECK(parse_reading(room.agent.next_message()->payload).value().historical);
}

TEST_CASE("late: what is read while the readings of an outage are said comes after them",
          "[firmware][late]") {
    Room room;
    for (std::uint16_t i = 0; i < 10; ++i) room.reads(i, 0, std::chrono::seconds(i));
    room.agent.handle(LinkUp{}, Room::at(20s));
    const auto first = room.take("cell.1.temperature", 5);
    room.reads(99, 0, 21s);
    auto rest = room.take("cell.1.temperature");
    CHECK(values(rest).back() == 99);
    CHECK(first.size() + rest.size() == 11);  // 9 is history now, too
}

TEST_CASE("late: a second outage in the middle loses none and repeats none", "[firmware][late]") {
    Room room;
    for (std::uint16_t i = 0; i < 10; ++i) room.reads(i, 0, std::chrono::seconds(i));
    room.agent.handle(LinkUp{}, Room::at(20s));
    auto sent = room.take("cell.1.temperature", 6);
    room.agent.handle(LinkDown{}, Room::at(21s));
    room.reads(50, 0, 22s);
    room.reads(51, 0, 23s);
    room.agent.handle(LinkUp{}, Room::at(24s));
    for (auto& each : room.take("cell.1.temperature")) sent.push_back(each);
    std::set<std::uint64_t> seqs;
    for (const auto& each : sent) seqs.insert(parse_reading(each.payload).value().stamp.seq);
    CHECK(seqs.size() == 12);
    CHECK(sent.size() == 12);
    CHECK(values(sent).back() == 51);
}

TEST_CASE("late: a missing value keeps its reason", "[firmware][late]") {
    Room room;
    room.reads(20, 0, 1s);
    room.agent.tick(Room::at(25h));  // silent
    room.reads(21, 0, 25h + 1s);
    room.agent.handle(LinkUp{}, Room::at(26h));
    const auto sent = room.take("cell.1.temperature");
    REQUIRE(sent.size() == 3);
    const auto gone = parse_reading(sent[1].payload).value();
    REQUIRE_FALSE(gone.value);
    CHECK(gone.value.error().fault == Fault::timeout);
}

TEST_CASE("late: an overflow is told once an outage and counted in the status",
          "[firmware][late]") {
    Room room(16);
    for (std::uint16_t i = 0; i < 200; ++i) room.reads(i, 0, std::chrono::seconds(i));
    std::size_t told = 0;
    for (const auto& note : room.agent.take_notes())
        if (note.event == "readings_thinned") ++told;
    CHECK(told == 1);
    CHECK(room.status(300s).counters.at("readings.thinned") > 150);
    CHECK(room.status(301s).counters.at("readings.waiting") == 0);
}

TEST_CASE("late: with no backlog only the newest of each point waits", "[firmware][late]") {
    Room room(0);
    for (std::uint16_t i = 0; i < 20; ++i) room.reads(i, 0, std::chrono::seconds(i));
    room.agent.handle(LinkUp{}, Room::at(30s));
    CHECK(values(room.take("cell.1.temperature")) == std::vector<double>{19});
}
