#include "sim/byte_queue.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr Instant t0 = Instant{} + 1h;

Transmission of(std::size_t count) {
    return {.bytes = Bytes(count, 7), .delay = {}, .each = {}, .hang_up = false};
}

}  // namespace

TEST_CASE("byte queue: no byte comes before the line has carried it, and the last one on time",
          "[sim][serial]") {
    ByteQueue out;
    out.add(of(100), t0, 1ms);
    std::size_t sent = 0;
    while (out.next() != never) {
        const auto at = out.next();
        Bytes due;
        REQUIRE_FALSE(out.take_due(at, due));
        sent += due.size();
        // `sent` characters need as many milliseconds.
        CHECK(at >= t0 + static_cast<std::int64_t>(sent) * 1ms);
        if (out.next() == never) CHECK(at == t0 + 100ms);
    }
    CHECK(sent == 100);
}

TEST_CASE("byte queue: without a line's pace all comes at once", "[sim][serial]") {
    ByteQueue out;
    out.add(of(200), t0, 0ms);
    Bytes due;
    CHECK_FALSE(out.take_due(t0 - 1ns, due));
    CHECK(due.empty());
    CHECK_FALSE(out.take_due(t0, due));
    CHECK(due.size() == 200);
    CHECK(out.bytes() == 0);
}

TEST_CASE("byte queue: what is slow lets others pass", "[sim][serial]") {
    ByteQueue out;
    auto slow = of(1);
    slow.bytes = {1};
    slow.delay = 2s;
    out.add(slow, t0, 0ms);
    out.add(of(1), t0 + 1s, 0ms);
    Bytes due;
    CHECK_FALSE(out.take_due(t0 + 3s, due));
    CHECK(due == Bytes{7, 1});
}

TEST_CASE("byte queue: a dribble is a byte at each step", "[sim][serial]") {
    ByteQueue out;
    auto dribble = of(3);
    dribble.each = 100ms;
    out.add(dribble, t0, 1ms);
    for (int i = 0; i < 3; ++i) {
        CHECK(out.next() == t0 + 1ms + i * 100ms);
        Bytes due;
        CHECK_FALSE(out.take_due(out.next(), due));
        CHECK(due.size() == 1);
    }
}

TEST_CASE("byte queue: a hang-up waits for its time and comes after what was said before",
          "[sim][serial]") {
    ByteQueue out;
    out.add(of(2), t0, 0ms);
    Transmission reset;
    reset.hang_up = true;
    out.add(reset, t0, 0ms);
    Bytes due;
    CHECK(out.take_due(t0, due));
    CHECK(due.size() == 2);
}
