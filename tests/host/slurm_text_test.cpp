// Answers as Slurm 22.05.8 gave them, cut to the fields around those that are read.
#include "host/actuate/slurm_text.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const std::string host = "seoul/seoul-1";

std::string line(const std::string& name, const std::string& state,
                 const std::string& reason = "") {
    return "NodeName=" + name + " Arch=x86_64 CPUTot=1 Boards=1 State=" + state +
           " ThreadsPerCore=1 ExtSensorsTemp=n/s" +
           (reason.empty() ? "" : " Reason=" + reason + " [root@2026-11-26T18:47:13]") + "\n";
}

std::string state(const std::string& text, const std::string& reason = "") {
    const auto nodes = parse_nodes(line("n1", text, reason));
    return nodes ? state_of(nodes->at("n1"), {host, {"busan/busan-1"}})
                 : "error: " + nodes.error().what;
}

Step step(const std::string& action) {
    return {"id", "hpc", "n1", action, Posture::drain, "pangyo/room/gas"};
}

}  // namespace

TEST_CASE("slurm text: a node that works is ready, one that does not answer is down",
          "[host][slurm]") {
    for (const char* up : {"IDLE", "ALLOCATED", "MIXED", "ALLOCATED+COMPLETING"}) {
        CHECK(state(up) == "ready");
    }
    // NOT_RESPONDING: after a resume Slurm first waits for the node to be heard.
    for (const char* not_up :
         {"IDLE*", "IDLE+NOT_RESPONDING", "UNKNOWN", "FUTURE", "IDLE+POWERED_DOWN"}) {
        INFO(not_up);
        CHECK(state(not_up) == "down");
    }
}

TEST_CASE("slurm text: only a node that bears this host's mark is ours", "[host][slurm]") {
    const auto ours = slurm_reason(host, step("drain"), "");
    CHECK(ours == "firebreak seoul/seoul-1 drain: pangyo/room/gas");
    CHECK(state("IDLE+DRAIN", ours) == "drain");
    CHECK(state("IDLE+DRAIN", "disk broken") == "drain-other");
    CHECK(state("IDLE+DRAIN", "firebreak seoul/seoul-10 drain: x") == "drain-other");
    CHECK(state("IDLE+DRAIN", "said: firebreak seoul/seoul-1 drain: x") == "drain-other");
    CHECK(state("DOWN", "Not responding") == "maint-other");
    // A peer's is told apart: it is ours to bring back once that one is gone.
    CHECK(state("IDLE+DRAIN", "firebreak busan/busan-1 drain: x") == "drain-peer");
    CHECK(state("DOWN+DRAIN", "firebreak busan/busan-1 maint: x") == "maint-peer");
}

TEST_CASE("slurm text: a marked node is as far as it was asked and has come", "[host][slurm]") {
    const auto drain = slurm_reason(host, step("drain"), "");
    const auto maint = slurm_reason(host, step("maint"), "");
    const auto off = slurm_reason(host, step("off"), "");
    CHECK(state("DOWN+DRAIN", drain) == "drain");  // it died drained
    CHECK(state("IDLE+DRAIN+POWERED_DOWN", drain) == "drain");
    CHECK(state("IDLE+DRAIN", maint) == "drain");  // not down yet
    CHECK(state("DOWN+DRAIN", maint) == "maint");
    CHECK(state("IDLE+DRAIN", off) == "drain");  // Slurm keeps the reason of a refused update
    CHECK(state("IDLE+DRAIN+POWERING_DOWN", off) == "off");
    CHECK(state("IDLE", drain) == "ready");
}

TEST_CASE("slurm text: what somebody else had drained is remembered in the reason",
          "[host][slurm]") {
    const auto reason = slurm_reason(host, step("maint"), "disk broken");
    CHECK(reason_before(reason) == "disk broken");
    CHECK(reason_before(slurm_reason(host, step("maint"), "")).empty());
    CHECK(state("DOWN+DRAIN", reason) == "maint");
}

TEST_CASE("slurm text: that somebody else had drained a node outlasts long names and no reason",
          "[host][slurm]") {
    auto long_step = step("maint");
    const std::string name(64, 'n');
    long_step.because = name + '/' + name + '/' + name;
    const auto long_host = name + '/' + name;
    const auto reason = slurm_reason(long_host, long_step, "disk broken");
    CHECK(reason.size() == 250);
    CHECK(reason_before(reason) == "disk broken");
    const std::string essay(200, 'x');
    CHECK(reason_before(slurm_reason(long_host, long_step, essay)) == essay);
    CHECK(slurm_reason(host, long_step, "").ends_with(long_step.because));

    const auto unsaid = reason_of_others(parse_nodes(line("n1", "DOWN"))->at("n1"));
    CHECK(unsaid == "(no reason)");
    CHECK(reason_before(slurm_reason(host, step("maint"), unsaid)) == unsaid);
}

TEST_CASE("slurm text: unknown nodes are left out, and what is no answer is not believed",
          "[host][slurm]") {
    const auto some = parse_nodes(line("n1", "IDLE") + "Node zz not found\n" + line("n2", "DOWN"));
    REQUIRE(some);
    CHECK(some->size() == 2);
    CHECK_FALSE(some->at("n1").in_partition);  // sinfo would say nothing of it
    CHECK(parse_nodes("NodeName=n1 State=IDLE Partitions=all,two  BootTime=None\n")
              ->at("n1")
              .in_partition);
    for (const char* text : {"slurm_load_node error: x\n", "NodeName=n1 Arch=x86_64\n", "<html>"}) {
        const auto nodes = parse_nodes(text);
        REQUIRE(!nodes);
        CHECK(nodes.error().fault == Fault::corrupt);
    }
}

TEST_CASE("slurm text: nodes that are alike come in one line, and each is told of",
          "[host][slurm]") {
    // As sinfo 22.05.8 gave it, with --states=lowered_states --Format=groups_format.
    const auto nodes = parse_groups(
        "idle+drain|n[1-3],db7|firebreak seoul/seoul-1 drain: pangyo/room/gas\n"
        "down|n4|none\n"
        "idle+drain+not_responding|n6|disk | broken, [yes]\n",
        10);
    REQUIRE(nodes);
    CHECK(nodes->size() == 6);
    for (const char* name : {"n1", "n2", "n3", "db7"}) {
        INFO(name);
        CHECK(state_of(nodes->at(name), {host}) == "drain");
    }
    CHECK(state_of(nodes->at("n4"), {host}) == "maint-other");
    CHECK(nodes->at("n4").reason.empty());
    CHECK(state_of(nodes->at("n6"), {host}) == "drain-other");
    CHECK(nodes->at("n6").reason == "disk | broken, [yes]");
    CHECK_FALSE(nodes->at("n6").responds);
    CHECK(parse_groups("", 10)->empty());
}

TEST_CASE("slurm text: firebreak-slurm says when a reason was given, too", "[host][slurm]") {
    const auto nodes = parse_dated_groups(
        "idle+drain|n[1-2]|1795824313|disk | broken\nidle|n3|0|\nidle+drain|n4|0|\n", 10);
    REQUIRE(nodes);
    CHECK(nodes->at("n2").reason == "disk | broken");
    CHECK(nodes->at("n2").reason_at == 1795824313);
    CHECK(state_of(nodes->at("n3"), {host}) == "ready");
    // Nobody's mark, and no reason: a killed life of this host may have put it down.
    CHECK(state_of(nodes->at("n4"), {host}) == "drain-other@unmarked");
    CHECK(depth_of(state_of(nodes->at("n4"), {host})) == 1);
    for (const char* text : {"idle|n1|x|y\n", "idle|n1|5\n", "idle|n1||y\n"}) {
        INFO(text);
        CHECK_FALSE(parse_dated_groups(text, 10).has_value());
    }
}

TEST_CASE("slurm text: what is no group of nodes is not believed", "[host][slurm]") {
    for (const char* text : {"slurm_load_node error: x\n", "idle+drain|n1", "|n1|x", "drain||x\n",
                             "drain|n[1-|x\n", "drain|n[1-11]|x\n"}) {
        INFO(text);
        const auto nodes = parse_groups(text, 10);
        REQUIRE(!nodes);
        CHECK(nodes.error().fault == Fault::corrupt);
    }
}

TEST_CASE("slurm text: lines become bounded lists, and none is lost", "[host][slurm]") {
    CHECK(comma_lists("", 10).empty());
    CHECK(comma_lists("17\n18\n\n19\n", 100) == std::vector<std::string>{"17,18,19"});
    CHECK(comma_lists("17\n18\n19", 5) == std::vector<std::string>{"17,18", "19"});
    CHECK(comma_lists("123456\n7", 3) == std::vector<std::string>{"123456", "7"});
}
