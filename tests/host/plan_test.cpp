#include "host/plan.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

using States = std::map<std::string, std::string>;

TargetPlan target(TargetKind kind) {
    TargetPlan out;
    out.name = "text";
    out.kind = kind;
    out.items = {"a", "b"};
    return out;
}
const TargetPlan servers = target(TargetKind::haproxy);
const TargetPlan outlets = target(TargetKind::outlet);

Wish wish(Posture wanted) {
    return {wanted, "pangyo/room/gas", {"b1", 7, {}}};
}

/// "a:drain b:ready", or "" for no step.
std::string plan(const TargetPlan& what, Posture wanted, const States& states,
                 const States& held = {}) {
    std::string out;
    for (const auto& step : plan_steps(what, wish(wanted), states, held)) {
        out += (out.empty() ? "" : " ") + step.item + ':' + step.action;
    }
    return out;
}

}  // namespace

TEST_CASE("plan: what carries traffic is drained, shed and cut", "[host][plan]") {
    const States up = {{"a", "ready"}, {"b", "down"}};
    CHECK(plan(servers, Posture::normal, up).empty());
    CHECK(plan(servers, Posture::watch, up).empty());
    CHECK(plan(servers, Posture::drain, up) == "a:drain b:drain");
    CHECK(plan(servers, Posture::shed, up) == "a:drain b:drain");
    CHECK(plan(servers, Posture::cut, up) == "a:maint b:maint");
}

TEST_CASE("plan: nothing is done twice", "[host][plan]") {
    CHECK(plan(servers, Posture::drain, {{"a", "drain"}, {"b", "ready"}}) == "b:drain");
    CHECK(plan(servers, Posture::cut, {{"a", "maint"}, {"b", "drain"}}) == "b:maint");
    CHECK(plan(outlets, Posture::shed, {{"a", "off"}, {"b", "on"}}) == "b:off");
}

TEST_CASE("plan: only what this host put down is brought back", "[host][plan]") {
    const States down = {{"a", "drain"}, {"b", "drain"}};
    CHECK(plan(servers, Posture::normal, down).empty());
    CHECK(plan(servers, Posture::normal, down, {{"b", "drain"}}) == "b:ready");
    CHECK(plan(servers, Posture::watch, down, {{"b", "drain"}}) == "b:ready");
    CHECK(plan(outlets, Posture::normal, {{"a", "off"}, {"b", "off"}}, {{"a", "off"}}) == "a:on");
}

TEST_CASE("plan: a human's maintenance is not loosened into a drain", "[host][plan]") {
    CHECK(plan(servers, Posture::drain, {{"a", "maint"}, {"b", "ready"}}) == "b:drain");
}

TEST_CASE("plan: on the way back a cut server is drained before it is ready", "[host][plan]") {
    const States cut = {{"a", "maint"}, {"b", "maint"}};
    const States held = {{"a", "maint"}, {"b", "maint"}};
    CHECK(plan(servers, Posture::shed, cut, held) == "a:drain b:drain");
    CHECK(plan(servers, Posture::normal, cut, held) == "a:ready b:ready");
}

TEST_CASE("plan: a server not read back gets no step, an outlet may be told off", "[host][plan]") {
    CHECK(plan(servers, Posture::cut, {{"a", "ready"}}) == "a:maint");
    CHECK(plan(outlets, Posture::shed, {}) == "a:off b:off");
    CHECK(plan(outlets, Posture::drain, {}).empty());
    CHECK(plan(outlets, Posture::normal, {}, {}).empty());
}

TEST_CASE("plan: for every state and rung a step only ever leads to what the rung asks",
          "[host][plan]") {
    for (const char* state : {"ready", "down", "drain", "maint"}) {
        for (int rung = 0; rung <= 4; ++rung) {
            for (const bool held : {false, true}) {
                const auto wanted = static_cast<Posture>(rung);
                const States mine = held ? States{{"a", state}} : States{};
                const auto steps = plan_steps(servers, wish(wanted), {{"a", state}}, mine);
                for (const auto& step : steps) {
                    CHECK(step.action == action_for(Ladder::servers, wanted));
                    CHECK((held || lowers(step)));
                }
                const bool there = depth_of(state) == depth_of(action_for(Ladder::servers, wanted));
                CHECK((!there || steps.empty()));
            }
        }
    }
}

TEST_CASE("plan: an id is stable for a cause and different for anything else", "[host][plan]") {
    const Stamp began{"b1", 7, {}};
    const auto id = step_id("text", "a", "drain", "pangyo/room/gas", began);
    CHECK(id == step_id("text", "a", "drain", "pangyo/room/gas", {"b1", 7, WallTime{}}));
    CHECK(id.size() == 16);
    const std::set<std::string> others = {step_id("login", "a", "drain", "x", began),
                                          step_id("text", "b", "drain", "x", began),
                                          step_id("text", "a", "maint", "x", began),
                                          step_id("text", "a", "drain", "x", {"b2", 7, {}}),
                                          step_id("text", "a", "drain", "x", {"b1", 8, {}}),
                                          step_id("text", "a", "drain", "calm", began)};
    CHECK(others.size() == 6);
    CHECK_FALSE(others.contains(id));
}

TEST_CASE("plan: reached is what the least far item shows", "[host][plan]") {
    const auto reached = [](Posture wanted, const States& states) {
        return reached_rung(servers, wanted, states);
    };
    CHECK(reached(Posture::drain, {}) == Posture::watch);
    CHECK(reached(Posture::normal, {{"a", "ready"}, {"b", "down"}}) == Posture::normal);
    CHECK(reached(Posture::drain, {{"a", "drain"}, {"b", "ready"}}) == Posture::watch);
    CHECK(reached(Posture::drain, {{"a", "drain"}, {"b", "drain"}}) == Posture::drain);
    CHECK(reached(Posture::shed, {{"a", "drain"}, {"b", "maint"}}) == Posture::shed);
    CHECK(reached(Posture::cut, {{"a", "drain"}, {"b", "maint"}}) == Posture::shed);
    CHECK(reached(Posture::cut, {{"a", "maint"}, {"b", "maint"}}) == Posture::cut);
    CHECK(reached(Posture::normal, {{"a", "drain"}, {"b", "drain"}}) == Posture::drain);
    CHECK(reached_rung(outlets, Posture::shed, {{"a", "off"}}) == Posture::drain);
    CHECK(reached_rung(outlets, Posture::shed, {{"a", "off"}, {"b", "off"}}) == Posture::shed);
}

TEST_CASE("plan: a node is drained, then down, and powered down only where the policy says so",
          "[host][plan]") {
    auto nodes = target(TargetKind::slurm);
    nodes.ladder = Ladder::nodes;
    const States up = {{"a", "ready"}, {"b", "drain-other"}};
    CHECK(plan(nodes, Posture::watch, up).empty());
    CHECK(plan(nodes, Posture::drain, up) == "a:drain");
    CHECK(plan(nodes, Posture::shed, up) == "a:maint b:maint");
    CHECK(plan(nodes, Posture::cut, {{"a", "maint"}, {"b", "maint"}}).empty());
    CHECK(reached_rung(nodes, Posture::cut, {{"a", "maint"}, {"b", "maint"}}) == Posture::cut);
    nodes.ladder = Ladder::nodes_power_off;
    CHECK(plan(nodes, Posture::cut, {{"a", "maint"}, {"b", "off"}}) == "a:off");
    CHECK(reached_rung(nodes, Posture::cut, {{"a", "maint"}, {"b", "off"}}) == Posture::shed);
    CHECK(plan(nodes, Posture::normal, {{"a", "off"}, {"b", "off-other"}}, {{"a", "off"}}) ==
          "a:ready");
}

TEST_CASE("plan: what cannot be told is left alone, down and up", "[host][plan]") {
    auto loads = target(TargetKind::nut);
    loads.ladder = Ladder::outlets_fsd;
    const States states = {{"a", "on"}, {"b", "unknown"}};
    CHECK(plan(loads, Posture::shed, states) == "a:off");
    CHECK(plan(loads, Posture::normal, states, {{"b", "off"}}).empty());
    CHECK(reached_rung(loads, Posture::shed, {{"a", "off"}, {"b", "unknown"}}) == Posture::drain);
    CHECK(plan(loads, Posture::cut, {{"a", "off"}, {"b", "fsd"}}) == "a:fsd");
    CHECK(reached_rung(loads, Posture::cut, {{"a", "fsd"}, {"b", "fsd"}}) == Posture::cut);
    CHECK(reached_rung(loads, Posture::cut, {{"a", "off"}, {"b", "fsd"}}) == Posture::shed);
    loads.ladder = Ladder::fsd_only;
    CHECK(plan(loads, Posture::shed, {{"a", "on"}, {"b", "on"}}).empty());
}

TEST_CASE("plan: what is still draining is told again, and brought back in mid-drain",
          "[host][plan]") {
    auto nodes = target(TargetKind::kubernetes);
    nodes.ladder = Ladder::nodes;
    const States going = {{"a", "draining"}, {"b", "draining-other"}};
    CHECK(plan(nodes, Posture::drain, going) == "a:drain b:drain");
    CHECK(reached_rung(nodes, Posture::drain, going) == Posture::watch);
    CHECK(plan(nodes, Posture::normal, going, {{"a", "draining"}}) == "a:ready");
    CHECK(plan(nodes, Posture::normal, going).empty());
    CHECK(is_set("ready", "ready"));
    CHECK_FALSE(is_set("draining", "ready"));
    CHECK_FALSE(is_set("draining-peer@pods to go: 3", "ready"));
    CHECK(is_set("drain-peer", "drain"));
    CHECK(depth_of("maint-peer") == 2);
    CHECK_FALSE(is_set("draining", "drain"));
    CHECK(is_set("drain-other", "drain"));
}
