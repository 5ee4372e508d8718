// The listener, the ACL and the certificates that boards/common/mosquitto/identities makes, at a
// real broker: who may come in, and what each may say and hear.
#include <fstream>
#include <map>
#include <sstream>

#include "contract/link/link.hpp"
#include "contract/support/inbox.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

class Authority {
public:
    Authority() { make({"broker", "localhost"}); }

    void make(std::vector<std::string> words, const std::string& days = "") {
        words.insert(words.begin(), folder_.path().string());
        words.insert(words.begin(), FIREBREAK_SOURCE_DIR "/boards/common/mosquitto/identities");
        if (!days.empty()) words.insert(words.begin(), "FIREBREAK_DAYS=" + days);
        Process script("env", words);
        const auto end = script.wait(20s);
        INFO(script.err());
        REQUIRE(end == 0);
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    /// Of the listener, without its port.
    [[nodiscard]] std::string settings() const {
        std::ifstream in(file("firebreak.conf"));
        std::string text;
        for (std::string line; std::getline(in, line);) {
            if (!line.starts_with("listener ")) text += line + '\n';
        }
        return text;
    }

    /// Somebody who reads all there is, for the test's own eyes.
    void make_reader_of_all() {
        make({"dashboard", "all"});
        std::ofstream(file("acl"), std::ios::app) << "user dashboard.all\ntopic read #\n";
    }

private:
    TempDir folder_;
};

class Visitor {
public:
    Visitor(const Authority& trusted, const Authority& owner, const std::string& name,
            const Mosquitto& broker, const std::string& filter = "",
            const std::string& host = "localhost")
        : link_(make_mqtt_link(
              {.broker = {.urls = {"mqtts://" + host + ":" + std::to_string(broker.port())},
                          .ca_file = trusted.file("ca.crt"),
                          .cert_file = name.empty() ? "" : owner.file(name + ".crt"),
                          .key_file = name.empty() ? "" : owner.file(name + ".key")},
               .client_id = "visitor-" + name,
               .subscriptions =
                   filter.empty() ? std::vector<std::string>{} : std::vector<std::string>{filter}},
              [this](LinkEvent event) { (void)inbox_.post(std::move(event)); })) {}

    template <class Done>
    [[nodiscard]] bool until(Done done) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            if (std::chrono::steady_clock::now() >= end) return false;
            (void)link_->tick(std::chrono::steady_clock::now());
            const auto event = inbox_.take(std::chrono::steady_clock::now() + 10ms);
            if (!event) continue;
            if (std::holds_alternative<LinkUp>(*event)) ++ups;
            if (const auto* down = std::get_if<LinkDown>(&*event)) why += down->why + '\n';
            if (const auto* message = std::get_if<Arrived>(&*event)) {
                heard[message->topic] = message->payload;
            }
        }
        return true;
    }
    [[nodiscard]] bool comes_in() {
        return until([this] { return ups > 0; });
    }
    [[nodiscard]] bool is_turned_away() {
        return until([this] { return !why.empty(); }) && ups == 0;
    }
    void say(const std::string& topic, const std::string& payload) {
        REQUIRE(until([&] { return link_->publish({topic, payload, true}).has_value(); }));
    }

    int ups = 0;
    std::string why;
    std::map<std::string, std::string> heard;

private:
    Inbox<LinkEvent> inbox_{1000};
    std::unique_ptr<Link> link_;
};

constexpr auto own = "firebreak/1/pangyo/agent/room1/status";
constexpr auto mark = "firebreak/1/pangyo/agent/room1/alarm/last";

}  // namespace

TEST_CASE("identities: an agent is heard below its own id and nowhere else",
          "[broker][identities]") {
    Authority ours;
    ours.make({"agent", "pangyo", "room1"});
    ours.make({"agent", "pangyo", "room2"});
    ours.make({"dashboard", "wall"});
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());
    Visitor wall(ours, ours, "dashboard.wall", broker, "firebreak/1/#");
    Visitor agent(ours, ours, "agent.pangyo.room1", broker);
    REQUIRE(wall.comes_in());
    REQUIRE(agent.comes_in());
    agent.say(own, "mine");
    for (const auto* topic :
         {"firebreak/1/pangyo/agent/room2/status", "firebreak/1/seoul/agent/room1/status",
          "firebreak/1/pangyo/host/room1/command/ups1", "firebreak/1/pangyo/agent/status"}) {
        agent.say(topic, "not mine");
    }
    agent.say(mark, "last");
    REQUIRE(wall.until([&] { return wall.heard.contains(mark); }));
    CHECK(wall.heard == std::map<std::string, std::string>{{own, "mine"}, {mark, "last"}});
    CHECK(agent.ups == 1);
}

TEST_CASE("identities: Home Assistant and Sparkplug hear of an agent by its own topics only",
          "[broker][identities]") {
    Authority ours;
    ours.make({"agent", "pangyo", "room.1", "home-assistant"});
    ours.make({"sparkplug", "pangyo", "room.1"});
    ours.make_reader_of_all();
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());
    Visitor all(ours, ours, "dashboard.all", broker, "#");
    Visitor agent(ours, ours, "agent.pangyo.room.1", broker);
    Visitor node(ours, ours, "sparkplug.pangyo.room.1", broker);
    REQUIRE(all.comes_in());
    REQUIRE(agent.comes_in());
    REQUIRE(node.comes_in());
    agent.say("homeassistant/sensor/firebreak__pangyo__room_2e1/x/config", "its own");
    agent.say("homeassistant/sensor/firebreak__pangyo__room2/x/config", "another's");
    node.say("spBv1.0/pangyo/NBIRTH/room.1", "its own");
    node.say("spBv1.0/pangyo/DBIRTH/room.1/ups1", "its own");
    node.say("spBv1.0/pangyo/NBIRTH/room2", "another's");
    node.say("firebreak/1/pangyo/agent/room.1/status", "the agent's");
    node.say("spBv1.0/pangyo/NDEATH/room.1", "last");
    agent.say("firebreak/1/pangyo/agent/room.1/alarm/last", "last");
    REQUIRE(all.until([&] {
        return all.heard.contains("spBv1.0/pangyo/NDEATH/room.1") &&
               all.heard.contains("firebreak/1/pangyo/agent/room.1/alarm/last");
    }));
    CHECK(all.heard.size() == 5);
    CHECK(all.heard.contains("homeassistant/sensor/firebreak__pangyo__room_2e1/x/config"));
    CHECK(all.heard.contains("spBv1.0/pangyo/NBIRTH/room.1"));
    CHECK(all.heard.contains("spBv1.0/pangyo/DBIRTH/room.1/ups1"));
}

TEST_CASE("identities: a host speaks for itself, an operator to one site's alarms",
          "[broker][identities]") {
    Authority ours;
    ours.make({"host", "seoul", "one"});
    ours.make({"operator", "pangyo", "kim"});
    ours.make({"agent", "pangyo", "room1"});
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());
    Visitor agent(ours, ours, "agent.pangyo.room1", broker, "firebreak/1/#");
    Visitor host(ours, ours, "host.seoul.one", broker);
    Visitor kim(ours, ours, "operator.pangyo.kim", broker);
    REQUIRE(agent.comes_in());
    REQUIRE(host.comes_in());
    REQUIRE(kim.comes_in());
    host.say("firebreak/1/seoul/host/two/command/ups1", "not its own");
    host.say("firebreak/1/pangyo/agent/room1/alarm/a", "not its own");
    host.say("firebreak/1/seoul/host/one/command/ups1", "its own");
    kim.say("firebreak/1/seoul/agent/room1/operator/a", "another site");
    kim.say("firebreak/1/pangyo/agent/room1/alarm/a", "not to say");
    kim.say("firebreak/1/pangyo/agent/room1/operator/a", "asks");
    REQUIRE(agent.until([&] { return agent.heard.size() >= 2; }));
    CHECK(agent.heard == std::map<std::string, std::string>{
                             {"firebreak/1/seoul/host/one/command/ups1", "its own"},
                             {"firebreak/1/pangyo/agent/room1/operator/a", "asks"}});
}

TEST_CASE("identities: a dashboard says nothing", "[broker][identities]") {
    Authority ours;
    ours.make({"dashboard", "wall"});
    ours.make({"agent", "pangyo", "room1"});
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());
    Visitor wall(ours, ours, "dashboard.wall", broker, "firebreak/1/#");
    Visitor agent(ours, ours, "agent.pangyo.room1", broker);
    REQUIRE(wall.comes_in());
    REQUIRE(agent.comes_in());
    wall.say("firebreak/1/pangyo/agent/room1/operator/a", "unsuppress");
    wall.say(own, "all is well");
    agent.say(mark, "last");
    REQUIRE(wall.until([&] { return wall.heard.contains(mark); }));
    CHECK(wall.heard.size() == 1);
}

TEST_CASE("identities: who has no valid certificate of the authority stays outside, and hears why",
          "[broker][identities]") {
    Authority ours;
    ours.make({"agent", "pangyo", "room1"});
    ours.make({"agent", "pangyo", "late"}, "0");
    Authority theirs;
    theirs.make({"agent", "pangyo", "room1"});
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());

    Visitor nobody(ours, ours, "", broker);
    CHECK(nobody.is_turned_away());
    Visitor forged(ours, theirs, "agent.pangyo.room1", broker);
    CHECK(forged.is_turned_away());
    Visitor late(ours, ours, "agent.pangyo.late", broker);
    CHECK(late.is_turned_away());

    Visitor wary(theirs, ours, "agent.pangyo.room1", broker);
    CHECK(wary.is_turned_away());
    Visitor misled(ours, ours, "agent.pangyo.room1", broker, "", "127.0.0.1");
    CHECK(misled.is_turned_away());
    for (const auto* visitor : {&nobody, &forged, &late, &wary, &misled}) {
        CHECK(visitor->why.find("certificate") != std::string::npos);
    }
}

TEST_CASE("identities: a broker whose certificate has expired is not believed",
          "[broker][identities]") {
    Authority ours;
    ours.make({"agent", "pangyo", "room1"});
    ours.make({"broker", "localhost"}, "0");
    const Mosquitto broker(Mosquitto::At::once, "", ours.settings());
    Visitor agent(ours, ours, "agent.pangyo.room1", broker);
    CHECK(agent.is_turned_away());
    CHECK(agent.why.find("certificate") != std::string::npos);
}
