#include "firmware/sparkplug/node.hpp"

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Origin agent{"pangyo", Role::agent, "room"};
const Instant t0{1000h};
const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};

Now at(Duration after) {
    return {t0 + after, wall0 + std::chrono::floor<std::chrono::milliseconds>(after)};
}

SitePlan site() {
    SitePlan plan;
    plan.site = agent.site;
    plan.agent = agent.id;
    Register heat;
    heat.measure = "battery.temperature";
    heat.unit = Unit::celsius;
    DevicePlan device;
    device.name = "ups1";
    device.profile = profile_of({heat});
    device.blocks = plan_blocks(*device.profile, {0}, 0);
    plan.devices = {device};
    AlarmPlan alarm;
    alarm.name = "hot";
    plan.alarms = {alarm};
    return plan;
}

/// The node, and the kinds of messages that it gives: "NBIRTH", "DDATA".
struct Edge {
    Edge() { static_cast<void>(node.next_death(wall0)); }

    void status(bool online, bool silent, Duration after) {
        Status status;
        status.online = online;
        status.version = "1";
        status.heartbeat_s = 5;
        status.devices["ups1"].silent = silent;
        status.stamp = stamp();
        hears(Kind::status, "", "", to_json(status), after);
    }
    void reading(Result<double> value, Duration after, bool historical = false) {
        hears(Kind::reading, "ups1", "battery.temperature",
              to_json(ReadingNotice{std::move(value), "", Unit::celsius, stamp(), historical}),
              after);
    }
    void alarm(Phase phase, Duration after) {
        AlarmNotice notice;
        notice.alarm = "hot";
        notice.phase = phase;
        notice.stamp = stamp();
        hears(Kind::alarm, "hot", "", to_json(notice), after);
    }
    void hears(Kind kind, const std::string& name, const std::string& measure,
               const std::string& payload, Duration after) {
        node.take({to_string(Topic{agent, kind, name, measure}), payload}, at(after));
    }
    void command(const std::string& payload, Duration after) {
        node.take({"spBv1.0/pangyo/NCMD/room", payload}, at(after));
    }
    std::vector<std::string> said(Duration after) {
        std::vector<std::string> kinds;
        while (const Message* message = node.next(at(after))) {
            const auto rest = message->topic.substr(std::string("spBv1.0/pangyo/").size());
            kinds.push_back(rest.substr(0, rest.find('/')));
            last = message->payload;
            node.sent();
        }
        return kinds;
    }
    static Stamp stamp() { return {"0123456789abcdef", 1, wall0}; }

    SitePlan plan = site();
    SparkplugNode node{plan, "pangyo", "room"};
    std::string last;
};

using Said = std::vector<std::string>;

std::string rebirth() {
    return encode(
        {wall0, {}, {{"Node Control/Rebirth", {}, wall0, SparkplugType::boolean, true, ""}}});
}

}  // namespace

TEST_CASE("sparkplug: births come first, then data, and nothing twice", "[firmware][sparkplug]") {
    Edge edge;
    edge.status(true, false, 0s);
    edge.reading(20, 0s);
    CHECK(edge.said(0s).empty());  // the link is down
    edge.node.link_up();
    CHECK(edge.said(1s) == Said{"NBIRTH", "DBIRTH"});
    CHECK(edge.said(1s).empty());
    edge.reading(20, 2s);
    CHECK(edge.said(2s).empty());
    edge.reading(21, 3s);
    edge.reading(22, 3s);
    CHECK(edge.said(3s) == Said{"DDATA"});
    edge.alarm(Phase::firing, 4s);
    CHECK(edge.said(4s) == Said{"NDATA"});
}

TEST_CASE("sparkplug: commands are heard apart from what the agent says", "[firmware][sparkplug]") {
    const Edge edge;
    CHECK(edge.node.commands() == "spBv1.0/pangyo/NCMD/room");
    const auto heard = edge.node.subscriptions();
    CHECK(heard.size() == 3);
    CHECK(std::find(heard.begin(), heard.end(), edge.node.commands()) == heard.end());
}

TEST_CASE("sparkplug: data have aliases and no names", "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    edge.status(true, false, 0s);
    edge.said(0s);
    CHECK(edge.last.find("battery.temperature") != std::string::npos);
    CHECK(edge.last.find("Cel") != std::string::npos);
    const auto birth = edge.last.size();
    edge.reading(21, 1s);
    CHECK(edge.said(1s) == Said{"DDATA"});
    CHECK(edge.last.find("battery") == std::string::npos);
    CHECK(edge.last.size() < birth);
}

TEST_CASE("sparkplug: a device that is silent dies, and is born again when it answers",
          "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    edge.status(true, false, 0s);
    CHECK(edge.said(0s) == Said{"NBIRTH", "DBIRTH"});
    edge.status(true, true, 5s);
    edge.reading(fail(Fault::timeout, "no answer"), 5s);
    CHECK(edge.said(5s) == Said{"DDEATH"});
    edge.status(true, false, 10s);
    CHECK(edge.said(10s) == Said{"DBIRTH"});
}

TEST_CASE(
    "sparkplug: an agent that is not heard takes its devices along, and its alarms are unknown",
    "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    edge.status(true, false, 0s);
    edge.alarm(Phase::clear, 0s);
    edge.said(0s);
    CHECK(edge.node.next_deadline() == t0 + 15s);
    edge.node.tick(at(14s));
    CHECK(edge.said(14s).empty());
    edge.node.tick(at(15s));
    CHECK(edge.said(15s) == Said{"DDEATH", "NDATA"});
    edge.status(true, false, 20s);
    CHECK(edge.said(20s) == Said{"DBIRTH", "NDATA"});
}

TEST_CASE("sparkplug: it is born anew when asked, once a second at most", "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    edge.status(true, false, 0s);
    edge.said(0s);
    edge.command(rebirth(), 1s);
    CHECK(edge.said(1s) == Said{"NBIRTH", "DBIRTH"});
    edge.command(rebirth(), 1500ms);
    CHECK(edge.said(1500ms).empty());
    edge.command(rebirth(), 2s);
    CHECK(edge.said(2s) == Said{"NBIRTH", "DBIRTH"});
    CHECK(edge.node.rebirths() == 2);
}

TEST_CASE("sparkplug: a message that the link did not take is the same when it is offered again",
          "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    const auto first = *edge.node.next(at(0s));
    edge.status(true, false, 1s);
    CHECK(*edge.node.next(at(2s)) == first);
}

TEST_CASE("sparkplug: what is said late of an outage, or by others, is nothing new",
          "[firmware][sparkplug]") {
    Edge edge;
    edge.node.link_up();
    edge.status(true, false, 0s);
    edge.said(0s);
    edge.reading(30, 1s, true);
    edge.node.take(
        {std::string("firebreak") + "/1/other/agent/room/reading/ups1/battery.temperature", "{}"},
        at(1s));
    edge.node.take({"", ""}, at(1s));
    CHECK(edge.said(1s).empty());
}

TEST_CASE("sparkplug: a command that is cut anywhere, or is garbage, asks for nothing",
          "[firmware][sparkplug]") {
    const auto whole = rebirth();
    CHECK(asks_rebirth(whole).value());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto got = asks_rebirth(std::string_view(whole).substr(0, length));
        CHECK((!got || !*got));
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            auto broken = whole;
            broken[i] = static_cast<char>(broken[i] ^ (1 << bit));
            static_cast<void>(asks_rebirth(broken));
        }
    }
    CHECK_FALSE(asks_rebirth(std::string(70'000, 'x')));
    CHECK_FALSE(asks_rebirth("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
}
