#include "firmware/polling.hpp"

#include <set>

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant(1h);

Register word_at(std::uint16_t address) {
    Register reg;
    reg.measure = "m" + std::to_string(address);
    reg.table = Table::holding;
    reg.address = address;
    return reg;
}

DevicePlan device_with(std::uint16_t words) {
    DevicePlan plan;
    plan.name = "d";
    plan.fast = 200ms;
    std::vector<Register> registers;
    std::vector<std::size_t> all;
    for (std::uint16_t i = 0; i < words; ++i) {
        all.push_back(registers.size());
        registers.push_back(word_at(i));
    }
    plan.profile = profile_of(registers);
    plan.blocks = plan_blocks(*plan.profile, all, 0, plan.period);
    return plan;
}

/// A device in which some addresses are not there, and a bus that obeys orders at once.
struct Story {
    std::vector<DevicePlan> devices{device_with(64)};
    Polling polling{devices};
    std::vector<Block> asked = devices[0].blocks;
    std::uint32_t revision = 0;
    std::set<std::uint16_t> holes;
    Instant now = t0;
    int reads = 0;

    void obey() {
        for (auto& order : polling.take_orders()) {
            asked = order.blocks;
            revision = order.revision;
        }
    }

    void round() {
        const auto blocks = asked;
        const auto asked_as = revision;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (blocks[i].period > 1min && now != t0) continue;
            ++reads;
            BusReport report{0, i, Words(blocks[i].count, 7), now, asked_as, 0};
            for (std::uint16_t a = 0; a < blocks[i].count; ++a) {
                if (holes.count(static_cast<std::uint16_t>(blocks[i].address + a)) == 0) continue;
                report.words = tl::unexpected(Error{Fault::refused, "illegal address", 2});
            }
            polling.take(report, now);
        }
        obey();
        now += 1s;
    }

    void silent_round() {
        const BusReport report{0, 0, fail(Fault::timeout, "no answer"), now, revision, 0};
        polling.take(report, now);
        obey();
        now += 1s;
    }
};

}  // namespace

TEST_CASE("polling: a hole is found by halving, and everything else is read",
          "[firmware][polling]") {
    Story story;
    story.holes = {37};
    REQUIRE(story.asked.size() == 1);
    for (int i = 0; i < 10; ++i) story.round();
    CHECK(story.polling.holes(0) == 1);
    std::size_t registers = 0;
    for (const auto& block : story.asked) {
        registers += block.registers.size();
        CHECK((block.period == 10min) == (block.registers == std::vector<std::size_t>{37}));
    }
    CHECK(registers == 64);
    CHECK(story.asked.size() <= 8);  // 6 halvings, and no more reads than they made
    story.reads = 0;
    story.round();
    CHECK(story.reads == static_cast<int>(story.asked.size()) - 1);
}

TEST_CASE("polling: what was learnt is forgotten after an hour, and learnt again",
          "[firmware][polling]") {
    Story story;
    story.holes = {0, 1, 2};
    for (int i = 0; i < 12; ++i) story.round();
    CHECK(story.polling.holes(0) == 3);
    REQUIRE(story.polling.next_deadline() > story.now);
    story.holes.clear();
    story.polling.tick(story.polling.next_deadline());
    story.obey();
    CHECK(story.asked == story.devices[0].blocks);
    CHECK(story.polling.next_deadline() == never);
    story.round();
    CHECK(story.polling.holes(0) == 0);
}

TEST_CASE("polling: a device that comes back from silence is asked as planned again",
          "[firmware][polling]") {
    Story story;
    story.holes = {5};
    for (int i = 0; i < 10; ++i) story.round();
    story.silent_round();
    story.holes.clear();
    story.round();  // one lost answer is no absence
    CHECK(story.polling.holes(0) == 1);
    for (int i = 0; i < 3; ++i) story.silent_round();
    story.round();
    CHECK(story.asked == story.devices[0].blocks);
}

TEST_CASE("polling: what is not a hole teaches nothing", "[firmware][polling]") {
    Story story;
    for (const auto& error : {Error{Fault::timeout, "", 11}, Error{Fault::corrupt, "", 0},
                              Error{Fault::busy, "", 6}, Error{Fault::refused, "", 1},
                              Error{Fault::refused, "", 4}, Error{Fault::port_lost, "", 0}}) {
        story.polling.take({0, 0, tl::unexpected<Error>(error), t0, 0, 0}, t0);
        CHECK(story.polling.take_orders().empty());
    }
}

TEST_CASE("polling: a report of an older order is of no block", "[firmware][polling]") {
    Story story;
    story.holes = {5};
    story.round();
    REQUIRE(story.revision > 0);
    const BusReport old{0, 0, Words(64, 1), t0, 0, 0};
    CHECK(story.polling.block_of(old) == nullptr);
    story.polling.take(old, t0);
    CHECK(story.polling.take_orders().empty());
    CHECK(story.polling.block_of({7, 0, Words{}, t0, 0, 0}) == nullptr);
    CHECK(story.polling.block_of({0, 99, Words{}, t0, story.revision, 0}) == nullptr);
}

TEST_CASE("polling: a hurried device is asked fast and then as before, but for its holes",
          "[firmware][polling]") {
    Story story;
    story.holes = {63};
    for (int i = 0; i < 10; ++i) story.round();
    const auto calm = story.asked;
    const auto revision = story.revision;
    story.polling.hurry(0, true);
    story.polling.hurry(0, true);
    story.obey();
    CHECK(story.revision == revision);  // the same blocks: what is under way still counts
    for (const auto& block : story.asked) CHECK((block.period == 200ms || block.period == 10min));
    CHECK(story.polling.take_orders().empty());
    story.polling.hurry(0, false);
    story.obey();
    CHECK(story.asked == calm);
}

TEST_CASE("polling: a device without a fast period keeps its pace", "[firmware][polling]") {
    std::vector<DevicePlan> devices{device_with(2)};
    devices[0].fast.reset();
    Polling polling(devices);
    polling.hurry(0, true);
    CHECK(polling.take_orders().empty());
}

TEST_CASE("polling: a device that refused everything is not blind for an hour",
          "[firmware][polling]") {
    Story story;
    for (std::uint16_t a = 0; a < 64; ++a) story.holes.insert(a);
    for (int i = 0; i < 200; ++i) story.round();
    REQUIRE(story.polling.holes(0) == 64);
    story.holes.clear();
    story.polling.tick(story.now + 1min);
    story.obey();
    CHECK(story.asked == story.devices[0].blocks);
}

TEST_CASE("polling: a hole that answers was none, and all is asked as planned again",
          "[firmware][polling]") {
    Story story;
    story.holes = {5};
    for (int i = 0; i < 10; ++i) story.round();
    REQUIRE(story.polling.holes(0) == 1);
    for (std::size_t i = 0; i < story.asked.size(); ++i) {
        if (story.asked[i].period != 10min) continue;
        story.polling.take({0, i, Words(1, 7), story.now, story.revision, 0}, story.now);
        break;
    }
    story.obey();
    CHECK(story.asked == story.devices[0].blocks);
}

TEST_CASE("polling: what its profile wants read every ten minutes is no hole",
          "[firmware][polling]") {
    auto plate = word_at(0);
    plate.period = 10min;
    DevicePlan plan;
    plan.name = "d";
    plan.profile = profile_of({plate, word_at(5)});
    plan.blocks = plan_blocks(*plan.profile, {0, 1}, 0, plan.period);
    REQUIRE(plan.blocks.size() == 2);
    const std::vector<DevicePlan> devices{plan};
    Polling polling(devices);
    for (std::size_t block = 0; block < 2; ++block) {
        polling.take({0, block, Words{7}, t0, 0, 0}, t0);
    }
    CHECK(polling.take_orders().empty());
    CHECK(polling.next_deadline() == never);
}
