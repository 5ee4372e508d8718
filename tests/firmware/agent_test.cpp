// Narrated timelines of the agent's core: reports and instants in, messages and writes out.
#include "firmware/agent.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};
const Origin me{"pangyo", Role::agent, "battery-room"};
const Origin seoul{"seoul", Role::host, "seoul-1"};

Register reg(const std::string& measure, Table table, std::uint16_t address, WordType type) {
    Register out;
    out.measure = measure;
    out.table = table;
    out.address = address;
    out.type = type;
    return out;
}

DevicePlan ups() {
    DevicePlan device;
    device.name = "ups1";
    device.silent_after = 5s;
    auto heat = reg("battery.temperature", Table::input, 10, WordType::i16);
    heat.scale = 0.1;
    heat.unit = Unit::celsius;
    heat.missing = {0x7FFF};
    auto mode = reg("ups.mode", Table::input, 11, WordType::u16);
    mode.labels = {{0, "line"}, {1, "battery"}};
    device.profile = profile_of({heat, mode});
    device.blocks = {{Table::input, 10, 2, {0, 1}}};
    return device;
}

DevicePlan pdu() {
    DevicePlan device;
    device.name = "pdu1";
    device.unit = 6;
    device.silent_after = 5s;
    auto first = reg("outlet.1.switch", Table::coil, 0, WordType::bit);
    auto second = reg("outlet.2.switch", Table::coil, 1, WordType::bit);
    first.writable = second.writable = true;
    device.profile = profile_of({first, second});
    device.blocks = {{Table::coil, 0, 2, {0, 1}}};
    return device;
}

AlarmPlan alarm(const std::string& name, ConditionPlan condition, Duration on_delay = 0s,
                bool latch = false) {
    AlarmPlan plan;
    plan.name = name;
    plan.severity = Severity::critical;
    plan.conditions = {std::move(condition)};
    plan.on_delay = on_delay;
    plan.latch = latch;
    return plan;
}

SitePlan room() {
    SitePlan plan;
    plan.site = me.site;
    plan.agent = me.id;
    plan.heartbeat = 1s;
    plan.publish_every = 60s;
    plan.trusted_hosts = {"seoul-1"};
    plan.devices = {ups(), pdu()};
    plan.alarms = {
        alarm("hot", {{"ups1", "battery.temperature"}, Compare::above, 60, 5}, 2s),
        alarm("ups-silent", {{"ups1", ""}, Compare::silent, 0, 0}),
        alarm("gas", {{"ups1", "ups.mode"}, Compare::equals, 1, 0}, 0s, true),
    };
    plan.outlets = {{"videos-a", 1, "outlet.1.switch", true},
                    {"videos-b", 1, "outlet.2.switch", true}};
    return plan;
}

/// The agent, the time, and a broker that remembers what is retained.
struct Story {
    explicit Story(SitePlan plan = room()) : agent(std::move(plan), "boot1", at(0s)) {}

    static Now at(Duration after) {
        return {t0 + after, wall0 + std::chrono::floor<std::chrono::milliseconds>(after)};
    }
    void handle(const AgentInput& input, Duration after) {
        agent.handle(input, at(after));
        deliver();
    }
    void tick(Duration after) {
        agent.tick(at(after));
        deliver();
    }
    void connect(Duration after) { handle(LinkUp{}, after); }
    void ups_reads(std::uint16_t heat, std::uint16_t mode, Duration after) {
        handle(BusReport{0, 0, Words{heat, mode}, t0 + after}, after);
    }
    void ups_fails(Fault fault, Duration after) {
        handle(BusReport{0, 0, fail(fault, "no answer"), t0 + after}, after);
    }
    void pdu_reads(std::uint16_t first, std::uint16_t second, Duration after) {
        handle(BusReport{1, 0, Words{first, second}, t0 + after}, after);
    }
    void deliver() {
        while (const Message* message = agent.next_message()) {
            sent.push_back(*message);
            if (message->retained) retained[message->topic] = message->payload;
            agent.message_sent();
        }
    }
    void arrives(const Topic& topic, const std::string& payload, Duration after) {
        handle(Arrived{to_string(topic), payload}, after);
    }
    void commands(const std::string& item, const std::string& action, std::uint64_t seq,
                  Duration after) {
        const Command command{
            "id-" + item, "racks", item, action, true, "why", Stamp{"hostboot", seq, wall0}};
        arrives({seoul, Kind::command, "racks", ""}, to_json(command), after);
    }
    void operates(const std::string& name, OperatorAction action, Duration after,
                  double for_s = 0) {
        arrives({seoul, Kind::operator_request, name, ""},
                to_json(OperatorRequest{name, action, for_s, "kim"}), after);
    }

    std::string retained_on(Kind kind, const std::string& name = "",
                            const std::string& measure = "") {
        return retained[to_string(Topic{me, kind, name, measure})];
    }
    AlarmNotice notice(const std::string& name) {
        return parse_alarm(retained_on(Kind::alarm, name)).value();
    }
    ReadingNotice reading(const std::string& device, const std::string& measure) {
        return parse_reading(retained_on(Kind::reading, device, measure)).value();
    }
    Status status() { return parse_status(retained_on(Kind::status)).value(); }
    std::vector<Message> taken(Kind kind, const std::string& name = "",
                               const std::string& measure = "") {
        const auto topic = to_string(Topic{me, kind, name, measure});
        std::vector<Message> out;
        for (const auto& message : sent) {
            if (message.topic == topic) out.push_back(message);
        }
        sent.clear();
        return out;
    }

    Agent agent;
    std::vector<Message> sent;
    std::map<std::string, std::string> retained;
};

}  // namespace

TEST_CASE("agent: at the first connection it says who it is and that it knows nothing yet",
          "[firmware][agent]") {
    Story story;
    CHECK(story.agent.next_message() == nullptr);
    story.connect(100ms);
    const auto status = story.status();
    CHECK(status.online);
    CHECK(status.armed);
    CHECK(status.heartbeat_s == 1);
    CHECK(status.devices.size() == 2);
    CHECK(status.stamp.boot == "boot1");
    CHECK(story.notice("hot").phase == Phase::unknown);
    CHECK(story.retained_on(Kind::reading, "ups1", "ups.mode").empty());
}

TEST_CASE("agent: words become retained readings with unit, label and stamp", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(251, 1, 1s);
    const auto heat = story.reading("ups1", "battery.temperature");
    CHECK(heat.value.value() == Approx(25.1));
    CHECK(heat.unit == Unit::celsius);
    CHECK(heat.stamp.at == wall0 + 1s);
    CHECK(story.reading("ups1", "ups.mode").label == "battery");
}

TEST_CASE("agent: a reading is published when it changes, and again after publish_every",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 0, 1s);
    CHECK(story.taken(Kind::reading, "ups1", "battery.temperature").size() == 1);
    for (int i = 2; i <= 60; ++i) story.ups_reads(250, 0, std::chrono::seconds(i));
    CHECK(story.taken(Kind::reading, "ups1", "battery.temperature").empty());
    story.ups_reads(250, 0, 61s);
    CHECK(story.taken(Kind::reading, "ups1", "battery.temperature").size() == 1);
    story.ups_reads(251, 0, 62s);
    CHECK(story.taken(Kind::reading, "ups1", "battery.temperature").size() == 1);
}

TEST_CASE("agent: a sentinel is a missing reading with its reason, and no zero",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(0x7FFF, 0, 1s);
    CHECK(story.reading("ups1", "battery.temperature").value.error().fault == Fault::stale);
    CHECK(story.reading("ups1", "ups.mode").value == 0);
    CHECK(story.agent.phase_of("hot") == Phase::unknown);
    CHECK(story.agent.phase_of("gas") == Phase::clear);
}

TEST_CASE("agent: heat fires the alarm after its delay, with notice and event",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 0, 1s);
    story.sent.clear();
    story.ups_reads(712, 0, 2s);
    CHECK(story.notice("hot").phase == Phase::pending);
    CHECK(story.agent.next_deadline() <= t0 + 4s);
    story.tick(4s);  // no further report needed
    const auto notice = story.notice("hot");
    CHECK(notice.phase == Phase::firing);
    CHECK(notice.severity == Severity::critical);
    CHECK(notice.cause == "ups1 battery.temperature 71.2 Cel above 60, 2 s old; clears below 55");
    CHECK(notice.since == wall0 + 4s);
    const auto events = story.taken(Kind::event);
    REQUIRE(events.size() == 2);
    CHECK_FALSE(events[1].retained);
    const auto event = parse_event(events[1].payload).value();
    CHECK(event.from == Phase::pending);
    CHECK(event.to == Phase::firing);
}

TEST_CASE("agent: a device that goes silent is not stale-good", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 0, 1s);
    story.ups_fails(Fault::timeout, 3s);
    CHECK(story.reading("ups1", "ups.mode").value == 0);  // one lost answer is no silence
    story.tick(6s);
    CHECK(story.reading("ups1", "ups.mode").value.error().fault == Fault::timeout);
    CHECK(story.reading("ups1", "battery.temperature").value.error().fault == Fault::timeout);
    CHECK(story.notice("ups-silent").phase == Phase::firing);
    CHECK(story.status().devices.at("ups1").silent);
    CHECK(story.status().devices.at("ups1").timeouts == 1);
    story.ups_reads(250, 0, 10s);
    CHECK(story.reading("ups1", "ups.mode").value == 0);
    CHECK(story.notice("ups-silent").phase == Phase::clear);
}

TEST_CASE("agent: a device silent since the start fires silence and none of its other alarms",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.tick(4999ms);
    CHECK(story.notice("ups-silent").phase == Phase::unknown);
    CHECK(story.agent.next_deadline() == t0 + 5s);
    story.tick(5s);
    CHECK(story.notice("ups-silent").phase == Phase::firing);
    CHECK(story.notice("hot").phase == Phase::unknown);
    CHECK(story.notice("gas").phase == Phase::unknown);
    CHECK_FALSE(story.reading("pdu1", "outlet.1.switch").value);
}

TEST_CASE("agent: a firing alarm goes on firing when its sensor burns", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(900, 0, 1s);
    story.tick(3s);
    CHECK(story.notice("hot").phase == Phase::firing);
    for (int s = 4; s < 600; ++s) story.tick(std::chrono::seconds(s));
    CHECK(story.notice("hot").phase == Phase::firing);
}

TEST_CASE("agent: a latched alarm waits for the operator and for the all-clear",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 1, 1s);
    CHECK(story.notice("gas").latched);
    story.operates("gas", OperatorAction::acknowledge, 2s);
    CHECK(story.notice("gas").acknowledged);
    story.operates("gas", OperatorAction::reset, 2s);  // still met
    CHECK(story.notice("gas").latched);
    story.ups_reads(250, 0, 3s);
    CHECK(story.notice("gas").phase == Phase::firing);
    story.operates("gas", OperatorAction::reset, 4s);
    CHECK(story.notice("gas").phase == Phase::clear);
    CHECK_FALSE(story.notice("gas").latched);
}

TEST_CASE("agent: the wall clock is a label: in 1970, backwards or leaping, the alarms are the same",
          "[firmware][agent]") {
    using Clock = std::function<WallTime(Duration)>;
    const auto ms = [](Duration d) { return std::chrono::floor<std::chrono::milliseconds>(d); };
    const auto phases = [](const Clock& clock) {
        Agent agent(room(), "boot1", {t0, clock(0s)});
        std::vector<Phase> seen;
        const auto step = [&](const AgentInput& input, Duration after) {
            agent.handle(input, {t0 + after, clock(after)});
            agent.tick({t0 + after, clock(after)});
            while (const Message* message = agent.next_message()) {
                if (message->topic == to_string(Topic{me, Kind::alarm, "hot", ""}))
                    seen.push_back(parse_alarm(message->payload).value().phase);
                agent.message_sent();
            }
        };
        step(LinkUp{}, 0s);
        for (auto after = 1s; after < 40s; ++after) {
            const std::uint16_t heat = after > 10s && after < 30s ? 700 : 250;
            step(BusReport{0, 0, Words{heat, 0}, t0 + after}, after);
        }
        return seen;
    };
    const auto true_time = phases([&](Duration after) { return wall0 + ms(after); });
    CHECK(std::count(true_time.begin(), true_time.end(), Phase::firing) >= 1);
    CHECK(true_time.back() == Phase::clear);
    const std::map<std::string, Clock> clocks = {
        {"1970", [&](Duration after) { return WallTime{ms(after)}; }},
        {"backwards", [&](Duration after) { return wall0 - ms(60 * after); }},
        {"leaps a year each second", [&](Duration after) { return wall0 + ms(after * 31'536'000); }},
        {"set right in the middle",
         [&](Duration after) { return after < 15s ? WallTime{ms(after)} : wall0 + ms(after); }},
        {"stands still", [&](Duration) { return wall0; }},
    };
    for (const auto& [name, clock] : clocks) {
        INFO(name);
        CHECK(phases(clock) == true_time);
    }
}

TEST_CASE("agent: shelving shows and ends by itself", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 1, 1s);
    story.operates("gas", OperatorAction::shelve, 2s, 60);
    CHECK(story.notice("gas").shelved);
    story.tick(61s);
    CHECK(story.notice("gas").shelved);
    story.tick(62s);
    CHECK_FALSE(story.notice("gas").shelved);
}

TEST_CASE("agent: while the broker is away the newest state waits and is said on return",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 0, 1s);
    story.handle(LinkDown{"gone"}, 2s);
    story.sent.clear();
    story.ups_reads(260, 0, 3s);
    story.ups_reads(270, 1, 4s);
    CHECK(story.sent.empty());
    story.connect(5s);
    CHECK(story.reading("ups1", "battery.temperature").value.value() == Approx(27.0));
    CHECK(story.taken(Kind::event).size() == 1);  // gas: one clear -> firing
    CHECK(story.status().counters.at("link.ups") == 2);
}

TEST_CASE("agent: stamps count up and heartbeats come in time", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.sent.clear();
    for (int ms = 100; ms <= 10'000; ms += 100) story.tick(std::chrono::milliseconds(ms));
    const auto beats = story.taken(Kind::status);
    CHECK(beats.size() == 10);
    std::uint64_t last = 0;
    for (const auto& beat : beats) {
        const auto status = parse_status(beat.payload).value();
        CHECK(status.stamp.seq > last);
        last = status.stamp.seq;
    }
}

TEST_CASE("agent: after a stall it says one heartbeat, not all that it missed",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.sent.clear();
    story.tick(3600s);
    CHECK(story.taken(Kind::status).size() == 1);
    CHECK(story.agent.next_deadline() > t0 + 3600s);
}

TEST_CASE("agent: a wall clock that jumps changes labels and nothing else", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.agent.handle(BusReport{0, 0, Words{900, 0}, t0 + 1s}, {t0 + 1s, wall0});
    story.agent.tick({t0 + 2s, wall0 + 24h * 365});
    CHECK(story.agent.phase_of("hot") == Phase::pending);
    story.agent.tick({t0 + 3s, WallTime{}});
    CHECK(story.agent.phase_of("hot") == Phase::firing);
}

TEST_CASE("agent: a command switches the outlet and every outlet of a target is acknowledged",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.pdu_reads(1, 1, 1s);
    story.commands("videos-a", "off", 1, 2s);
    story.commands("videos-b", "off", 2, 2s);
    const auto writes = story.agent.take_writes();
    REQUIRE(writes.size() == 2);
    // Both reports come before the link takes a message: neither answer may hide the other.
    story.agent.handle(WriteReport{writes[0].ticket, Words{0}, t0 + 3s}, Story::at(3s));
    story.agent.handle(WriteReport{writes[1].ticket, Words{0}, t0 + 3s}, Story::at(3s));
    story.deliver();
    const auto acks = story.taken(Kind::ack, "racks");
    REQUIRE(acks.size() == 2);
    CHECK(acks[0].retained);
    const auto ack = parse_ack(acks[0].payload).value();
    CHECK(ack.about == "racks");
    CHECK(ack.id == "id-videos-a");
    CHECK(ack.boot == "hostboot");
    CHECK(ack.seq == 1);
    CHECK(ack.outcome == Outcome::done);
    CHECK(story.reading("pdu1", "outlet.1.switch").value == 0);
    CHECK(story.status().online);
}

TEST_CASE("agent: after the read-back the opposite command is written, not taken for done",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.pdu_reads(1, 1, 1s);
    story.commands("videos-a", "off", 1, 2s);
    story.handle(WriteReport{story.agent.take_writes().at(0).ticket, Words{0}, t0 + 3s}, 3s);
    story.commands("videos-a", "on", 2, 3s);  // before the next poll
    CHECK(story.agent.take_writes().size() == 1);
}

TEST_CASE("agent: nobody but a trusted host is obeyed", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.pdu_reads(1, 1, 1s);
    story.ups_reads(250, 1, 1s);
    const Command command{"id", "racks", "videos-a", "off", true, "", Stamp{"b", 1, wall0}};
    const Origin other{"seoul", Role::host, "mallory"};
    story.arrives({other, Kind::command, "racks", ""}, to_json(command), 2s);
    story.arrives({other, Kind::operator_request, "gas", ""},
                  to_json(OperatorRequest{"gas", OperatorAction::acknowledge, 0, "m"}), 2s);
    CHECK(story.agent.take_writes().empty());
    CHECK_FALSE(story.notice("gas").acknowledged);
    story.tick(3s);
    CHECK(story.status().counters.at("senders.untrusted") == 2);
}

TEST_CASE("agent: a command that says another target than its topic is dropped",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    const Command command{"id", "racks", "videos-a", "off", true, "", Stamp{"b", 1, wall0}};
    story.arrives({seoul, Kind::command, "other", ""}, to_json(command), 1s);
    CHECK(story.agent.take_writes().empty());
    story.tick(2s);
    CHECK(story.status().counters.at("messages.dropped") == 1);
}

TEST_CASE("agent: hostile payloads are counted, told once a kind, and dropped",
          "[firmware][agent]") {
    Story story;
    story.connect(0s);
    static_cast<void>(story.agent.take_notes());
    const std::string payloads[] = {"",     "{",        "null",       "[]",
                                    "true", "\xff\xfe", "{\"id\":1}", std::string(1 << 20, '[')};
    for (const Kind kind : {Kind::command, Kind::ack, Kind::operator_request}) {
        for (const auto& payload : payloads) {
            story.arrives({seoul, kind, "gas", ""}, payload, 1s);
        }
    }
    story.arrives({me, Kind::alarm, "gas", ""}, "nonsense", 1s);
    for (const auto* topic : {"", "/", "firebreak", "firebreak/1/x", "firebreak/2/a/host/b/status",
                              "firebreak/1/seoul/host/seoul-1/command/../x"}) {
        story.handle(Arrived{topic, "{}"}, 1s);
    }
    // Malformed: four kinds of topic and what is no topic; oversized: three kinds.
    CHECK(story.agent.take_notes().size() == 5 + 3);
    story.tick(2s);
    CHECK(story.status().counters.at("messages.dropped") == 25 + 6);
    CHECK(story.agent.take_writes().empty());
}

TEST_CASE("agent: reports that fit no device or block are ignored", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.handle(BusReport{9, 0, Words{1, 2}, t0}, 1s);
    story.handle(BusReport{0, 9, Words{1, 2}, t0}, 1s);
    story.handle(WriteReport{12, Words{}, t0}, 1s);
    CHECK(story.agent.phase_of("hot") == Phase::unknown);
}

TEST_CASE("agent: an answer with too few words is no answer", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.handle(BusReport{0, 0, Words{900}, t0 + 1s}, 1s);
    CHECK(story.agent.phase_of("hot") == Phase::unknown);
    story.tick(5s);
    CHECK(story.notice("ups-silent").phase == Phase::firing);
    CHECK(story.status().devices.at("ups1").corrupt == 1);
}

TEST_CASE("agent: a restart in the middle of a fire forgets no alarm", "[firmware][agent]") {
    Story before;
    before.connect(0s);
    before.ups_reads(900, 1, 1s);
    before.tick(3s);
    REQUIRE(before.notice("hot").phase == Phase::firing);

    // A new life: the broker still knows; the sensors have burnt by now.
    Agent after(room(), "boot2", Story::at(10s));
    after.handle(LinkUp{}, Story::at(10s));
    for (const auto& [topic, payload] : before.retained) {
        after.handle(Arrived{topic, payload}, Story::at(10s));
    }
    CHECK(after.phase_of("hot") == Phase::firing);
    CHECK(after.phase_of("gas") == Phase::firing);
    after.tick(Story::at(600s));
    CHECK(after.phase_of("hot") == Phase::firing);
    // The latch holds against good evidence; the other alarm yields to it.
    after.handle(BusReport{0, 0, Words{250, 0}, t0 + 601s}, Story::at(601s));
    CHECK(after.phase_of("hot") == Phase::clear);
    CHECK(after.phase_of("gas") == Phase::firing);
}

TEST_CASE("agent: its own words coming back change nothing", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(250, 1, 1s);
    const auto firing = story.retained_on(Kind::alarm, "gas");
    story.ups_reads(250, 0, 2s);
    story.operates("gas", OperatorAction::reset, 3s);
    REQUIRE(story.notice("gas").phase == Phase::clear);
    story.arrives({me, Kind::alarm, "gas", ""}, firing, 4s);
    CHECK(story.notice("gas").phase == Phase::clear);
}

TEST_CASE("agent: will and farewell say offline on the status topic", "[firmware][agent]") {
    Story story;
    const auto will = story.agent.will();
    CHECK(will.retained);
    CHECK_FALSE(parse_status(will.payload).value().online);
    CHECK(will.topic == to_string(Topic{me, Kind::status, "", ""}));
    const auto farewell = story.agent.farewell(Story::at(9s));
    CHECK(farewell.topic == will.topic);
    CHECK_FALSE(parse_status(farewell.payload).value().online);
    CHECK(parse_status(farewell.payload).value().stamp.seq > 0);
}

TEST_CASE("agent: it listens to its trusted hosts and to its own earlier words only",
          "[firmware][agent]") {
    Story story;
    const auto filters = story.agent.subscriptions();
    CHECK(filters.size() == 7);
    const auto has = [&](const std::string& filter) {
        return std::find(filters.begin(), filters.end(), filter) != filters.end();
    };
    CHECK(has(filter("+", Role::host, "seoul-1", Kind::command)));
    CHECK(has(filter("+", Role::host, "seoul-1", Kind::operator_request)));
    CHECK(has(filter("+", Role::host, "seoul-1", Kind::status)));
    CHECK(has(filter("pangyo", Role::agent, "battery-room", Kind::alarm)));
    CHECK(has(filter("pangyo", Role::agent, "battery-room", Kind::status)));
    CHECK(has(filter("pangyo", Role::agent, "battery-room", Kind::operator_request)));
}

TEST_CASE("agent: after any tick the next deadline lies ahead", "[firmware][agent]") {
    Story story;
    story.connect(0s);
    story.ups_reads(900, 1, 0s);
    story.pdu_reads(1, 1, 0s);
    story.commands("videos-a", "off", 1, 0s);
    story.operates("gas", OperatorAction::shelve, 0s, 7.5);
    Instant now = t0;
    int wakings = 0;
    while (now < t0 + 60s) {
        const Instant next = story.agent.next_deadline();
        REQUIRE(next > now);
        now = next;
        story.agent.tick({now, wall0});
        ++wakings;
    }
    CHECK(wakings < 80);  // a heartbeat a second, and a handful more
}

TEST_CASE("agent: notes nobody takes do not pile up", "[firmware][agent]") {
    Story story;
    for (int i = 0; i < 1000; ++i) story.handle(LinkDown{"gone"}, 1s);
    CHECK(story.agent.take_notes().size() <= 64);
}
