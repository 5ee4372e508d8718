// Stories with a known end, through the shipped rules: when is a fire without precursor confirmed,
// and does a UPS's end come announced.
#include "sim/judge/stories.hpp"

#include "firmware/site_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

SitePlan site_of(const std::string& file) {
    Complaints complaints;
    auto made = load_site(FIREBREAK_SOURCE_DIR "/sim/judge/" + file,
                          {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    return made;
}

constexpr std::uint64_t tellings = 5;

}  // namespace

TEST_CASE("stories: a fire without precursor is confirmed within 10 s of its second sign, not before",
          "[sim][judge]") {
    const auto lithium = site_of("li-ion-room.toml");
    const auto lead = site_of("lead-acid-room.toml");
    for (std::uint64_t seed = 1; seed <= tellings; ++seed) {
        for (const auto* site : {&lithium, &lead}) {
            INFO(site->site << " seed " << seed);
            const auto told = tell_fire(*site, seed);
            REQUIRE(told);
            REQUIRE(told->seconds);
            CHECK_FALSE(told->early);
            CHECK(*told->seconds >= 0);
            CHECK(*told->seconds <= 10);
        }
    }
}

TEST_CASE("stories: a UPS's end is announced, and not while the mains are there", "[sim][judge]") {
    const auto site = site_of("li-ion-room.toml");
    for (std::uint64_t seed = 1; seed <= tellings; ++seed) {
        INFO("seed " << seed);
        const auto empty = tell_discharge(site, seed);
        REQUIRE(empty);
        REQUIRE(empty->seconds);
        CHECK_FALSE(empty->early);
        CHECK(*empty->seconds > 240);
        const auto gives_up = tell_overload(site, seed);
        REQUIRE(gives_up);
        REQUIRE(gives_up->seconds);
        CHECK_FALSE(gives_up->early);
        CHECK(*gives_up->seconds > 10);
    }
}

TEST_CASE("stories: one whose alarms the site does not have is not told", "[sim][judge]") {
    auto site = site_of("li-ion-room.toml");
    CHECK(tell_stories(site, 1, 1).size() == 3);
    site.alarms.clear();
    CHECK(tell_stories(site, 1, 1).empty());
}
