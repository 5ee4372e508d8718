#include "firmware/outbox/backlog.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

Unsaid reading(std::uint32_t point, std::uint64_t seq, bool is_missing = false) {
    Unsaid made;
    made.point = point;
    made.seq = seq;
    if (is_missing) made.missing = Fault::timeout;
    return made;
}

std::vector<Unsaid> drain(Backlog& backlog) {
    std::vector<Unsaid> out;
    while (const auto* front = backlog.front()) {
        out.push_back(*front);
        backlog.sent();
    }
    return out;
}

std::vector<std::uint64_t> seqs(const std::vector<Unsaid>& readings) {
    std::vector<std::uint64_t> out;
    for (const auto& each : readings) out.push_back(each.seq);
    return out;
}

}  // namespace

TEST_CASE("backlog: what waits comes out in order, once", "[firmware][backlog]") {
    Backlog backlog(8);
    CHECK(backlog.front() == nullptr);
    for (std::uint64_t i = 1; i <= 5; ++i) backlog.add(reading(0, i));
    CHECK(backlog.size() == 5);
    CHECK(seqs(drain(backlog)) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(backlog.size() == 0);
    backlog.sent();
    backlog.add(reading(0, 6));
    CHECK(seqs(drain(backlog)) == std::vector<std::uint64_t>{6});
    CHECK(backlog.thinned() == 0);
}

TEST_CASE("backlog: when full the older half loses every second reading of a point",
          "[firmware][backlog]") {
    Backlog backlog(8);
    for (std::uint64_t i = 1; i <= 9; ++i) backlog.add(reading(0, i));
    CHECK(backlog.thinned() == 2);
    CHECK(seqs(drain(backlog)) == std::vector<std::uint64_t>{1, 3, 5, 6, 7, 8, 9});
}

TEST_CASE("backlog: a point that speaks seldom loses nothing to one that chatters",
          "[firmware][backlog]") {
    Backlog backlog(8);
    backlog.add(reading(7, 1));
    for (std::uint64_t i = 2; i <= 9; ++i) backlog.add(reading(0, i));
    const auto kept = drain(backlog);
    CHECK(kept.front().point == 7);
}

TEST_CASE("backlog: the edges of a gap are kept before the values between them",
          "[firmware][backlog]") {
    Backlog backlog(12);
    backlog.add(reading(0, 1));
    backlog.add(reading(0, 2));
    backlog.add(reading(0, 3, true));
    backlog.add(reading(0, 4));
    for (std::uint64_t i = 5; i <= 13; ++i) backlog.add(reading(0, i));
    const auto kept = seqs(drain(backlog));
    for (const std::uint64_t edge : {1U, 3U, 4U}) {
        CHECK(std::find(kept.begin(), kept.end(), edge) != kept.end());
    }
}

TEST_CASE("backlog: over a long outage it stays bounded, ordered, and every point keeps its shape",
          "[firmware][backlog]") {
    constexpr std::uint32_t points = 50;
    constexpr std::size_t most = 1'000;
    Backlog backlog(most);
    std::mt19937 random(1);
    std::uint64_t seq = 0;
    for (int round = 0; round < 2'000; ++round) {
        for (std::uint32_t point = 0; point < points; ++point) {
            backlog.add(reading(point, ++seq, random() % 100 == 0));
        }
        REQUIRE(backlog.size() <= most);
    }
    const auto size = backlog.size();
    CHECK(size + backlog.thinned() == seq);
    CHECK(size > most / 2);
    const auto kept = drain(backlog);
    CHECK(std::is_sorted(kept.begin(), kept.end(),
                         [](const Unsaid& a, const Unsaid& b) { return a.seq < b.seq; }));
    std::map<std::uint32_t, std::size_t> each;
    for (const auto& one : kept) ++each[one.point];
    CHECK(each.size() == points);
    // From near the beginning to the very end, coarser the older.
    CHECK(kept.front().seq < seq / 20);
    CHECK(kept.back().seq == seq);
}

TEST_CASE("backlog: with more points than room every second reading goes, and none of it ends",
          "[firmware][backlog]") {
    Backlog backlog(4);
    for (std::uint32_t i = 1; i <= 5; ++i) backlog.add(reading(i, i));
    CHECK(seqs(drain(backlog)) == std::vector<std::uint64_t>{1, 3, 4, 5});
    Backlog one(1);
    one.add(reading(1, 1));
    one.add(reading(1, 2));
    CHECK(seqs(drain(one)) == std::vector<std::uint64_t>{2});
    Backlog none(0);
    none.add(reading(1, 1));
    CHECK(none.front() == nullptr);
    CHECK(none.thinned() == 1);
}

TEST_CASE("backlog: room that was sent is used before anything is thinned", "[firmware][backlog]") {
    Backlog backlog(4);
    for (std::uint64_t i = 1; i <= 4; ++i) backlog.add(reading(0, i));
    backlog.sent();
    backlog.add(reading(0, 5));
    CHECK(backlog.thinned() == 0);
    CHECK(seqs(drain(backlog)) == std::vector<std::uint64_t>{2, 3, 4, 5});
}
