// Whatever happens in a room, the host's record of it, told to a fresh core, decides the same.
#include "host/journal/replay.hpp"

#include <algorithm>

#include "host/journal/journal_file.hpp"
#include "host/journal/recorder.hpp"
#include "host/journal/words.hpp"
#include "tests/host/room_story.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

const std::string digest(64, 'd');

/// The record as a chain; what it holds can be replayed and counted.
struct Record {
    explicit Record(RoomStory& story) { add(story); }

    void add(RoomStory& story, const std::string& boot = "life-1") {
        for (auto& entry : story.controller.take_record()) {
            rows.push_back(chained(rows.size(), rows.empty() ? chain_begin() : rows.back().hash,
                                   boot, std::move(entry)));
        }
    }
    [[nodiscard]] std::size_t count(EntryKind kind) const {
        return static_cast<std::size_t>(std::count_if(
            rows.begin(), rows.end(), [&](const auto& row) { return row.entry.kind == kind; }));
    }
    [[nodiscard]] JournalReplay replayed(const PolicyPlan& plan = story_policy()) const {
        JournalReplay run([&](const std::string& asked) -> Result<PolicyPlan> {
            if (asked != digest) return fail(Fault::corrupt, "unknown");
            return plan;
        });
        for (const auto& row : rows) run.take(row);
        run.end();
        return run;
    }

    std::vector<ChainRow> rows;
};

RoomStory recorded(PolicyPlan plan = story_policy()) {
    return RoomStory(std::move(plan), "life-1", digest);
}

/// A fire, its end, and the way back, with everything that stands in between.
void fire_and_calm(RoomStory& story) {
    story.quiet_day();
    story.pass(10min);
    story.alarm("smoke", Phase::firing);
    story.pass(30s);
    story.alarm("gas", Phase::firing);
    story.pass(20s);
    story.alarm("on-battery", Phase::firing);
    for (int i = 0; i < 3; ++i) {
        story.pass(1s);
        for (const auto& command : story.take_commands()) {
            if (command.target == "videos-racks") story.ack(command, Outcome::done);
        }
    }
    story.pass(3min);
    for (const char* name : {"on-battery", "gas", "smoke"}) {
        story.alarm(name, Phase::fading);
        story.pass(10s);
        story.alarm(name, Phase::clear);
    }
    for (int i = 0; i < 40; ++i) {
        story.pass(10s);
        for (const auto& command : story.take_commands()) {
            if (command.target == "videos-racks") story.ack(command, Outcome::done);
        }
    }
}

}  // namespace

TEST_CASE("replay: a fire and the way back from it are decided again as they were",
          "[host][journal]") {
    auto story = recorded();
    fire_and_calm(story);
    const Record record(story);
    CHECK(story.posture.at("text").wanted == Posture::normal);
    CHECK(record.count(EntryKind::order) >= 12);
    const auto run = record.replayed();
    INFO((run.differences().empty() ? "" : run.differences().front()));
    CHECK(run.differences().empty());
    CHECK(run.lives() == 1);
    CHECK(run.skipped() == 0);
    CHECK(run.same() == record.count(EntryKind::decision) + record.count(EntryKind::order) +
                            record.count(EntryKind::refusal));
}

TEST_CASE("replay: silence, a lost link, a HAProxy that fails and stale evidence come out the same",
          "[host][journal]") {
    auto plan = story_policy();
    plan.rules.push_back(plan.rules.front());
    plan.rules.back().alarm.clear();
    plan.rules.back().silence = true;
    plan.rules.back().at_least = Posture::drain;
    auto story = recorded(plan);
    story.quiet_day();
    story.fault = "Connection refused";
    story.pass(40s);
    story.alarm("gas", Phase::firing);
    story.pass(2min);
    story.fault.clear();
    story.pass(40s);
    story.alive = false;
    story.pass(2min);
    story.controller.handle(LinkDown{"gone"}, story.at());
    story.pass(1min);
    story.alive = true;
    story.connect(true);
    story.alarm("gas", Phase::clear);
    story.pass(10min);
    CHECK(story.posture.at("text").wanted == Posture::normal);
    const Record record(story);
    const auto run = record.replayed(plan);
    INFO((run.differences().empty() ? "" : run.differences().front()));
    CHECK(run.differences().empty());
    CHECK(run.same() > 10);
}

TEST_CASE("replay: guards that count, and a host that only rehearses, come out the same",
          "[host][journal]") {
    auto plan = story_policy();
    plan.guard.max_steps_per_minute = 2;
    plan.guard.spacing = 3s;
    plan.guard.max_tier_percent = 50;
    for (const bool armed : {true, false}) {
        plan.armed = armed;
        auto story = recorded(plan);
        fire_and_calm(story);
        const Record record(story);
        const auto run = record.replayed(plan);
        INFO((run.differences().empty() ? "" : run.differences().front()));
        CHECK(run.differences().empty());
        CHECK(record.count(EntryKind::refusal) > 0);
        CHECK((record.count(EntryKind::rehearsal) > 0) == !armed);
    }
}

TEST_CASE("replay: a drain that is held by feedback, goes on and is stuck comes out the same",
          "[host][journal]") {
    auto story = recorded(paced_policy());
    const auto both = [&](const Feedback& feedback) {
        story.feedback["text"] = story.feedback["videos"] = feedback;
    };
    both({1, 300, 2, 2s});
    story.quiet_day();
    story.pass(10min);
    story.alarm("gas", Phase::firing);
    for (std::uint64_t i = 0; i < 6; ++i) {
        both({37 + i, 200 + i, 2, 2s});
        story.pass(3s);
    }
    story.feedback["text"] = {9, 200, 2, 2s};  // not yet
    story.pass(7s);
    story.feedback["text"] = {3, 211, 2, 2s};
    story.pass(40s);  // text goes on, videos is stuck
    story.feedback.clear();
    story.servers["text"]["pangyo-a"] = "ready";  // a reload
    story.pass(1min);
    story.alarm("gas", Phase::clear);
    story.pass(5min);
    CHECK(story.posture.at("text").wanted == Posture::normal);
    const Record record(story);
    CHECK(record.count(EntryKind::order) >= 9);
    const auto run = record.replayed(paced_policy());
    INFO((run.differences().empty() ? "" : run.differences().front()));
    CHECK(run.differences().empty());
    CHECK(run.same() > 12);
}

TEST_CASE("replay: a drain that is held by another site's servers comes out the same",
          "[host][journal]") {
    auto plan = paced_policy();
    serve_at_seoul(plan);
    auto story = recorded(plan);
    story.servers["text-seoul"] = {{"seoul-a", "ready"}, {"seoul-b", "ready"}};
    story.feedback["text"] = story.feedback["videos"] = {0, 0, 0, 2s};
    story.feedback["text-seoul"] = {0, 0, 0, 2s, {0, 200, 1}};
    story.quiet_day();
    story.pass(2min);
    story.alarm("gas", Phase::firing);
    story.feedback["text-seoul"] = {0, 0, 0, 2s, {37, 200, 1}};
    story.pass(20s);
    CHECK(story.posture.at("text").blocked.find("at text-seoul") != std::string::npos);
    story.feedback["text-seoul"] = {0, 0, 0, 2s, {0, 200, 1}};
    story.pass(1min);
    CHECK(story.posture.at("text").reached == Posture::drain);
    const Record record(story);
    const auto run = record.replayed(plan);
    INFO((run.differences().empty() ? "" : run.differences().front()));
    CHECK(run.differences().empty());
}

TEST_CASE("replay: a policy, an input or a decision of another kind is told of",
          "[host][journal]") {
    auto story = recorded();
    fire_and_calm(story);
    const Record record(story);
    auto bolder = story_policy();
    bolder.guard.min_ready = 4;
    CHECK_FALSE(record.replayed(bolder).differences().empty());
    for (const auto kind : {EntryKind::evidence, EntryKind::decision, EntryKind::order}) {
        auto without = record;
        const auto found =
            std::find_if(without.rows.begin(), without.rows.end(), [&](const auto& row) {
                return row.entry.kind == kind && row.n > record.rows.size() / 3;
            });
        REQUIRE(found != without.rows.end());
        without.rows.erase(found);
        INFO(to_string(kind));
        CHECK_FALSE(without.replayed().differences().empty());
    }
}

TEST_CASE("replay: behind a gap and before the first start nothing is compared",
          "[host][journal]") {
    auto story = recorded();
    fire_and_calm(story);
    Record record(story);
    auto headless = record;
    headless.rows.erase(headless.rows.begin());
    CHECK(headless.replayed().skipped() == headless.rows.size());
    CHECK(headless.replayed().differences().empty());
    const auto middle = record.rows.size() / 2;
    record.rows[middle].entry = {EntryKind::gap, {}, R"({"rows":3})"};
    const auto run = record.replayed();
    CHECK(run.differences().empty());
    CHECK(run.skipped() > 0);
}

TEST_CASE("recorder: a calm hour of heartbeats and read-backs is written down as nothing",
          "[host][journal]") {
    auto story = recorded();
    story.quiet_day();
    static_cast<void>(story.controller.take_record());
    story.pass(1h);
    CHECK(story.controller.take_record().empty());
    story.alarm("gas", Phase::firing);
    const Record record(story);
    CHECK(record.count(EntryKind::evidence) == 2);  // the newest heartbeat, and the alarm
    CHECK(record.count(EntryKind::order) == 4);
}

TEST_CASE("recorder: an unrecorded story costs nothing and records nothing", "[host][journal]") {
    RoomStory story;
    fire_and_calm(story);
    CHECK(story.controller.take_record().empty());
}

TEST_CASE("recorder: a record nobody takes is bounded and says what is missing",
          "[host][journal]") {
    Recorder recorder(true);
    for (std::size_t i = 0; i < Recorder::most_untaken + 1000; ++i) {
        recorder.keep(EntryKind::evidence, {}, "{}");
    }
    const auto taken = recorder.take();
    CHECK(taken.size() == Recorder::most_untaken);
    CHECK(taken.back().kind == EntryKind::gap);
}

TEST_CASE(
    "journal guard: while it cannot be written nothing new begins, and what was admitted ends",
    "[host][journal]") {
    auto story = recorded();
    story.quiet_day();
    story.take_done();
    story.controller.handle(JournalWord{"disk full"}, story.at());
    story.controller.handle(JournalWord{"disk full"}, story.at());
    story.alarm("gas", Phase::firing);
    story.pass(1min);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").blocked.find("the journal cannot be written: disk full") !=
          std::string::npos);
    CHECK(story.take_acks().front().outcome == Outcome::refused);
    story.controller.handle(JournalWord{""}, story.at());
    story.settle();
    CHECK(story.take_done().size() == 4);

    // Decided before it failed: carried out. Calm: not brought back until it can be written.
    story.servers["text"]["pangyo-a"] = "ready";
    story.controller.handle(JournalWord{"disk full"}, story.at());
    story.pass(10s);
    CHECK(story.take_done() == RoomStory::Names{"text pangyo-a drain"});
    story.alarm("gas", Phase::clear);
    story.pass(10min);
    CHECK(story.take_done().empty());
    story.controller.handle(JournalWord{""}, story.at());
    story.pass(5min);
    CHECK(story.take_done().size() == 4);
    const Record record(story);
    CHECK(record.replayed().differences().empty());
    CHECK(story.status.counters.at("journal.failures") == 3);
}

TEST_CASE("recorded policy: no password is written down, all else is", "[host][journal]") {
    CHECK(recorded_text("url = \"a\"\npassword = \"hunter2\"\nuser = \"b\"\n") ==
          "url = \"a\"\npassword = \"not recorded\"\nuser = \"b\"\n");
    CHECK(recorded_text("broker = {url = \"a\", password = \"x}\\\"y\"}\nhost = \"h\"\n")
              .find("x}") == std::string::npos);
    CHECK(recorded_text("password_file = \"/etc/p\"\n") == "password_file = \"/etc/p\"\n");
}

TEST_CASE("recorded policy: the lists it names go with it, and come back to the byte",
          "[host][journal]") {
    const std::string policy = "site = \"a\"\n[topology]\ndevices = \"d.csv\"\n";
    const std::string begins = "\n# the list feeds, as it was read:\n#|";
    for (const std::string& list :
         {std::string("name,site\r\n\"a\nb\",x\n"), std::string(), std::string("\n\n#|\n"),
          std::string("no end"), begins + "nested"}) {
        const auto both = with_list(with_list(policy, "devices", list), "feeds", "rack\n");
        const auto parts = parts_of_recorded(both);
        CHECK(parts.policy == policy);
        CHECK(parts.lists == RecordedLists{{"devices", list}, {"feeds", "rack\n"}});
    }
    CHECK(parts_of_recorded(policy).policy == policy);
    CHECK(parts_of_recorded(policy).lists.empty());
}

TEST_CASE("recorded policy: a replay knows the devices of then, or says that it does not",
          "[host][journal]") {
    const std::string policy = R"(site = "seoul"
host = "seoul-1"
[broker]
url = "mqtt://127.0.0.1:1883"
[topology]
devices = "long-gone.csv"
[[topology.ups]]
name = "ups-a"
site = "pangyo"
kw = 10
[[topology.pdu]]
name = "pdu-a"
ups = "ups-a"
[[topology.rack]]
name = "r1"
site = "pangyo"
pdus = ["pdu-a"]
[[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["r1"]}
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["racks"]
at_least = "shed"
)";
    const auto plan =
        plan_of_recorded(with_list(policy, "devices", "name,site,rack\ns1,pangyo,r1\n"));
    REQUIRE(plan);
    REQUIRE(plan->map->servers.size() == 1);
    CHECK(plan->map->servers[0].name == "s1");
    const auto without = plan_of_recorded(policy);
    REQUIRE_FALSE(without);
    CHECK(without.error().what.find("is not recorded") != std::string::npos);
}

}  // namespace firebreak
