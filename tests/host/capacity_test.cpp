// What a fire sends elsewhere must find room there: the least important give way, in proportion,
// and have it back once it is over.
#include "host/drain/capacity.hpp"

#include <random>

#include "host/journal/replay.hpp"
#include "tests/host/policy_text.hpp"
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

TargetPlan standing_at(const std::string& site, const std::string& service, int tier, double load,
                       Names items) {
    TargetPlan target;
    target.name = service + '-' + site;
    target.tier = tier;
    target.site = site;
    target.endpoint = "edge";
    target.backend = target.service = service;
    target.load = load;
    target.items = std::move(items);
    return target;
}

/// Text and videos stand in pangyo and in seoul, which can hold text and half of the videos.
PolicyPlan two_sites() {
    auto plan = story_policy();
    plan.guard.min_ready = 1;
    for (auto* target : {&plan.targets[0], &plan.targets[1]}) {
        target->service = target->backend;
        target->load = target->backend == "text" ? 100 : 300;
    }
    plan.targets.push_back(standing_at("seoul", "text", 1, 100, {"seoul-a", "seoul-b"}));
    plan.targets.push_back(
        standing_at("seoul", "videos", 5, 300, {"seoul-a", "seoul-b", "seoul-c", "seoul-d"}));
    plan.drain.sites = {{"seoul", 500, {}}};
    return plan;
}

RoomStory standing(const PolicyPlan& plan = two_sites(),
                   std::optional<std::string> digest = std::nullopt) {
    RoomStory story(plan, "life-1", std::move(digest));
    for (const auto& target : plan.targets) {
        if (target.site != "seoul") continue;
        for (const auto& item : target.items) story.servers[target.name][item] = "ready";
    }
    return story;
}

const Names fire = {"text pangyo-a drain",        "text pangyo-b drain",
                    "videos pangyo-a drain",      "videos pangyo-b drain",
                    "videos-seoul seoul-c drain", "videos-seoul seoul-d drain"};

Names sorted(Names names) {
    std::sort(names.begin(), names.end());
    return names;
}

std::string capacity_lines(RoomStory& story) {
    std::string out;
    for (const auto& line : story.controller.take_log()) {
        if (line.fields.find("capacity") != std::string::npos) out += line.fields + '\n';
    }
    return out;
}

}  // namespace

TEST_CASE("capacity: what is drained goes to the same service elsewhere, by the number of items",
          "[host][drain]") {
    auto plan = two_sites();
    plan.targets.push_back(standing_at("busan", "text", 1, 50, {"a", "b", "c", "d", "e", "f"}));
    std::vector<bool> drained(plan.targets.size(), false);
    for (const auto& burden : burdens(plan, drained, {})) CHECK(burden.received == 0);
    drained[1] = true;  // text in pangyo
    const auto then = burdens(plan, drained, {});
    CHECK(then[1].load == 0);
    CHECK(then[3].received == Approx(25));
    CHECK(then[3].load == Approx(125));
    CHECK(then[5].received == Approx(75));
    CHECK(then[4].load == Approx(300));
    CHECK(describe_site(plan, "seoul", then) == "seoul must hold 425 of 500: all is carried");
    CHECK(describe_site(plan, "busan", then) == "busan must hold 125 of nobody knows");
    CHECK(describe_site(plan, "pangyo", then).empty());
}

TEST_CASE("capacity: a site that is overloaded without any drain makes no room", "[host][drain]") {
    auto plan = two_sites();
    plan.drain.sites[0].holds = 10;
    for (const auto& burden : burdens(plan, std::vector<bool>(plan.targets.size(), false), {})) {
        CHECK(burden.share == 1);
    }
}

TEST_CASE(
    "capacity: of 500 made-up countries no site gets more than it holds, and nobody less "
    "than one less important",
    "[host][drain]") {
    std::mt19937 chance(3);
    const auto draw = [&](int most) { return std::uniform_int_distribution<int>(1, most)(chance); };
    for (int round = 0; round < 500; ++round) {
        PolicyPlan plan;
        for (const std::string site : {"a", "b", "c", "d"}) {
            for (const std::string service : {"text", "login", "photos", "videos"}) {
                if (draw(5) == 1) continue;
                const Names items(static_cast<std::size_t>(draw(9)), "item");
                const int tier = service == "text" || service == "login" ? 1
                                 : service == "photos"                   ? 4
                                                                         : 5;
                plan.targets.push_back(standing_at(site, service, tier, draw(100), items));
            }
            if (draw(4) > 1) plan.drain.sites.push_back({site, 1.0 * draw(600), {}});
        }
        std::vector<Burden> before;
        std::vector<bool> drained(plan.targets.size(), false);
        for (int change = 0; change < 6; ++change) {
            for (std::size_t i = 0; i < drained.size(); ++i) {
                if (draw(4) == 1) drained[i] = !drained[i];
            }
            before = burdens(plan, drained, before);
            const auto again = burdens(plan, drained, before);
            double arrived = 0;
            double left = 0;
            for (std::size_t i = 0; i < before.size(); ++i) {
                const auto& one = plan.targets[i];
                CHECK(before[i].share == again[i].share);  // asked twice it does not swing
                CHECK((before[i].share >= 0 && before[i].share <= 1));
                arrived += before[i].received;
                const bool stands =
                    std::any_of(plan.targets.begin(), plan.targets.end(), [&](auto& other) {
                        const auto at = static_cast<std::size_t>(&other - plan.targets.data());
                        return other.service == one.service && !drained[at];
                    });
                if (drained[i] && stands) left += *one.load;
                for (std::size_t j = 0; j < before.size(); ++j) {
                    const auto& other = plan.targets[j];
                    if (one.site != other.site || one.tier >= other.tier) continue;
                    if (drained[i] || drained[j]) continue;
                    CHECK(before[i].share >= before[j].share);
                }
            }
            CHECK(arrived == Approx(left));
            for (const auto& site : plan.drain.sites) {
                double carried = 0;
                double received = 0;
                for (std::size_t i = 0; i < before.size(); ++i) {
                    if (plan.targets[i].site != site.site) continue;
                    carried += before[i].share * before[i].load;
                    received += before[i].received;
                }
                if (received > 0) CHECK(carried <= site.holds + 1e-6);
            }
        }
    }
}

TEST_CASE("capacity: items that are down already yield first, then the last", "[host][drain]") {
    const Names items = {"a", "b", "c", "d"};
    CHECK(items_to_yield(items, {}, 1).empty());
    CHECK(items_to_yield(items, {}, 0.5) == std::set<std::string>{"c", "d"});
    CHECK(items_to_yield(items, {"a"}, 0.5) == std::set<std::string>{"a", "d"});
    CHECK(items_to_yield(items, {"a", "b", "c"}, 0.75) == std::set<std::string>{"c"});
    CHECK(items_to_yield(items, {}, 0).size() == 4);
}

TEST_CASE("capacity: in a fire the least important make room where the rest arrives",
          "[host][drain]") {
    auto plan = two_sites();
    plan.guard.quorum = GENERATE(0, 1);  // of text-seoul nobody says anything
    auto story = standing(plan);
    story.quiet_day();
    story.take_done();
    static_cast<void>(story.controller.take_log());
    story.alarm("gas", Phase::firing);
    CHECK(sorted(story.take_done()) == fire);
    CHECK(capacity_lines(story).find(
              "seoul must hold 800 of 500: videos-seoul (tier 5) carries 50 %") !=
          std::string::npos);
    const auto& notice = story.posture.at("videos-seoul");
    CHECK(notice.because == Names{"room at seoul: pangyo/battery-room/gas"});
    CHECK(notice.reached == Posture::drain);
    CHECK(notice.held == Names{"seoul-c", "seoul-d"});
    CHECK(story.posture.at("text-seoul").wanted == Posture::normal);
    CHECK(story.take_acks().back().outcome == Outcome::done);
    story.pass(10min);
    CHECK(story.take_done().empty());
}

TEST_CASE("capacity: once what was drained is back so is what made room, and only that",
          "[host][drain]") {
    auto story = standing();
    story.servers["videos-seoul"]["seoul-b"] = "maint";  // somebody works on it: one is enough
    story.quiet_day();
    story.take_done();
    story.alarm("gas", Phase::firing);
    CHECK(story.servers["videos-seoul"]["seoul-c"] == "ready");
    CHECK(story.servers["videos-seoul"]["seoul-d"] == "drain");
    story.alarm("gas", Phase::clear);
    story.take_done();
    story.pass(90s);  // pangyo is back
    CHECK(story.servers["videos"]["pangyo-a"] == "ready");
    CHECK(story.servers["videos-seoul"]["seoul-d"] == "drain");
    story.pass(2min);
    CHECK(story.servers["videos-seoul"]["seoul-d"] == "ready");
    CHECK(story.servers["videos-seoul"]["seoul-b"] == "maint");
    CHECK(story.posture.at("videos-seoul").wanted == Posture::normal);
}

TEST_CASE(
    "capacity: when less is drained some come back, and no sooner than there is room to spare",
    "[host][drain]") {
    auto plan = two_sites();
    plan.targets[3].load = 150;  // text in seoul
    RulePlan only_text = plan.rules[1];
    only_text.alarm = "smoke-text";
    only_text.targets = {"text"};
    plan.rules.push_back(only_text);
    plan.rules[1].targets = {"videos"};
    auto story = standing(plan);
    story.quiet_day();
    story.alarm("smoke-text", Phase::clear);
    story.alarm("gas", Phase::firing);
    story.alarm("smoke-text", Phase::firing);
    // 250 of text, 600 of videos, 500 in all: 42 % of the videos, one server of four.
    CHECK(story.posture.at("videos-seoul").held == Names{"seoul-b", "seoul-c", "seoul-d"});
    story.alarm("smoke-text", Phase::clear);
    story.pass(3min);  // 150 of text: 450 - 150 to spare is half of the videos
    CHECK(story.posture.at("videos-seoul").held == Names{"seoul-c", "seoul-d"});
    CHECK(story.posture.at("videos-seoul").wanted == Posture::drain);
}

TEST_CASE("capacity: a fire where room is made takes all, and what it leaves is counted anew",
          "[host][drain]") {
    auto plan = two_sites();
    auto rule = plan.rules[1];
    rule.alarm = "smoke-seoul";
    rule.targets = {"videos-seoul"};
    plan.rules.push_back(rule);
    plan.guard.min_ready = 0;
    auto story = standing(plan);
    story.quiet_day();
    story.alarm("smoke-seoul", Phase::clear);
    story.alarm("gas", Phase::firing);
    CHECK(story.posture.at("videos-seoul").held.size() == 2);
    story.alarm("smoke-seoul", Phase::firing);
    CHECK(story.posture.at("videos-seoul").held.size() == 4);
    CHECK(story.posture.at("videos-seoul").because == Names{"pangyo/battery-room/smoke-seoul"});
}

TEST_CASE("capacity: guards hold what makes room as they hold any step", "[host][drain]") {
    auto plan = two_sites();
    plan.drain.sites[0].holds = 100;  // not even text
    plan.guard.min_ready = 2;
    auto story = standing(plan);
    story.quiet_day();
    story.controller.handle(Ask{1, AskVerb::hold, "text-seoul", 1h, "the brigade said so", "sre"},
                            story.at());
    story.take_done();
    story.alarm("gas", Phase::firing);
    CHECK(story.posture.at("videos-seoul").held.size() == 2);
    CHECK(story.posture.at("videos-seoul").blocked.find("min_ready") != std::string::npos);
    CHECK(story.posture.at("text-seoul").blocked.find("the brigade said so") != std::string::npos);
    CHECK(story.posture.at("text-seoul").held.empty());
}

TEST_CASE("capacity: for what an operator keeps from draining nobody makes room", "[host][drain]") {
    auto story = standing();
    story.quiet_day();
    for (const auto* target : {"text", "videos"}) {
        story.controller.handle(Ask{1, AskVerb::hold, target, 1h, "not yet", "sre"}, story.at());
    }
    story.take_done();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("videos-seoul").wanted == Posture::normal);
    story.controller.handle(Ask{2, AskVerb::resume, "text", {}, "", "sre"}, story.at());
    story.settle();
    // 200 of text and 300 of videos are just what it holds.
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
}

TEST_CASE("capacity: a host that only rehearses moves nothing and says what it would",
          "[host][drain]") {
    auto plan = two_sites();
    plan.armed = false;
    auto story = standing(plan);
    story.quiet_day();
    story.take_commands();
    story.alarm("gas", Phase::firing);
    Names told;
    for (const auto& command : story.take_commands()) {
        told.push_back(command.target + ' ' + command.item + ' ' + command.action);
    }
    CHECK(sorted(told) == fire);
    CHECK(story.take_done().empty());
}

TEST_CASE("capacity: for a drain that too few agents are there to begin nobody makes room",
          "[host][drain]") {
    auto plan = two_sites();
    plan.guard.quorum = 2;
    auto story = standing(plan);
    story.quiet_day();
    story.take_done();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("videos-seoul").wanted == Posture::drain);
    CHECK(story.posture.at("videos-seoul").blocked.find("quorum") != std::string::npos);
}

TEST_CASE("capacity: while the journal cannot be written nobody makes room", "[host][drain]") {
    auto story = standing();
    story.quiet_day();
    story.take_done();
    story.controller.handle(JournalWord{"disk full"}, story.at());
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    story.controller.handle(JournalWord{""}, story.at());
    story.settle();
    CHECK(sorted(story.take_done()) == fire);
}

TEST_CASE("capacity: after a restart what made room is not taken for a drain of all of it",
          "[host][drain]") {
    auto before = standing();
    before.quiet_day();
    before.alarm("gas", Phase::firing);
    const auto said = before.retained;
    RoomStory story(two_sites(), "life-2");
    story.servers = before.servers;
    story.connect();
    for (const auto& [target, payload] : said) {
        story.arrives({story.self, Kind::posture, target, ""}, payload);
    }
    story.pass(30s);
    CHECK(story.take_done().empty());
    story.heartbeat();
    story.alarm("gas", Phase::firing);
    story.alarm("smoke", Phase::clear);
    story.alarm("on-battery", Phase::clear);
    story.pass(30s);
    CHECK(story.take_done().empty());
    story.alarm("gas", Phase::clear);
    story.pass(5min);
    CHECK(story.servers["videos-seoul"]["seoul-d"] == "ready");
    CHECK(story.servers["videos"]["pangyo-a"] == "ready");
}

TEST_CASE("capacity: the replay makes the same room and gives it back", "[host][journal]") {
    const std::string digest(64, 'd');
    auto plan = two_sites();
    plan.restore.staged = true;
    plan.restore.announce = plan.restore.settle = 5s;
    plan.restore.stuck_after = 10min;
    auto story = standing(plan, digest);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.pass(5min);
    story.servers["videos-seoul"]["seoul-b"] = "down";
    story.pass(1min);
    story.alarm("gas", Phase::clear);
    story.pass(10min);
    CHECK(story.servers["videos-seoul"]["seoul-d"] == "ready");
    JournalReplay run([&](const std::string&) -> Result<PolicyPlan> { return plan; });
    std::vector<ChainRow> rows;
    std::size_t capacity_rows = 0;
    for (auto& entry : story.controller.take_record()) {
        capacity_rows += entry.text.find("\"capacity\"") == std::string::npos ? 0U : 1U;
        rows.push_back(chained(rows.size(), rows.empty() ? chain_begin() : rows.back().hash,
                               "life-1", std::move(entry)));
        run.take(rows.back());
    }
    run.end();
    INFO((run.differences().empty() ? "" : run.differences().front()));
    CHECK(run.differences().empty());
    CHECK(capacity_rows >= 2);
    CHECK(run.same() > 10);
}

namespace {

const std::string korea = R"(site = "busan"
host = "busan-1"
[broker]
url = "mqtt://127.0.0.1:1883"
[[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
[[target]]
name = "text-pangyo"
site = "pangyo"
load = 300
haproxy = {endpoint = "edge", backend = "text", servers = ["p1", "p2"]}
[[target]]
name = "text-seoul"
site = "seoul"
load = 300
haproxy = {endpoint = "edge", backend = "text", servers = ["s1", "s2"]}
[[target]]
name = "videos-pangyo"
tier = 5
site = "pangyo"
load = 500
haproxy = {endpoint = "edge", backend = "videos", servers = ["p1", "p2"]}
[[target]]
name = "videos-seoul"
tier = 5
site = "seoul"
load = 500
haproxy = {endpoint = "edge", backend = "videos", servers = ["s1", "s2"]}
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["text-pangyo", "videos-pangyo"]
at_least = "drain"
)";

struct Checked {
    std::string complaints, described;
};

Checked checked(const std::string& policy) {
    Complaints complaints;
    const auto plan = read_policy(policy, complaints);
    return {complaints.text(), describe(plan)};
}

}  // namespace

TEST_CASE("capacity: check shows what the others must hold, and warns of what they cannot",
          "[host][policy]") {
    const auto enough = checked(korea + "[[capacity]]\nsite = \"seoul\"\nholds = 1000\n");
    CHECK(enough.complaints.empty());
    CHECK(
        says(enough.described,
             "if pangyo drains, seoul must hold 1600 of 1000: videos-seoul (tier 5) carries 40 %"));
    CHECK_FALSE(says(enough.described, "most important"));
    const auto few = checked(korea + "[[capacity]]\nsite = \"seoul\"\nholds = 450\n");
    CHECK(says(few.described,
               "warning: if pangyo drains, seoul cannot hold even its most "
               "important: of tier 1 75 % is carried"));
    CHECK(says(few.described, "warning: seoul carries 800 without any drain, and holds 450"));
    CHECK_FALSE(says(checked(korea).described, "must hold"));
}

TEST_CASE("capacity: a figure that others need is not guessed", "[host][policy]") {
    const std::string seoul = "[[capacity]]\nsite = \"seoul\"\nholds = 1000\n";
    auto without = korea;
    without.erase(without.find("load = 300\n"), 11);  // of pangyo's text
    CHECK(says(checked(without + seoul).complaints,
               "policy.toml:8:1: \"load\" is missing: a [[capacity]] counts what \"text-pangyo\" "
               "carries"));
    CHECK(checked(without).complaints.empty());
    CHECK(says(checked(korea + "[[capacity]]\nsite = \"soul\"\nholds = 1000\n").complaints,
               "no target with a \"load\" stands at \"soul\""));
    CHECK(says(checked(korea + seoul + seoul).complaints, "stands twice"));
    CHECK(
        says(checked(korea + "[[capacity]]\nsite = \"seoul\"\nholds = -1\n").complaints, "holds"));
    const auto busan = checked(korea + "[[capacity]]\nsite = \"pangyo\"\nholds = 1000\n");
    CHECK(says(busan.described, "nobody knows whether seoul can hold it"));
}
