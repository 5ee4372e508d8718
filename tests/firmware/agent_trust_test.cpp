// An agent that has a key for its host, and one who would like to switch its outlets.
#include <algorithm>
#include <array>
#include <random>

#include "contract/payload.hpp"
#include "contract/signature.hpp"
#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const Origin me{"pangyo", Role::agent, "battery-room"};
const Origin seoul{"seoul", Role::host, "seoul-1"};

/// The agent's, the host's and a stranger's.
const SigningKey& key_of(std::size_t who) {
    static const std::array<SigningKey, 3> keys = {make_signing_key(), make_signing_key(),
                                                   make_signing_key()};
    return keys.at(who);
}

SitePlan wary_site() {
    Register outlet;
    outlet.measure = "outlet.1.switch";
    outlet.table = Table::coil;
    outlet.type = WordType::bit;
    outlet.writable = true;
    DevicePlan pdu;
    pdu.name = "pdu1";
    pdu.silent_after = 5s;
    pdu.profile = profile_of({outlet});
    pdu.blocks = {{Table::coil, 0, 1, {0}}};
    SitePlan plan;
    plan.site = me.site;
    plan.agent = me.id;
    plan.heartbeat = 1s;
    plan.trusted_hosts = {"seoul-1"};
    plan.devices = {pdu};
    AlarmPlan gas;
    gas.name = "gas";
    gas.latch = true;
    gas.conditions = {{{"pdu1", "outlet.1.switch"}, Compare::equals, 0, 0}};
    plan.alarms = {gas};
    plan.outlets = {{"videos-a", 0, "outlet.1.switch", true}};
    plan.trust.signing = key_of(0);
    plan.trust.keys.push_back({key_of(1).public_key(), seoul});
    return plan;
}

struct WaryAgent {
    explicit WaryAgent(const std::string& boot = "boot1") : agent(wary_site(), boot, at()) {
        handle(LinkUp{});
        reads(1);
    }

    [[nodiscard]] Now at() const {
        return {t0 + elapsed, WallTime{} + std::chrono::floor<std::chrono::milliseconds>(elapsed)};
    }
    void handle(const AgentInput& input) {
        agent.handle(input, at());
        deliver();
    }
    void pass(Duration duration) {
        for (const auto end = elapsed + duration; elapsed < end;) {
            elapsed += 100ms;
            reads(1);
        }
    }
    void reads(std::uint16_t state) { handle(BusReport{0, 0, Words{state}, at().steady}); }
    void deliver() {
        while (const Message* message = agent.next_message()) {
            const auto topic = parse_topic(message->topic).value();
            if (topic.kind == Kind::status) status = parse_status(message->payload).value();
            if (topic.kind == Kind::alarm) notice = parse_alarm(message->payload).value();
            if (topic.kind != Kind::reading) {
                const auto signature = find_signature(message->payload);
                REQUIRE(signature);
                CHECK(verifies(key_of(0).public_key(), message->topic, *signature));
            }
            agent.message_sent();
        }
    }
    void brings(const Message& message) { handle(Arrived{message.topic, message.payload}); }
    void says(const Message& message) { brings(signed_with(key_of(1), message)); }

    [[nodiscard]] Echo newest() const { return {status.stamp.boot, status.stamp.seq}; }
    [[nodiscard]] Message command(std::uint64_t seq, std::optional<Echo> to,
                                  const std::string& host_boot = "host-1") const {
        const Command out{.id = "id",
                          .target = "racks",
                          .item = "videos-a",
                          .action = "off",
                          .armed = true,
                          .because = "why",
                          .stamp = {host_boot, seq, {}},
                          .to = std::move(to)};
        return {to_string(Topic{seoul, Kind::command, "racks", ""}), to_json(out)};
    }
    [[nodiscard]] Message request(std::uint64_t seq, std::optional<Echo> to) const {
        OperatorRequest out{"gas", OperatorAction::shelve, 60, "kim"};
        out.to = std::move(to);
        out.stamp = Stamp{"desk", seq, {}};
        return {to_string(Topic{me, Kind::operator_request, "gas", ""}), to_json(out)};
    }
    std::size_t writes() { return agent.take_writes().size(); }
    std::uint64_t count(const std::string& name) {
        pass(1s);
        const auto found = status.counters.find(name);
        return found == status.counters.end() ? 0 : found->second;
    }

    Duration elapsed{};
    Status status;
    AlarmNotice notice;
    Agent agent;
};

}  // namespace

TEST_CASE(
    "agent trust: a signed command to this life is obeyed, an unsigned or a stranger's is not",
    "[firmware][agent_trust]") {
    WaryAgent story;
    story.brings(story.command(1, story.newest()));
    story.brings(signed_with(key_of(2), story.command(2, story.newest())));
    story.brings(signed_with(key_of(0), story.command(3, story.newest())));
    CHECK(story.writes() == 0);
    story.says(story.command(4, story.newest()));
    CHECK(story.writes() == 1);
    CHECK(story.count("messages.dropped.unsigned") == 1);
    CHECK(story.count("messages.dropped.unknown_key") == 2);
}

TEST_CASE("agent trust: a command said to an earlier life, too long ago or to nobody is not obeyed",
          "[firmware][agent_trust]") {
    WaryAgent story;
    story.says(story.command(1, std::nullopt));
    story.says(story.command(2, Echo{"boot0", story.newest().seq}));
    story.says(story.command(3, Echo{"boot1", story.newest().seq + 1}));
    const auto then = story.newest();
    story.pass(25s);
    story.says(story.command(4, then));
    CHECK(story.writes() == 0);
    CHECK(story.count("messages.dropped.replayed") == 4);
    story.says(story.command(5, story.newest()));
    CHECK(story.writes() == 1);
}

TEST_CASE("agent trust: without keys a command that the broker has kept too long is not obeyed",
          "[firmware][agent_trust]") {
    auto plan = wary_site();
    plan.trust = {};
    Agent agent(plan, "boot1", {t0, {}});
    agent.handle(LinkUp{}, {t0, {}});
    agent.handle(BusReport{0, 0, Words{1}, t0}, {t0, {}});
    Status status;
    while (const Message* message = agent.next_message()) {
        if (parse_topic(message->topic)->kind == Kind::status) {
            status = parse_status(message->payload).value();
        }
        agent.message_sent();
    }
    const WaryAgent words;
    const auto command = words.command(1, Echo{"boot1", status.stamp.seq});
    const auto late = words.command(2, Echo{"boot1", status.stamp.seq});
    const Now later{t0 + 30s, {}};
    agent.handle(BusReport{0, 0, Words{1}, later.steady}, later);
    agent.handle(Arrived{late.topic, late.payload}, later);
    CHECK(agent.take_writes().empty());
    const auto plain = words.command(3, std::nullopt);
    agent.handle(Arrived{plain.topic, plain.payload}, later);
    CHECK(agent.take_writes().size() == 1);
    static_cast<void>(command);
}

TEST_CASE("agent trust: an operator's request is obeyed once, signed and to this life",
          "[firmware][agent_trust]") {
    WaryAgent story;
    const auto signed_request = signed_with(key_of(0), story.request(1, story.newest()));
    story.brings(story.request(1, story.newest()));
    CHECK_FALSE(story.notice.shelved);
    story.brings(signed_with(key_of(0), story.request(1, Echo{"boot0", 1})));
    CHECK_FALSE(story.notice.shelved);
    story.brings(signed_request);
    CHECK(story.notice.shelved);
    story.brings(signed_request);
    CHECK(story.count("operator.requests") == 1);
    CHECK(story.count("messages.dropped.replayed") == 2);
}

TEST_CASE("agent trust: a forged alarm of its own is not taken up", "[firmware][agent_trust]") {
    WaryAgent story;
    AlarmNotice forged;
    forged.alarm = "gas";
    forged.phase = Phase::firing;
    forged.latched = true;
    forged.stamp = {"boot0", 1, {}};
    const Message message{to_string(Topic{me, Kind::alarm, "gas", ""}), to_json(forged)};
    story.brings(message);
    story.brings(signed_with(key_of(1), message));
    CHECK(story.agent.phase_of("gas") == Phase::clear);
    story.brings(signed_with(key_of(0), message));  // its own, of an earlier life
    CHECK(story.agent.phase_of("gas") == Phase::firing);
}

TEST_CASE("agent trust: a new life of a host is answered soon, with its boot and seq",
          "[firmware][agent_trust]") {
    WaryAgent story;
    Status host;
    host.online = true;
    host.heartbeat_s = 5;
    host.stamp = {"host-7", 42, {}};
    const auto seq = story.status.stamp.seq;
    story.says({to_string(Topic{seoul, Kind::status, "", ""}), to_json(host)});
    CHECK(story.agent.next_deadline() <= story.at().steady + 250ms);
    story.pass(300ms);
    CHECK(story.status.stamp.seq > seq);
    CHECK(story.status.heard == std::map<std::string, std::uint64_t>{{"host-7", 42}});
}

TEST_CASE("agent trust: another agent with its id is told once, an earlier life of its own is not",
          "[firmware][agent_trust]") {
    WaryAgent story;
    Status other;
    other.online = true;
    other.heartbeat_s = 1;
    const auto says = [&](const std::string& boot, std::uint64_t seq) {
        other.stamp = {boot, seq, {}};
        story.brings(signed_with(
            key_of(0), {to_string(Topic{me, Kind::status, "", ""}), to_json(other), true}));
    };
    says("boot0", 900);  // what the broker still has of its last life
    says("boot0", 900);
    says("boot1", 1);  // its own, come back
    says("boot1", 2);
    static_cast<void>(story.agent.take_notes());
    CHECK(story.count("agent.twice") == 0);
    says("boot0", 901);
    says("boot0", 902);
    CHECK(story.count("agent.twice") == 2);
    const auto notes = story.agent.take_notes();
    CHECK(std::count_if(notes.begin(), notes.end(),
                        [](const Note& note) { return note.event == "two_agents"; }) == 1);
}

TEST_CASE(
    "agent trust: of 10,000 forged, replayed, mutated or oversized messages none acts and "
    "each is counted by its reason",
    "[firmware][agent_trust]") {
    WaryAgent story;
    const auto received = story.count("messages.received");
    std::minstd_rand random(127);
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        auto message = story.command(10 + i, story.newest());
        switch (i % 7) {
            case 0:
                story.brings(message);
                break;
            case 1:
                story.brings(signed_with(key_of(2), message));
                break;
            case 2:
                story.says(story.command(10 + i, Echo{"boot0", i}, "host-0"));
                break;
            case 3:
                story.brings(signed_with(key_of(0), story.request(i, Echo{"boot0", i})));
                break;
            case 4:
                message.payload.resize(max_payload_bytes + 1, ' ');
                story.brings(message);
                break;
            case 5:
                message = signed_with(key_of(1), message);
                message.payload[random() % message.payload.size()] ^= 0x11;
                story.brings(message);
                break;
            default:
                message.topic[random() % message.topic.size()] = '#';
                story.brings(message);
        }
    }
    CHECK(story.writes() == 0);
    CHECK_FALSE(story.notice.shelved);
    CHECK(story.count("messages.received") - received == 10'000);
    const auto dropped = story.count("messages.dropped");
    CHECK(dropped == 10'000);
    std::uint64_t sum = 0;
    for (const auto& [name, count] : story.status.counters) {
        if (name.starts_with("messages.dropped.")) sum += count;
    }
    CHECK(sum == dropped);
    CHECK(story.count("messages.dropped.replayed") == 2858);
    CHECK(story.count("messages.dropped.oversized") == 1428);
    CHECK(story.count("messages.dropped.malformed") == 1428);
    CHECK(story.count("messages.dropped.forged") > 0);
}
