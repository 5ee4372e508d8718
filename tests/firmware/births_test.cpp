#include "firmware/births.hpp"

#include "tests/catch.hpp"
#include "tests/support/agent_life.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using life::t0;
const Origin host{"seoul", Role::host, "seoul-1"};

}  // namespace

TEST_CASE("births: however many there are, all is said anew once in five seconds",
          "[firmware][births]") {
    Births births;
    CHECK(births.next_deadline() == never);
    int said = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto now = t0 + i * 10ms;
        births.born(now);
        CHECK(births.next_deadline() >= now);
        if (births.take_due(now)) ++said;
    }
    CHECK(said == 2);
    CHECK(births.take_due(t0 + 20s));  // the last is not forgotten
    CHECK(births.next_deadline() == never);
}

TEST_CASE("births: an agent says its alarms anew, as they are, to a host that begins a new life",
          "[firmware][births]") {
    life::Disk disk;
    life::Life agent(disk);
    agent.handle(LinkUp{}, 0s);
    agent.flag(0, true, 1s);
    const auto topic = to_string(Topic{life::me, Kind::alarm, "a0", ""});
    const auto firing = agent.retained.at(topic);
    const auto said = [&] {
        std::vector<std::string> out;
        for (const auto& message : agent.sent) {
            if (message.topic == topic) out.push_back(message.payload);
        }
        agent.sent.clear();
        return out;
    };
    const auto is_born = [&](const std::string& boot, const Origin& who, Duration after) {
        Status status;
        status.online = true;
        status.heartbeat_s = 5;
        status.stamp = {boot, 1, life::wall0};
        agent.handle(Arrived{to_string(Topic{who, Kind::status, "", ""}), to_json(status)}, after);
    };
    CHECK(said().size() == 2);
    is_born("a", host, 2s);
    CHECK(said() == std::vector<std::string>{firing});
    is_born("a", host, 3s);
    CHECK(said().empty());
    is_born("b", {"seoul", Role::host, "stranger"}, 4s);
    CHECK(said().empty());
    is_born("b", host, 10s);
    CHECK(said() == std::vector<std::string>{firing});
}
