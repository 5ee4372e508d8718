// Whose a drain is that left the reason alone.
#include "host/actuate/slurm_unmarked.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const std::string host = "seoul/seoul-1";
const std::string mark = "firebreak seoul/seoul-1 drain: pangyo/room/gas";

Step step(const std::string& item, const std::string& action = "drain",
          const std::string& because = "pangyo/room/gas") {
    return {"id", "batch", item, action, Posture::drain, because};
}

SlurmNodes nodes(const std::string& groups) {
    const auto parsed = parse_dated_groups(groups, 100);
    REQUIRE(parsed);
    return *parsed;
}

using Names = SlurmUnmarked::Names;

/// Three nodes that were seen at work, one with an old reason, and drained.
struct Drained {
    Drained() {
        unmarked.saw(nodes("idle|n[1-2]|0|\nidle|n3|700|was slow\n"));
        unmarked.sent({&steps[0], &steps[1], &steps[2]}, host);
    }
    SlurmNodes read(const std::string& groups) {
        auto read = nodes(groups);
        unmarked.read(read);
        return read;
    }

    std::vector<Step> steps = {step("n1"), step("n2"), step("n3")};
    SlurmUnmarked unmarked;
};

}  // namespace

TEST_CASE("slurm unmarked: only drains of nodes that were seen at work go out so",
          "[host][slurm]") {
    SlurmUnmarked unmarked;
    const auto suits = [&](const std::vector<Step>& steps) {
        std::vector<const Step*> all;
        for (const auto& each : steps) all.push_back(&each);
        return unmarked.suits(all);
    };
    CHECK_FALSE(suits({step("n1")}));  // never seen
    unmarked.saw(nodes("idle|n[1-2]|0|\nidle+drain|n3|5|disk\ndown|n4|5|Not responding\n"));
    CHECK(suits({step("n1"), step("n2")}));
    CHECK_FALSE(suits({}));
    CHECK_FALSE(suits({step("n1"), step("n3")}));
    CHECK_FALSE(suits({step("n4")}));
    CHECK_FALSE(suits({step("n1", "maint")}));
    CHECK_FALSE(suits({step("n1", "ready")}));
    unmarked.saw(nodes("idle+drain|n1|5|disk\n"));
    CHECK_FALSE(suits({step("n1")}));
}

TEST_CASE("slurm unmarked: a reason that is as it was is nobody's, and the mark is owed",
          "[host][slurm]") {
    Drained room;
    CHECK(room.unmarked.owed().empty());  // not read yet
    const auto read = room.read("idle+drain|n[1-2]|0|\nidle+drain|n3|700|was slow\n");
    for (const char* name : {"n1", "n2", "n3"}) {
        INFO(name);
        CHECK(state_of(read.at(name), {host}) == "drain");
    }
    CHECK(room.unmarked.owed() == std::map<std::string, Names>{{mark, Names{"n1", "n2", "n3"}}});
    room.unmarked.forget({"n2"});
    CHECK(room.unmarked.owed().at(mark) == Names{"n1", "n3"});
    // It bears the mark: nothing is owed for it any more.
    room.read("idle+drain|n1|900|" + mark + "\nidle+drain|n3|700|was slow\n");
    CHECK(room.unmarked.owed().at(mark) == Names{"n3"});
    CHECK(room.unmarked.take_surplus().empty());
}

TEST_CASE("slurm unmarked: who gave a reason since the last look keeps his node", "[host][slurm]") {
    Drained room;
    const auto read = room.read(
        "idle+drain|n1|800|disk broken\n"                       // a person
        "idle+drain|n2|800|firebreak busan/busan-1 drain: x\n"  // a peer
        "idle+drain|n3|801|was slow\n");                        // the same words, given anew
    CHECK(state_of(read.at("n1"), {host}) == "drain-other");
    CHECK(state_of(read.at("n2"), {host, {"busan/busan-1"}}) == "drain-peer");
    CHECK(state_of(read.at("n3"), {host}) == "drain-other");
    CHECK(room.unmarked.owed().empty());
    CHECK(room.unmarked.take_surplus().empty());
}

TEST_CASE("slurm unmarked: what went down meanwhile is not kept drained as well", "[host][slurm]") {
    Drained room;
    room.read("down+drain|n1|800|Not responding\nidle+drain|n2|0|\nidle|n3|700|was slow\n");
    CHECK(room.unmarked.take_surplus() == Names{"n1"});
    CHECK(room.unmarked.take_surplus().empty());
    CHECK(room.unmarked.owed().at(mark) == Names{"n2"});
    // Its effect came late.
    room.read("idle+drain|n[2-3]|700|was slow\n");
    CHECK(room.unmarked.owed().at(mark) == Names{"n3"});
}

TEST_CASE("slurm unmarked: what is resumed before it was marked is not marked later",
          "[host][slurm]") {
    Drained room;
    room.read("idle+drain|n[1-2]|0|\n");
    room.read("idle|n1|0|\nidle+drain|n2|0|\n");
    CHECK(room.unmarked.owed().at(mark) == Names{"n2"});
    // Drained anew, for another cause: an item once.
    room.unmarked.saw(nodes("idle|n[1-2]|0|\n"));
    const auto anew = step("n2", "drain", "pangyo/room/smoke");
    room.unmarked.sent({&anew}, host);
    room.read("idle+drain|n2|0|\n");
    const auto owed = room.unmarked.owed();
    REQUIRE(owed.size() == 1);
    CHECK(owed.begin()->first == "firebreak seoul/seoul-1 drain: pangyo/room/smoke");
}
