// [journal], [operator] and [[drill]] of a policy file: what is wrong is said with its line.
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

const std::string top = "site = \"seoul\"\nhost = \"h\"\n";
const std::string rest = R"(
[broker]
url = "mqtt://127.0.0.1:1883"
[[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
[[target]]
name = "text"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = ["a", "b"]}
[[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["rack-a"], after = ["text"]}
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["text", "racks"]
at_least = "shed"
)";

struct Read {
    explicit Read(const std::string& more) {
        plan = read_policy(top + rest + more, complaints, "p.toml");
    }
    [[nodiscard]] bool says(const std::string& part) const {
        return complaints.text().find(part) != std::string::npos;
    }

    Complaints complaints;
    PolicyPlan plan;
};

}  // namespace

TEST_CASE("policy file: a journal brings a socket beside it, without either there is none",
          "[host][policy]") {
    const Read without("");
    CHECK(without.complaints.empty());
    CHECK(without.plan.journal.file.empty());
    CHECK(without.plan.operators.socket.empty());
    CHECK(describe(without.plan).find("no journal") != std::string::npos);
    const Read with("[journal]\nfile = \"/var/lib/firebreak/host.journal\"\n");
    CHECK(with.complaints.empty());
    CHECK(with.plan.journal.keep == 90 * 24h);
    CHECK(with.plan.operators.socket == "/var/lib/firebreak/host.sock");
    CHECK_FALSE(with.plan.operators.may_arm);
    const Read own("[operator]\nsocket = \"/run/f/s\"\nmay_arm = true\n");
    CHECK(own.plan.operators.socket == "/run/f/s");
    CHECK(describe(own.plan).find("who may arm") != std::string::npos);
}

TEST_CASE("policy file: what is wrong with a journal or a socket is said", "[host][policy]") {
    CHECK(Read("[journal]\n").says("\"file\" is missing"));
    CHECK(Read("[journal]\nfile = \"\"\n").says("must name a file"));
    CHECK(Read("[journal]\nfile = \"/j\"\nkeep = \"1d\"\n").says("at least 8d"));
    CHECK(Read("[operator]\nmay_arm = true\n").says("\"socket\" is missing"));
    CHECK(Read("[operator]\nsocket = \"/" + std::string(107, 'x') + "\"\n").says("107 bytes"));
    CHECK(Read("[operator]\nsocket = \"/s\"\nmay-arm = true\n").says("may_arm"));
}

TEST_CASE("policy file: a drill is of targets, of a zone or of some servers", "[host][policy]") {
    const Read read(R"(
[[drill]]
name = "zone"
site = "pangyo"
posture = "shed"
[[drill]]
name = "server"
targets = ["text"]
items = ["b"]
hold_for = "2m"
undo = false
)");
    INFO(read.complaints.text());
    CHECK(read.complaints.empty());
    REQUIRE(read.plan.drills.size() == 2);
    CHECK(read.plan.drills[0].targets == std::vector<std::string>{"text", "racks"});
    CHECK(read.plan.drills[0].posture == Posture::shed);
    CHECK(read.plan.drills[0].undo);
    CHECK(read.plan.drills[1].items == std::vector<std::string>{"b"});
    CHECK(read.plan.drills[1].hold_for == 2min);
    CHECK_FALSE(read.plan.drills[1].undo);
    CHECK(describe(read.plan).find("drill server: drain for 2m, not undone: b") !=
          std::string::npos);
}

TEST_CASE("policy file: a drill of one battery room is of what hangs on it, by any feed",
          "[host][policy]") {
    const std::string map = R"(
[topology]
[[topology.ups]]
name = "ups1"
site = "pangyo"
room = "east"
kw = 10
[[topology.ups]]
name = "ups2"
site = "pangyo"
room = "west"
kw = 10
[[topology.pdu]]
name = "e"
ups = "ups1"
[[topology.pdu]]
name = "w"
ups = "ups2"
[[topology.rack]]
name = "r1"
site = "pangyo"
pdus = ["e"]
[[topology.rack]]
name = "r2"
site = "pangyo"
pdus = ["e", "w"]
[[topology.rack]]
name = "r3"
site = "pangyo"
pdus = ["w"]
[[topology.server]]
name = "a"
site = "pangyo"
rack = "r1"
kw = 1
[[topology.server]]
name = "c"
site = "pangyo"
rack = "r2"
kw = 1
[[topology.server]]
name = "d"
site = "pangyo"
rack = "r3"
kw = 1
[[topology.cord]]
target = "racks"
item = "rack-a"
rack = "r3"
)";
    const Read east(map + "[[drill]]\nname = \"east\"\nroom = \"east\"\n");
    INFO(east.complaints.text());
    CHECK(east.complaints.empty());
    REQUIRE(east.plan.drills.size() == 1);
    CHECK(east.plan.drills[0].targets == std::vector<std::string>{"text"});
    CHECK(east.plan.drills[0].items == std::vector<std::string>{"a"});
    // Nobody says where "b" stands: it is left out, and that is said.
    CHECK(describe(east.plan).find("nobody can tell whether b hangs on room east: left out") !=
          std::string::npos);
    const Read west(map + "[[drill]]\nname = \"w\"\nroom = \"west\"\nsite = \"pangyo\"\n");
    CHECK(west.complaints.empty());
    CHECK(west.plan.drills.at(0).items == std::vector<std::string>{"rack-a"});
    CHECK(Read(map + "[[drill]]\nname = \"x\"\nroom = \"north\"\n")
              .says("no UPS of [topology] stands in a room \"north\""));
    CHECK(Read(map + "[[drill]]\nname = \"x\"\nroom = \"east\"\nsite = \"seoul\"\n")
              .says("room \"east\" at seoul"));
    CHECK(Read("[[drill]]\nname = \"x\"\nroom = \"east\"\n").says("no UPS of [topology]"));
    const Read twice(map +
                     "[[topology.ups]]\nname = \"ups3\"\nsite = \"bundang\"\nroom = "
                     "\"east\"\nkw = 1\n[[drill]]\nname = \"x\"\nroom = \"east\"\n");
    CHECK(twice.says("several sites have a room \"east\""));
    const Read both(map +
                    "[[drill]]\nname = \"x\"\nroom = \"east\"\nstage = 1\nitems = "
                    "[\"a\"]\ntargets = [\"text\"]\n");
    for (const char* part :
         {"either \"room\" or \"stage\"", "says which items", "either \"targets\""}) {
        INFO(part << "\n" << both.complaints.text());
        CHECK(both.says(part));
    }
}

TEST_CASE("policy file: a drill of one stage is of its targets", "[host][policy]") {
    const auto drill = [](const std::string& stage) {
        return Read("[[drill]]\nname = \"s\"\nsite = \"pangyo\"\nstage = " + stage + "\n");
    };
    const auto first = drill("1");
    INFO(first.complaints.text());
    CHECK(first.complaints.empty());
    CHECK(first.plan.drills.at(0).targets == std::vector<std::string>{"racks"});  // what feeds text
    CHECK(drill("2").plan.drills.at(0).targets == std::vector<std::string>{"text"});
    CHECK(drill("3").says("the last stage of pangyo is 2"));
    CHECK(drill("0").says("stage"));
    CHECK(Read("[[drill]]\nname = \"s\"\nstage = 1\n").says("\"site\" is missing"));
}

TEST_CASE("policy file: all that is wrong with a drill is said at once", "[host][policy]") {
    const Read read(R"(
[[drill]]
name = "a"
targets = ["txet"]
posture = "normal"
hold_for = "2h"
[[drill]]
name = "a"
site = "nowhere"
targets = ["text"]
items = ["z"]
)");
    for (const char* part : {"did you mean \"text\"", "drain, shed, cut", "at most 1h",
                             "there is a drill \"a\" already", "no target stands in \"nowhere\"",
                             "either \"targets\" or \"site\"", "\"z\" is no item"}) {
        INFO(part << "\n" << read.complaints.text());
        CHECK(read.says(part));
    }
}

}  // namespace firebreak
