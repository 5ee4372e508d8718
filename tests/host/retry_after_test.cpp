#include "host/actuate/retry_after.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("retry after: seconds and the three forms of a date say how long", "[host][http]") {
    const auto now = *parse_wall("1994-11-06T08:49:07.000Z");
    const auto wait = [&](const char* text) { return parse_retry_after(text, now); };
    CHECK(wait("0") == 0s);
    CHECK(wait("120") == 120s);
    CHECK(*wait("99999999999999999999") > 24h);
    CHECK(wait("Sun, 06 Nov 1994 08:49:37 GMT") == 30s);
    CHECK(wait("Sunday, 06-Nov-94 08:49:37 GMT") == 30s);
    CHECK(wait("Sun Nov  6 08:49:37 1994") == 30s);
    CHECK(wait("Sun, 06 Nov 1994 08:49:00 GMT") == 0s);  // has passed
    CHECK(*wait("Sun, 06 Nov 2994 08:49:00 GMT") > 24h);
    for (const char* nonsense : {"", "-1", "1.5", "soon", "1994-11-06T08:49:37Z",
                                 "Sun, 06 Nov 1994 08:49:37 KST", "Sun, 06 Nov 1994"}) {
        INFO(nonsense);
        CHECK_FALSE(wait(nonsense));
    }
}

TEST_CASE("retry after: who asks for it is left alone as long as that, and not for ever",
          "[host][http]") {
    const auto wall = *parse_wall("2026-11-27T10:00:00.000Z");
    const Instant start = Instant{} + 1h;
    const Error why{Fault::busy, "answered 503", 0};
    LeftAlone one(1h);
    CHECK_FALSE(one.refusal(start));
    CHECK(one.heard(why, std::nullopt, {start, wall}).what == "answered 503");
    CHECK(one.heard(why, 0s, {start, wall}).what == "answered 503");
    CHECK_FALSE(one.refusal(start));
    const auto said = one.heard(why, 90s, {start, wall});
    CHECK(said.what == "answered 503; not asked before 2026-11-27T10:01:30.000Z");
    CHECK(one.refusal(start + 89s)->what == said.what);
    CHECK_FALSE(one.refusal(start + 90s));
    static_cast<void>(one.heard(why, 24h * 365, {start, wall}));
    CHECK(one.refusal(start + 59min));
    CHECK_FALSE(one.refusal(start + 1h));
}
