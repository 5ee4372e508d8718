// Every guard says its name, why it refuses and what lets the step pass, in one form.
#include <regex>

#include "host/drain/drain_order.hpp"
#include "host/drain/pacing.hpp"
#include "host/guard/maintenance.hpp"
#include "host/guard/share.hpp"
#include "host/operator/holds.hpp"
#include "host/restore/restoration.hpp"
#include "tests/host/power_room.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;
const WallTime noon = *parse_wall("2026-12-01T12:00:00.000Z");
const Step down{"id", "racks", "a", "drain", Posture::drain, "pangyo/room/gas"};
const Step up{"id", "racks", "a", "on", Posture::normal, "calm"};

/// NAME: why; passes …
void check(const std::string& guard, const Refusal& refused) {
    static const std::regex form(
        "([a-z][a-z_ ]*): [^ ;][^;]*; passes (once|when|in|within|after|at|from|on|as) [^;]+");
    REQUIRE(refused);
    INFO(*refused);
    std::smatch parts;
    REQUIRE(std::regex_match(*refused, parts, form));
    CHECK(parts[1] == guard);
}

TargetPlan racks(const std::string& name, std::vector<std::string> needs = {}) {
    TargetPlan out;
    out.name = name;
    out.kind = TargetKind::outlet;
    out.site = "pangyo";
    out.agent = "room";
    out.items = {"a", "b"};
    out.needs = std::move(needs);
    return out;
}

/// Two racks that are off, the second of which needs the first.
struct Returning {
    PolicyPlan plan;
    TargetLedger first, second;

    Returning() {
        plan.targets = {racks("first"), racks("second", {"first"})};
        plan.restore.staged = true;
        plan.restore.announce = 20s;
        plan.restore.settle = 10s;
        plan.restore.inrush_every = 10s;
        plan.restore.stuck_after = 5min;
        for (auto* ledger : {&first, &second}) ledger->item_is("a", "off", true);
    }
    [[nodiscard]] std::vector<RestoreTarget> views(Posture asked = Posture::normal) const {
        return {{&first, asked, Posture::normal, "pangyo/room/gas"},
                {&second, Posture::normal, Posture::normal, ""}};
    }
};

}  // namespace

TEST_CASE("refusals: of what a step down needs", "[host][guard]") {
    check("evidence", guard_fresh(down, Posture::normal));
    check("journal", guard_journal(down, Posture::normal, "disk full"));
    check("quorum", guard_quorum(down, Posture::normal, 1, 2));
    check("spacing", guard_spacing(t0, t0 + 3s));
    check("yield_for", guard_yield(Origin{"busan", Role::host, "busan-1"}, t0, t0 + 3s));
    check("min_ready", guard_min_ready(down, std::nullopt, 1));
    check("min_ready", guard_min_ready(down, std::set<std::string>{"a"}, 1));
    check("after", guard_after({{"photos", false, Posture::normal}}));
    check("after", guard_after({{"photos", true, Posture::watch}}));
    const TierShare share{{"pangyo/room/a", "pangyo/room/b", "c"}, {"c"}};
    check("max_tier_percent", guard_tier_share(racks("racks"), down, std::nullopt, 50));
    check("max_tier_percent", guard_tier_share(racks("racks"), down, share, 50));
    check("max_tier_percent", guard_tier_share(racks("racks"), down, share, 5));
    check("min_elsewhere", guard_elsewhere(racks("racks"), std::nullopt, 1));
    check("min_elsewhere", guard_elsewhere(racks("racks"), std::size_t{0}, 1));
}

TEST_CASE("refusals: of what a step up needs, and of what holds either", "[host][guard]") {
    check("all_clear", guard_all_clear("no word yet of pangyo/any/gas"));
    check("power_back", guard_power_back({"videos-a"}));
    Pace pace(1, "loads");
    pace.took(t0);
    check("max_steps_per_minute", pace.guard(t0));
    const Hold hold{"racks", "rack work", "alice", noon + 1h, 1h};
    check("hold", guard_hold(&hold));
    MaintenancePlan window{{"racks"}, noon, noon + 1h, "new switches"};
    check("maintenance", guard_maintenance({window}, "racks", noon));
    check("maintenance", guard_maintenance({window}, "racks", WallTime{}));
    window.why.clear();
    check("maintenance", guard_maintenance({window}, "racks", noon));
}

TEST_CASE("refusals: of a drain in order, and in steps", "[host][drain]") {
    PolicyPlan plan;
    plan.targets = {racks("base"), racks("front", {"base"})};
    plan.drain.stuck = WhenStuck::wait;
    DrainOrder order(plan);
    order.look({{Posture::drain, Posture::normal, true}, {Posture::drain, Posture::normal, true}},
               t0);
    check("drain order", order.guard(0, t0));
    check("drain order", order.guard(0, t0 + 1h));

    PacePlan steps;
    steps.max_queue = 10;
    steps.max_error_percent = 5;
    plan.targets[0].pace = steps;
    Pacing pacing(plan, {0, 1});
    const auto refused = [&](Instant now) { return pacing.guard(0, Posture::drain, now); };
    pacing.look(0, Posture::drain, false, t0);
    check("in steps", refused(t0));  // no figures
    check("in steps", pacing.guard_step(0, Posture::drain, 9));
    for (const auto& feedback : {Feedback{0, 0, 0, 0s}, {37, 200, 2, 2s}, {0, 200, 20, 2s}}) {
        pacing.heard(0, feedback, t0);
        check("in steps", refused(t0 + 1s));
        check("in steps", refused(t0 + 1h));  // stuck
    }
    pacing.heard(0, Feedback{0, 200, 2, 2s}, t0);
    pacing.stepped(0, t0 + 1s);
    check("in steps", refused(t0 + 2s));
    check("in steps", refused(t0 + 4s));  // nothing was read since
}

TEST_CASE("refusals: of the restoration's stages", "[host][restore]") {
    Returning room;
    Restoration restoration(room.plan);
    const auto refused = [&](std::size_t target, Duration after) {
        return restoration.guard(target, up, t0 + after);
    };
    restoration.look(room.views(Posture::drain), {}, true, t0);
    check("restoration", refused(0, 0s));  // asked for anew
    restoration.look(room.views(), {}, true, t0);
    check("restoration", refused(0, 0s));  // the plan is shown
    CHECK_FALSE(refused(0, 20s));
    check("restoration", refused(1, 20s));  // needs the first
    restoration.hold("by alice: wait for the electrician");
    check("restoration", refused(0, 20s));
    restoration.release();
    room.first.item_is("a", "on", true);
    room.second.item_is("a", "on", true);
    restoration.look(room.views(), {}, true, t0 + 21s);
    check("restoration", refused(0, 21s));  // nothing returns: no plan is shown
}

TEST_CASE("refusals: of what feeds bear when all comes back", "[host][restore]") {
    auto plan = power_policy({{"r1", 5, 10, 10, {"ups-a"}}, {"r2", 5, 10, 10, {"ups-a"}}}, {});
    plan.targets.push_back(racks("stranger"));  // what it draws nobody knows
    plan.targets.back().tier = 5;
    plan.restore.staged = true;
    plan.restore.inrush_kw = 15;
    plan.restore.inrush_every = 10s;
    plan.restore.stuck_after = 5min;
    Restoration restoration(plan);
    std::vector<TargetLedger> ledgers(3);
    std::vector<RestoreTarget> views;
    for (std::size_t i = 0; i < 3; ++i) {
        ledgers[i].item_is(plan.targets[i].items.front(), "off", true);
        views.push_back({&ledgers[i], Posture::normal, Posture::normal, ""});
    }
    const auto back = [&](std::size_t target) {
        auto step = up;
        step.item = plan.targets[target].items.front();
        return step;
    };
    UpsState carries;
    carries.load_kw = 95;
    restoration.look(views, {{carries, ""}, {carries, ""}}, true, t0);
    check("restoration", restoration.guard(0, back(0), t0));  // it would carry too much
    restoration.look(views, {{std::nullopt, "no reading yet"}, {carries, ""}}, true, t0);
    check("restoration", restoration.guard(0, back(0), t0));
    carries.load_kw = 0;
    restoration.look(views, {{carries, ""}, {carries, ""}}, true, t0);
    REQUIRE_FALSE(restoration.guard(0, back(0), t0));
    restoration.took(0, back(0), false, t0);
    check("restoration", restoration.guard(1, back(1), t0));  // too much at once
    check("restoration", restoration.guard(2, back(2), t0));  // nobody knows how much
}
