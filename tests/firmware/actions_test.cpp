// Narrated timelines of an output that alarms switch: alarms and reports in, writes out.
#include "firmware/actions.hpp"

#include "firmware/agent.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

Register bit_of(const std::string& measure, Table table, std::uint16_t address, bool writable) {
    Register reg;
    reg.measure = measure;
    reg.table = table;
    reg.address = address;
    reg.type = WordType::bit;
    reg.writable = writable;
    return reg;
}

DevicePlan device(const std::string& name, std::vector<Register> registers, Block block) {
    DevicePlan plan;
    plan.name = name;
    plan.silent_after = 5s;
    plan.profile = profile_of(std::move(registers));
    plan.blocks = {std::move(block)};
    return plan;
}

AlarmPlan when_set(const std::string& name, const std::string& measure) {
    AlarmPlan plan;
    plan.name = name;
    plan.conditions = {{{"fire1", measure}, Compare::equals, 1, 0}};
    return plan;
}

SitePlan room(bool armed = true, std::optional<double> off = 0) {
    SitePlan plan;
    plan.site = "pangyo";
    plan.agent = "room";
    plan.heartbeat = 1h;
    plan.devices = {
        device("fire1",
               {bit_of("gas", Table::discrete_input, 0, false),
                bit_of("smoke", Table::discrete_input, 1, false)},
               {Table::discrete_input, 0, 2, {0, 1}}),
        device("io1", {bit_of("horn", Table::coil, 3, true)}, {Table::coil, 3, 1, {0}})};
    plan.alarms = {when_set("gas", "gas"), when_set("smoke", "smoke")};
    plan.actions = {{"horn", {"gas", "smoke"}, 1, "horn", 1, off, armed}};
    return plan;
}

/// The agent with neither a broker nor a host, and the writes it wants.
struct Story {
    explicit Story(SitePlan plan = room())
        : agent(std::move(plan), "boot1", Now{t0, {}}), now(t0) {}

    void handle(const AgentInput& input) { agent.handle(input, Now{now, {}}); }
    void fire_reads(std::uint16_t gas, std::uint16_t smoke) {
        handle(BusReport{0, 0, Words{gas, smoke}, now, 0, 0});
    }
    void horn_reads(std::uint16_t state) { handle(BusReport{1, 0, Words{state}, now, 0, 0}); }
    void pass(Duration time) {
        now += time;
        agent.tick(Now{now, {}});
    }
    /// The one write it wants now, which reads back as `shows`.
    void carried_out(std::uint16_t value, std::uint16_t shows) {
        const auto writes = agent.take_writes();
        REQUIRE(writes.size() == 1);
        CHECK(writes[0].request.table == Table::coil);
        CHECK(writes[0].request.address == 3);
        CHECK(writes[0].request.words == Words{value});
        handle(WriteReport{writes[0].ticket, Words{shows}, now});
    }
    [[nodiscard]] bool quiet() { return agent.take_writes().empty(); }

    Agent agent;
    Instant now;
};

}  // namespace

TEST_CASE("actions: an alarm switches its output on and its end switches it off, with no broker",
          "[firmware][actions]") {
    Story story;
    story.horn_reads(0);
    story.fire_reads(0, 0);
    CHECK(story.quiet());
    story.fire_reads(1, 0);
    story.carried_out(1, 1);
    story.horn_reads(1);
    story.pass(4s);
    story.fire_reads(1, 0);
    CHECK(story.quiet());
    story.fire_reads(0, 0);
    story.carried_out(0, 0);
    story.pass(1min);
    CHECK(story.quiet());
}

TEST_CASE("actions: the output stays on until all of its alarms are over", "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 1);
    story.carried_out(1, 1);
    story.fire_reads(0, 1);
    CHECK(story.quiet());
    story.fire_reads(0, 0);
    story.carried_out(0, 0);
}

TEST_CASE("actions: nothing is written where it is not armed", "[firmware][actions]") {
    Story story(room(false));
    story.fire_reads(1, 1);
    story.pass(1min);
    story.fire_reads(0, 0);
    CHECK(story.quiet());
    bool told = false;
    for (const auto& note : story.agent.take_notes()) {
        told = told || (note.event == "action" &&
                        note.detail.find("horn on because gas, smoke: rehearsed") == 0);
    }
    CHECK(told);
}

TEST_CASE("actions: without an off value the end of the alarm undoes nothing",
          "[firmware][actions]") {
    Story story(room(true, std::nullopt));
    story.fire_reads(1, 0);
    story.carried_out(1, 1);
    story.fire_reads(0, 0);
    story.pass(1min);
    CHECK(story.quiet());
}

TEST_CASE("actions: missing evidence neither starts nor ends one", "[firmware][actions]") {
    Story story;
    story.pass(1min);
    CHECK(story.quiet());
    story.fire_reads(1, 0);
    story.carried_out(1, 1);
    story.pass(1h);  // the panel and the horn have fallen silent
    story.pass(1h);
    CHECK(story.quiet());
    story.fire_reads(0, 0);
    story.carried_out(0, 0);
}

TEST_CASE("actions: what reads back otherwise is written again, ever more seldom",
          "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 0);
    int writes = 0;
    for (int second = 0; second < 300; ++second) {
        for (const auto& write : story.agent.take_writes()) {
            ++writes;
            story.handle(WriteReport{write.ticket, Words{0}, story.now});
        }
        story.pass(1s);
        story.fire_reads(1, 0);
    }
    CHECK(writes >= 10);
    CHECK(writes <= 16);  // 1, 2, 4, 8, 16, 30, 30 … seconds apart
}

TEST_CASE("actions: an output that falls back by itself is switched on again",
          "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 0);
    story.carried_out(1, 1);
    story.pass(2s);
    story.horn_reads(0);  // somebody reset the horn
    story.carried_out(1, 1);
}

TEST_CASE("actions: an output that is on already is left alone, and switched off after",
          "[firmware][actions]") {
    Story story;
    story.horn_reads(1);
    story.fire_reads(1, 0);
    CHECK(story.quiet());
    story.fire_reads(0, 0);
    story.carried_out(0, 0);
}

TEST_CASE("actions: what no alarm of this life asked for is never switched off",
          "[firmware][actions]") {
    Story story;
    story.horn_reads(1);  // somebody tests the horn
    story.fire_reads(0, 0);
    story.pass(1min);
    CHECK(story.quiet());
}

TEST_CASE("actions: a write that the bus never reports on is tried again", "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 0);
    CHECK(story.agent.take_writes().size() == 1);
    story.pass(9s);
    CHECK(story.quiet());
    story.pass(2s);
    story.pass(2s);
    story.carried_out(1, 1);
}

TEST_CASE("actions: a late report of a write given up changes nothing", "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 0);
    const auto first = story.agent.take_writes().at(0).ticket;
    story.pass(11s);
    story.handle(WriteReport{first, fail(Fault::refused, "no"), story.now});
    story.pass(2s);
    story.carried_out(1, 1);
}

TEST_CASE("actions: the agent is awake when a retry is due", "[firmware][actions]") {
    Story story;
    story.fire_reads(1, 0);
    story.carried_out(1, 0);
    CHECK(story.agent.next_deadline() == story.now + 1s);
    story.pass(1s);
    story.carried_out(1, 1);
}
