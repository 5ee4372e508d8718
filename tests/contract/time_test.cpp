#include "contract/support/time.hpp"

#include <cstdint>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("time: a duration is whole numbers with units, the larger unit first",
          "[contract][time]") {
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("0s") == 0s);
    CHECK(parse_duration("30s") == 30s);
    CHECK(parse_duration("1m30s") == 90s);
    CHECK(parse_duration("127h33m") == 127h + 33min);
    CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
    CHECK(parse_duration("90s") == 90s);
}

TEST_CASE("time: what is not such a duration is nothing", "[contract][time]") {
    for (const char* text : {"", "5", "s", "ms", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S",
                             "5sec", "30s1m", "1m1m", "1h30", "5us", "5s\n", "0x5s", "١s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
    CHECK_FALSE(parse_duration(std::string_view("5s\0", 3)));
}

TEST_CASE("time: a duration too long for 64 bits of nanoseconds is nothing", "[contract][time]") {
    CHECK(parse_duration("106751d"));
    CHECK(parse_duration("9223372036854ms") == 9223372036854ms);
    CHECK_FALSE(parse_duration("106752d"));
    CHECK_FALSE(parse_duration("9223372036855ms"));
    CHECK_FALSE(parse_duration("106751d24h"));
    CHECK_FALSE(parse_duration("9223372036854775807d"));
    CHECK_FALSE(parse_duration("99999999999999999999999s"));
}

TEST_CASE("time: a duration is written with the largest units first, rounded down",
          "[contract][time]") {
    CHECK(format_duration(0s) == "0s");
    CHECK(format_duration(999us) == "0s");
    CHECK(format_duration(1999us) == "1ms");
    CHECK(format_duration(90s) == "1m30s");
    CHECK(format_duration(24h) == "1d");
    CHECK(format_duration(-1us) == "-1ms");
    CHECK(format_duration(-90s) == "-1m30s");
    CHECK_FALSE(format_duration(Duration::max()).empty());
    CHECK(format_duration(Duration::min()).front() == '-');
}

TEST_CASE("time: a written duration is read back as the same duration", "[contract][time]") {
    for (std::int64_t ms = 1; ms < 9'000'000'000'000; ms = ms * 3 + 7) {
        const Duration duration = std::chrono::milliseconds(ms);
        CHECK(parse_duration(format_duration(duration)) == duration);
    }
}

TEST_CASE("time: wall time is RFC 3339 in UTC with milliseconds, both ways", "[contract][time]") {
    const WallTime pangyo = std::chrono::sys_days{std::chrono::year{2022} / 10 / 15} + 6h + 19min;
    CHECK(format_wall(pangyo) == "2022-10-15T06:19:00.000Z");
    CHECK(parse_wall("2022-10-15T06:19:00.000Z") == pangyo);
    CHECK(format_wall(WallTime{}) == "1970-01-01T00:00:00.000Z");
    CHECK(format_wall(WallTime{-1ms}) == "1969-12-31T23:59:59.999Z");
    CHECK(parse_wall("1969-12-31T23:59:59.999Z") == WallTime{-1ms});
    CHECK(parse_wall("2024-02-29T00:00:00.000Z"));
}

TEST_CASE("time: a wall time of another form or of no day is nothing", "[contract][time]") {
    for (const char* text :
         {"", "2022-10-15", "2022-10-15T06:19:00Z", "2022-10-15t06:19:00.000z",
          "2022-10-15 06:19:00.000Z", "2022-10-15T06:19:00.000+", "2022-13-15T06:19:00.000Z",
          "2023-02-29T06:19:00.000Z", "2022-10-15T24:00:00.000Z", "2022-10-15T06:60:00.000Z",
          "2022-10-15T06:19:60.000Z", "2022-00-15T06:19:00.000Z", "-022-10-15T06:19:00.000Z",
          "2022-10-15T06:19:00.000Z "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_wall(text));
    }
}

TEST_CASE("time: a clock far outside of four-digit years is written as the nearest of them",
          "[contract][time]") {
    CHECK(format_wall(WallTime::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(format_wall(WallTime::min()) == "0000-01-01T00:00:00.000Z");
    CHECK(parse_wall("9999-12-31T23:59:59.999Z"));
}
