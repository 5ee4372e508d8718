// A host and an agent as processes at a real broker, and one with a broker password but no key.
#include <random>
#include <string>
#include <vector>

#include "contract/link/link.hpp"
#include "contract/payload.hpp"
#include "contract/signature.hpp"
#include "contract/topic.hpp"
#include "contract/trust_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

const std::string bin = FIREBREAK_BIN_DIR;
const Origin room{"pangyo", Role::agent, "room"};
const Origin seoul{"seoul", Role::host, "seoul-1"};

std::string key_rows(const std::string& own, const std::string& other, const std::string& whose) {
    return "[signing]\nkey = \"" + own + "\"\n[[trust.key]]\npublic = \"" + other + "\"\nfor = \"" +
           whose + "\"\n";
}

class Stage {
public:
    Stage() {
        const auto host_key = write_new_key(path("host.key"));
        const auto agent_key = write_new_key(path("agent.key"));
        REQUIRE(host_key);
        REQUIRE(agent_key);
        folder.write("policy.toml", R"(
site = "seoul"
host = "seoul-1"
armed = true
heartbeat = "500ms"
[[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["rack-a"]}
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["racks"]
at_least = "shed"
[broker]
url = ")" + broker.url() + "\"\n" + key_rows("host.key", to_text(*agent_key), "pangyo/agent/room"));
        folder.write(
            "site.toml", R"(
site = "pangyo"
agent = "room"
hosts = ["seoul-1"]
heartbeat = "500ms"
[[bus]]
name = "lan"
tcp = "127.0.0.1:)" + std::to_string(free_port()) +
                             R"("
[[device]]
name = "fire1"
profile = "fire-panel"
bus = "lan"
unit = 1
[[alarm]]
name = "gas"
severity = "critical"
[[alarm.when]]
device = "fire1"
silent = true
[broker]
url = ")" + broker.url() + "\"\n" +
                             key_rows("agent.key", to_text(*host_key), "seoul/host/seoul-1"));
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder.path() / name).string();
    }
    [[nodiscard]] Status status(const Origin& whose) const {
        return parse_status(broker.retained(to_string({whose, Kind::status, "", ""})))
            .value_or(Status{});
    }
    [[nodiscard]] std::uint64_t count(const Origin& whose, const std::string& name) const {
        const auto counters = status(whose).counters;
        const auto found = counters.find(name);
        return found == counters.end() ? 0 : found->second;
    }
    [[nodiscard]] Posture wanted() const {
        return parse_posture_notice(broker.retained(to_string({seoul, Kind::posture, "racks", ""})))
            .value_or(PostureNotice{})
            .wanted;
    }

    TempDir folder;
    Mosquitto broker;
};

/// Publishes all, however slow the broker is.
void flood(const Stage& stage, const std::vector<Message>& messages) {
    const auto link = make_mqtt_link(
        {.broker = {.urls = {stage.broker.url()}}, .client_id = "thief"}, [](LinkEvent) {});
    std::size_t next = 0;
    REQUIRE(eventually(
        [&] {
            static_cast<void>(link->tick(std::chrono::steady_clock::now()));
            while (next < messages.size() && link->publish(messages[next])) ++next;
            return next == messages.size();
        },
        30s));
    link->close({to_string(Topic{{"x", Role::host, "x"}, Kind::status, "", ""}), "{}", false});
}

std::vector<Message> forgeries(int many) {
    std::minstd_rand random(3);
    const auto stranger = make_signing_key();
    std::vector<Message> out;
    for (int i = 0; i < many; ++i) {
        const auto seq = static_cast<std::uint64_t>(1'000'000 + i);
        AlarmNotice alarm;
        alarm.alarm = "gas";
        alarm.phase = Phase::firing;
        alarm.stamp = {"thief", seq, {}};
        const Command command{.id = "id",
                              .target = "racks",
                              .item = "rack-a",
                              .action = "off",
                              .armed = true,
                              .because = "",
                              .stamp = {"thief", seq, {}}};
        Message message =
            i % 2 == 0 ? Message{to_string({room, Kind::alarm, "gas", ""}), to_json(alarm)}
                       : Message{to_string({seoul, Kind::command, "racks", ""}), to_json(command)};
        if (i % 3 != 0) message = signed_with(stranger, std::move(message));
        if (i % 10 == 4) message.payload[random() % message.payload.size()] ^= 0x11;
        if (i % 100 < 2) message.payload.resize(max_payload_bytes + 1, ' ');
        out.push_back(std::move(message));
    }
    return out;
}

}  // namespace

TEST_CASE(
    "trust: at a real broker, who has its password but no key starts nothing, and a signed "
    "alarm acts",
    "[broker][trust]") {
    const Stage stage;
    Process host(bin + "/firebreak-host", {"run", "--config", stage.path("policy.toml")});
    REQUIRE(eventually([&] { return stage.status(seoul).online; }));
    // The room's agent is not there yet: who speaks for it now is not it.
    flood(stage, forgeries(600));
    CHECK(eventually([&] { return stage.count(seoul, "messages.dropped") == 300; }));
    const auto status = stage.status(seoul);
    std::uint64_t sum = 0;
    for (const auto& [name, count] : status.counters) {
        if (name.starts_with("messages.dropped.")) sum += count;
    }
    CHECK(sum == status.counters.at("messages.dropped"));
    CHECK(status.counters.at("messages.dropped.oversized") == 6);
    CHECK(stage.wanted() == Posture::normal);

    Process agent(bin + "/firebreak-agent", {"run", "--config", stage.path("site.toml")});
    // The alarm is on the device's silence, and there is no device.
    CHECK(eventually([&] { return stage.wanted() == Posture::shed; }, 30s));
    CHECK(stage.status(room).heard.size() == 1);
    const auto before = stage.count(room, "messages.dropped");
    flood(stage, forgeries(600));
    CHECK(eventually([&] { return stage.count(room, "messages.dropped") >= before + 300; }));
    CHECK(stage.status(room).counters.count("commands") == 0);
    CHECK(host.stop() == 0);
    CHECK(agent.stop() == 0);
}

}  // namespace firebreak
