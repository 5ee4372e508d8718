#include "firmware/operator_desk.hpp"

#include "contract/payload.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const Origin me{"here", Role::agent, "room"};
const Stamp stamp{"b", 1, WallTime{}};

SitePlan site() {
    SitePlan plan;
    plan.site = "here";
    plan.agent = "room";
    for (const char* name : {"gas", "heat"}) {
        AlarmPlan alarm;
        alarm.name = name;
        plan.alarms.push_back(alarm);
    }
    return plan;
}

Arrived said(Kind kind, const std::string& name, const std::string& json) {
    return {to_string(Topic{me, kind, name, ""}), json};
}

Arrived status(bool online) {
    Status is;
    is.online = online;
    is.stamp = stamp;
    return said(Kind::status, "", to_json(is));
}

Arrived notice(const std::string& name, Phase phase, std::uint64_t priority = 400) {
    AlarmNotice is;
    is.alarm = name;
    is.phase = phase;
    is.priority = priority;
    is.cause = "why " + name;
    is.stamp = stamp;
    return said(Kind::alarm, name, to_json(is));
}

Arrived answer(const std::string& name, OperatorAction action, const std::string& by,
               Outcome outcome) {
    AlarmEvent event;
    event.alarm = name;
    event.cause = "because";
    event.action = action;
    event.by = by;
    event.outcome = outcome;
    event.stamp = stamp;
    return said(Kind::event, "", to_json(event));
}

std::string wrong(const std::vector<std::string>& words, const std::string& by = "kim",
                  const std::string& length = "") {
    const auto wish = parse_wish(words, by, length, site());
    REQUIRE_FALSE(wish);
    return wish.error().what;
}

OperatorDesk desk(const std::vector<std::string>& words, const std::string& length = "") {
    return {site(), parse_wish(words, "kim", length, site()).value()};
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("desk: what is asked wrongly is refused with what would be right", "[firmware][desk]") {
    CHECK(says(wrong({"explode", "gas"}), "out-of-service"));
    CHECK(says(wrong({"ack", "gas"}, ""), "--by"));
    CHECK(says(wrong({"ack"}), "which alarm"));
    CHECK(says(wrong({"show"}), "which alarm"));
    CHECK(says(wrong({"ack", "gass"}), "did you mean gas?"));
    CHECK(says(wrong({"shelve", "gas"}), "--for 1h"));
    CHECK(says(wrong({"shelve", "gas"}, "kim", "25h"), "24h"));
    CHECK(says(wrong({"shelve", "gas"}, "kim", "soon"), "24h"));
    CHECK(says(wrong({"ack", "gas"}, "kim", "1h"), "shelve only"));
    CHECK(says(wrong({"ack", "gas"}, std::string(65, 'x')), "64"));
}

TEST_CASE("desk: nothing is asked of an agent that is not seen to be there", "[firmware][desk]") {
    auto asking = desk({"ack", "gas"});
    CHECK(asking.take_requests().empty());
    asking.take(notice("gas", Phase::firing));
    CHECK(asking.take_requests().empty());
    CHECK_FALSE(asking.is_done());
    CHECK(says(asking.trouble(), "no word of here/room"));
    asking.take(status(false));
    CHECK(asking.take_requests().empty());
    CHECK(asking.is_done());
    CHECK(says(asking.trouble(), "nothing was asked"));
    CHECK(asking.exit_code() == 1);
}

TEST_CASE("desk: it is done when every alarm was answered, and says each outcome",
          "[firmware][desk]") {
    auto asking = desk({"ack", "gas", "heat"});
    asking.take(status(true));
    const auto requests = asking.take_requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].topic == "firebreak/1/here/agent/room/operator/gas");
    CHECK_FALSE(requests[0].retained);
    CHECK(parse_operator_request(requests[0].payload)->by == "kim");
    CHECK(asking.take_requests().empty());  // once
    asking.take(answer("gas", OperatorAction::acknowledge, "lee", Outcome::done));
    asking.take(answer("gas", OperatorAction::reset, "kim", Outcome::done));
    CHECK(asking.text(false).empty());  // neither is ours
    asking.take(answer("gas", OperatorAction::acknowledge, "kim", Outcome::done));
    CHECK_FALSE(asking.is_done());
    CHECK(says(asking.trouble(), "heat: asked, but no answer came"));
    asking.take(answer("heat", OperatorAction::acknowledge, "kim", Outcome::already));
    CHECK(asking.is_done());
    CHECK(asking.exit_code() == 0);
    CHECK(asking.text(false) == "gas: done, because\nheat: already, because\n");
    CHECK(says(asking.text(true), "\"payload\":{\"alarm\":\"gas\""));
}

TEST_CASE("desk: a refusal is exit code 1", "[firmware][desk]") {
    auto asking = desk({"reset", "gas"});
    asking.take(status(true));
    (void)asking.take_requests();
    asking.take(answer("gas", OperatorAction::reset, "kim", Outcome::refused));
    CHECK(asking.is_done());
    CHECK(asking.exit_code() == 1);
    CHECK(says(asking.trouble(), "gas: refused"));
}

TEST_CASE("desk: the list has the most pressing first and ends when all were heard",
          "[firmware][desk]") {
    auto looking = desk({"list"});
    looking.take(status(true));
    looking.take(notice("gas", Phase::clear, 900));
    CHECK_FALSE(looking.is_done());
    CHECK(says(looking.trouble(), "heat: no word of it"));
    looking.take(notice("heat", Phase::firing, 100));
    CHECK(looking.is_done());
    CHECK(looking.take_requests().empty());
    const auto text = looking.text(false);
    CHECK(text.find("heat") < text.find("gas"));
    CHECK(says(text, "why heat"));
    CHECK(looking.exit_code() == 0);
}

TEST_CASE("desk: strangers, garbage and other agents are no news", "[firmware][desk]") {
    auto looking = desk({"show", "gas"});
    looking.take({"no/topic", "x"});
    looking.take({"firebreak/1/here/agent/other/alarm/gas", notice("gas", Phase::firing).payload});
    looking.take(said(Kind::alarm, "gas", "{"));
    looking.take(said(Kind::alarm, "gas", notice("heat", Phase::firing).payload));
    CHECK(looking.text(false).empty());
    CHECK(looking.exit_code() == 1);
}
