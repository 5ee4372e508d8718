// The Slurm actuator against a real slurmctld, with real nodes and jobs.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/actuate/slurm.hpp"
#include "tests/catch.hpp"
#include "tests/peers/slurm.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string helper = FIREBREAK_BIN_DIR "/firebreak-slurm";

/// By Slurm's tools alone, if it is not said otherwise.
EndpointPlan endpoint(const Slurm22& cluster, SlurmEndpoint how = {}) {
    how.conf = cluster.conf();
    if (!how.helper) how.helper = "";
    return {"hpc", "/usr/bin", 20s, how};
}

std::unique_ptr<Actuator> actuator(const Slurm22& cluster, const SlurmEndpoint& how = {},
                                   const std::string& host = "seoul/seoul-1") {
    return make_slurm(endpoint(cluster, how), {{"batch", {"n1", "n2", "n3"}}}, {host}, -1);
}

SlurmEndpoint by(const std::string& program) {
    SlurmEndpoint how;
    how.helper = program;
    return how;
}

Step step(const std::string& item, const std::string& action) {
    return {"id", "batch", item, action, Posture::drain, "pangyo/room/gas"};
}

bool shows(const std::string& text, const std::string& what) {
    UNSCOPED_INFO(text);
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("slurm: nodes are drained, put down, powered down and brought back, each read back",
          "[system][slurm]") {
    const auto program = GENERATE(std::string(), helper);
    CAPTURE(program);
    const Slurm22 cluster;
    const auto ours = actuator(cluster, by(program));
    // No slurmd serves n3: it was never up.
    CHECK(*ours->observe("batch") == ItemStates{{"n1", "ready"}, {"n2", "ready"}, {"n3", "down"}});

    auto states = ours->apply("batch", {step("n1", "drain"), step("n2", "drain")});
    REQUIRE(states);
    CHECK(states->at("n1") == "drain");
    CHECK(states->at("n2") == "drain");
    ours->tidy_up();
    CHECK(shows(cluster.show("n1"), "Reason=firebreak seoul/seoul-1 drain: pangyo/room/gas ["));
    // Another host, or this one of another name, does not take it for its own.
    CHECK(actuator(cluster, {}, "seoul/seoul-2")->observe("batch")->at("n1") == "drain-other");

    states = ours->apply("batch", {step("n1", "maint"), step("n2", "off")});
    INFO((states ? cluster.show("n2") : states.error().what));
    REQUIRE(states);
    CHECK(states->at("n1") == "maint");
    CHECK(states->at("n2") == "off");

    states = ours->apply("batch", {step("n1", "drain"), step("n2", "ready")});
    REQUIRE(states);
    CHECK(states->at("n1") == "drain");
    CHECK(depth_of(states->at("n2")) == 0);
    states = ours->apply("batch", {step("n1", "ready")});
    REQUIRE(states);
    CHECK(depth_of(states->at("n1")) == 0);
    CHECK(eventually([&] { return ours->observe("batch")->at("n1") == "ready"; }, 30s));
    CHECK_FALSE(shows(cluster.show("n1"), "Reason="));
}

TEST_CASE("slurm: what a person drained stays drained, with the person's reason",
          "[system][slurm]") {
    const auto program = GENERATE(std::string(), helper);
    CAPTURE(program);
    const Slurm22 cluster;
    const auto ours = actuator(cluster, by(program));
    cluster.tool("scontrol", {"update", "NodeName=n1", "State=DRAIN", "Reason=disk broken"});
    CHECK(ours->observe("batch")->at("n1") == "drain-other");
    ours->tidy_up();
    // A step up on what bears no mark does nothing.
    CHECK(ours->apply("batch", {step("n1", "ready")})->at("n1") == "drain-other");
    CHECK(ours->apply("batch", {step("n1", "drain")})->at("n1") == "drain-other");
    CHECK(shows(cluster.show("n1"), "Reason=disk broken ["));
    // Put down deeper, and given back as it was found.
    CHECK(ours->apply("batch", {step("n1", "maint")})->at("n1") == "maint");
    CHECK(ours->apply("batch", {step("n1", "ready")})->at("n1") == "drain-other");
    CHECK(shows(cluster.show("n1"), "Reason=disk broken ["));
}

TEST_CASE("slurm: what a person drains after the last look stays the person's", "[system][slurm]") {
    const auto program = GENERATE(std::string(), helper);
    CAPTURE(program);
    const Slurm22 cluster;
    const auto ours = actuator(cluster, by(program));
    CHECK(ours->observe("batch")->at("n1") == "ready");
    cluster.tool("scontrol", {"update", "NodeName=n1", "State=DRAIN", "Reason=disk broken"});
    const auto states =
        ours->apply("batch", {step("n1", "drain"), step("n2", "drain"), step("n3", "drain")});
    CHECK(*states == ItemStates{{"n1", "drain-other"}, {"n2", "drain"}, {"n3", "drain"}});
    ours->tidy_up();
    CHECK(shows(cluster.show("n1"), "Reason=disk broken ["));
}

TEST_CASE("slurm: by the library a node is drained first and marked when that is told",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto ours = actuator(cluster, by(helper));
    CHECK(ours->observe("batch")->at("n1") == "ready");
    CHECK(ours->apply("batch", {step("n1", "drain"), step("n2", "drain")})->at("n1") == "drain");
    CHECK(shows(cluster.show("n1"), "+DRAIN"));
    CHECK_FALSE(shows(cluster.show("n1"), "Reason="));
    // To others it is nobody's yet; a next life that knows of it brings it back.
    const auto next = actuator(cluster, by(helper));
    CHECK(next->observe("batch")->at("n1") == "drain-other@unmarked");
    CHECK(depth_of(next->apply("batch", {step("n1", "ready")})->at("n1")) == 0);
    // Before the mark: still ours here, and brought back as such.
    CHECK(ours->observe("batch")->at("n2") == "drain");
    ours->tidy_up();
    CHECK(shows(cluster.show("n2"), "Reason=firebreak seoul/seoul-1 drain: pangyo/room/gas ["));
    CHECK_FALSE(shows(cluster.show("n1"), "Reason="));
    CHECK(depth_of(ours->apply("batch", {step("n2", "ready")})->at("n2")) == 0);
    CHECK_FALSE(shows(cluster.show("n2"), "Reason="));
}

TEST_CASE("slurm: without a library that works the tools do all of it", "[system][slurm]") {
    const Slurm22 cluster;
    const auto broken = cluster.path("broken");
    const auto program = GENERATE_COPY(std::string("/nowhere"), broken);
    CAPTURE(program);
    std::ofstream(broken) << "#!/bin/sh\n[ $1 = show ] && exec " << helper << " show\n"
                          << "echo 'drain: Access/permission denied' >&2; exit 1\n";
    std::filesystem::permissions(broken, std::filesystem::perms(0755));
    const auto ours = actuator(cluster, by(program));
    CHECK(ours->observe("batch")->at("n1") == "ready");
    CHECK(ours->apply("batch", {step("n1", "drain")})->at("n1") == "drain");
    CHECK(shows(cluster.show("n1"), "Reason=firebreak seoul/seoul-1 drain: pangyo/room/gas ["));
    CHECK(depth_of(ours->apply("batch", {step("n1", "ready")})->at("n1")) == 0);
}

TEST_CASE("slurm: before and after a drain sinfo is asked, and no node in full",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto tools = cluster.path("tools");
    const auto asked = cluster.path("asked");
    std::filesystem::create_directory(tools);
    for (const std::string tool : {"scontrol", "sinfo"}) {
        std::ofstream(tools + '/' + tool) << "#!/bin/sh\necho " << tool << " $1 $2 >> " << asked
                                          << "\nexec /usr/bin/" << tool << " \"$@\"\n";
        std::filesystem::permissions(tools + '/' + tool, std::filesystem::perms(0755));
    }
    auto plan = endpoint(cluster);
    plan.address = tools;
    const auto ours = make_slurm(plan, {{"batch", {"n1", "n2"}}}, {"seoul/seoul-1"}, -1);
    CHECK(ours->observe("batch")->at("n1") == "ready");
    const auto states = ours->apply("batch", {step("n1", "drain"), step("n2", "drain")});
    CHECK(*states == ItemStates{{"n1", "drain"}, {"n2", "drain"}});
    std::ifstream in(asked);
    CHECK(std::string{std::istreambuf_iterator<char>(in), {}} ==
          "scontrol --oneliner show\nsinfo --noheader --all\n"
          "scontrol update NodeName=n[1-2]\nsinfo --noheader --all\n");
}

TEST_CASE("slurm: a node that is down goes off without being woken in between", "[system][slurm]") {
    const Slurm22 cluster;
    const auto tools = cluster.path("tools");
    const auto asked = cluster.path("asked");
    std::filesystem::create_directory(tools);
    std::filesystem::create_symlink("/usr/bin/sinfo", tools + "/sinfo");
    std::filesystem::create_symlink("/usr/bin/squeue", tools + "/squeue");
    std::ofstream(tools + "/scontrol")
        << "#!/bin/sh\necho $1 $2 $3 >> " << asked << "\nexec /usr/bin/scontrol \"$@\"\n";
    std::filesystem::permissions(tools + "/scontrol", std::filesystem::perms(0755));
    auto plan = endpoint(cluster);
    plan.address = tools;
    const auto ours = make_slurm(plan, {{"batch", {"n1", "n2"}}}, {"seoul/seoul-1"}, -1);
    // One that we put down, and one that a person did.
    CHECK(ours->apply("batch", {step("n1", "maint")})->at("n1") == "maint");
    cluster.tool("scontrol", {"update", "NodeName=n2", "State=DOWN", "Reason=disk broken"});
    const auto states = ours->apply("batch", {step("n1", "off"), step("n2", "off")});
    REQUIRE(states);
    CHECK(*states == ItemStates{{"n1", "off"}, {"n2", "off"}});
    std::ifstream in(asked);
    const std::string log{std::istreambuf_iterator<char>(in), {}};
    CHECK(shows(log, "State=POWER_DOWN"));
    CHECK_FALSE(shows(log, "State=RESUME"));
    // And back, each as it was found.
    REQUIRE(ours->apply("batch", {step("n1", "ready"), step("n2", "ready")}));
    CHECK(depth_of(ours->observe("batch")->at("n1")) == 0);
    CHECK(ours->observe("batch")->at("n2") == "drain-other");
}

TEST_CASE("slurm: a drain is read back as well where sinfo is missing or tells of no node",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto tools = cluster.path("tools");
    std::filesystem::create_directory(tools);
    std::filesystem::create_symlink("/usr/bin/scontrol", tools + "/scontrol");
    auto without = endpoint(cluster);
    without.address = tools;
    const auto ours = make_slurm(without, {{"batch", {"n1"}}}, {"seoul/seoul-1"}, -1);
    CHECK(ours->observe("batch")->at("n1") == "ready");
    CHECK(ours->apply("batch", {step("n1", "drain")})->at("n1") == "drain");

    const auto all = actuator(cluster);
    cluster.tool("scontrol", {"update", "PartitionName=all", "Nodes=n1,n3"});
    static_cast<void>(all->observe("batch"));
    CHECK(all->apply("batch", {step("n2", "drain")})->at("n2") == "drain");
    CHECK(shows(cluster.show("n2"), "Reason=firebreak seoul/seoul-1 drain: pangyo/room/gas ["));
}

TEST_CASE("slurm: running jobs go back to the queue before their node goes down",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto id = cluster.job("n1", "sleep 300");
    const auto ours = actuator(cluster);
    CHECK(ours->apply("batch", {step("n1", "drain")})->at("n1") == "drain");
    CHECK(shows(cluster.tool("squeue", {"--noheader", "--format=%T"}), "RUNNING"));
    CHECK(ours->apply("batch", {step("n1", "maint")})->at("n1") == "maint");
    CHECK(shows(cluster.tool("squeue", {"--noheader", "--format=%A %T"}), id + " PENDING"));
}

TEST_CASE("slurm: signalled jobs may save their work before their node goes down",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto saved = cluster.path("saved");
    static_cast<void>(cluster.job("n1", "trap 'echo > " + saved + "; exit 0' USR1; touch " + saved +
                                            ".armed; while :; do sleep 0.1; done"));
    REQUIRE(eventually([&] { return std::filesystem::exists(saved + ".armed"); }, 30s));
    SlurmEndpoint how;
    how.jobs = RunningJobs::signal;
    how.signal = "USR1";
    how.grace = 1h;  // it is the end of the job that lets the node go down here
    const auto ours = actuator(cluster, how);
    const auto first = ours->apply("batch", {step("n1", "maint")});
    REQUIRE(first);
    CHECK(first->at("n1") == "drain");  // drained, its job still at work: not told as down
    CHECK(eventually([&] { return std::filesystem::exists(saved); }, 30s));
    CHECK(eventually(
        [&] { return ours->apply("batch", {step("n1", "maint")})->at("n1") == "maint"; }, 30s));
}

TEST_CASE("slurm: the jobs of a later alarm get their signal and their grace, too",
          "[system][slurm]") {
    const Slurm22 cluster;
    const auto told = cluster.path("told");
    static_cast<void>(cluster.job("n1", "trap 'echo x >> " + told + "' USR1; touch " + told +
                                            ".armed; while :; do sleep 0.1; done"));
    REQUIRE(eventually([&] { return std::filesystem::exists(told + ".armed"); }, 30s));
    const auto times = [&] {
        std::ifstream in(told);
        return std::count(std::istreambuf_iterator<char>(in), {}, 'x');
    };
    SlurmEndpoint how;
    how.jobs = RunningJobs::signal;
    how.signal = "USR1";
    how.grace = 1h;
    const auto ours = actuator(cluster, how);
    for (const int alarm : {1, 2}) {
        CHECK(ours->apply("batch", {step("n1", "maint")})->at("n1") == "drain");
        CHECK(ours->apply("batch", {step("n1", "maint")})->at("n1") == "drain");  // told once
        CHECK(eventually([&] { return times() == alarm; }, 30s));
        // Called off while the job was still at work.
        CHECK(depth_of(ours->apply("batch", {step("n1", "ready")})->at("n1")) == 0);
    }
    CHECK(times() == 2);
}

TEST_CASE("slurm: a job that ignores its signal has its grace, and no more", "[system][slurm]") {
    const Slurm22 cluster;
    static_cast<void>(cluster.job("n1", "trap '' USR1; while :; do sleep 0.1; done"));
    SlurmEndpoint how;
    how.jobs = RunningJobs::signal;
    how.signal = "USR1";
    how.grace = 0s;
    CHECK(actuator(cluster, how)->apply("batch", {step("n1", "maint")})->at("n1") == "maint");
}

TEST_CASE("slurm: unknown nodes are absent, and an absent slurmctld or tool is an error",
          "[system][slurm]") {
    const auto program = GENERATE(std::string(), helper);
    CAPTURE(program);
    Slurm22 cluster(2);
    const auto with = [&](const std::string& folder, Duration timeout) {
        auto plan = endpoint(cluster, by(program));
        plan.address = folder;
        plan.timeout = timeout;
        return make_slurm(plan, {{"batch", {"n1", "zz"}}}, {"seoul/seoul-1"}, -1);
    };
    const auto some =
        with("/usr/bin", 20s)->apply("batch", {step("n1", "drain"), step("zz", "drain")});
    REQUIRE(some);
    CHECK(*some == ItemStates{{"n1", "drain"}});
    if (program.empty()) {
        CHECK(with("/nowhere", 20s)->observe("batch").error().fault == Fault::config);
    }
    cluster.stop_controller();
    const auto before = std::chrono::steady_clock::now();
    const auto lost = with("/usr/bin", 2s)->observe("batch");
    REQUIRE(!lost);
    INFO(lost.error().what);
    CHECK((lost.error().fault == Fault::timeout || lost.error().fault == Fault::port_lost));
    CHECK(std::chrono::steady_clock::now() - before < 10s);
}
