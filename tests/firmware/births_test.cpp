#include "firmware/births.hpp"

#include "tests/catch.hpp"
#include "tests/support/agent_life.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using life::t0;
const Origin host{"seoul", Role::host, "seoul-1"};

}  // namespace

TEST_CASE("births: a host's new life is told of once", "[firmware][births]") {
    Births births;
    CHECK(births.next_deadline() == never);
    births.heard(host, "a", t0);
    CHECK(births.next_deadline() == t0);
    CHECK(births.take_due(t0));
    CHECK_FALSE(births.take_due(t0 + 1h));
    births.heard(host, "a", t0 + 1h);
    CHECK_FALSE(births.take_due(t0 + 1h));
    births.heard(host, "b", t0 + 1h);
    CHECK(births.take_due(t0 + 1h));
}

TEST_CASE("births: a host that is born again and again is answered once in five seconds",
          "[firmware][births]") {
    Births births;
    int said = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto now = t0 + i * 10ms;
        births.heard(host, std::to_string(i), now);
        if (births.take_due(now)) ++said;
    }
    CHECK(said == 2);
    CHECK(births.take_due(t0 + 20s));  // the last is not forgotten
}

TEST_CASE("births: hosts beyond what is provided for are not remembered", "[firmware][births]") {
    Births births;
    for (int i = 0; i < 1000; ++i) {
        births.heard({"s" + std::to_string(i), Role::host, "h"}, "a", t0);
    }
    CHECK(births.take_due(t0));
    births.heard({"s1", Role::host, "h"}, "b", t0);
    CHECK(births.next_deadline() == t0 + 5s);
    CHECK(births.take_due(t0 + 5s));
    births.heard({"s999", Role::host, "h"}, "b", t0 + 6s);
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
