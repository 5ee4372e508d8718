// Rooms of lead-acid blocks through the shipped rules: what runs away over hours is told long
// before 80 Cel, and a discharge, a broken sensor and a hot day are not.
#include "sim/judge/vrla_rooms.hpp"

#include <algorithm>

#include "firmware/site_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const SitePlan& room_site() {
    static const SitePlan site = [] {
        Complaints complaints;
        auto made = load_site(FIREBREAK_SOURCE_DIR "/sim/judge/lead-acid-room.toml",
                              {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        return made;
    }();
    return site;
}

}  // namespace

TEST_CASE("vrla rooms: a block that runs away is told half an hour before 80 Cel", "[sim][judge]") {
    RoomsPlan plan;
    for (std::uint64_t number = 0; number < 3; ++number) {
        INFO("room " << number);
        const auto room = play_vrla(room_site(), plan, number, true);
        REQUIRE(room.hot80);
        REQUIRE(room.hot60);
        CHECK(*room.hot60 < *room.hot80);
        const auto told = std::find_if(room.firings.begin(), room.firings.end(), [](const auto& f) {
            return f.detector == all_detectors;
        });
        REQUIRE(told != room.firings.end());
        CHECK(told->at > room.began);
        CHECK(*room.hot80 - told->at > 1800);
    }
}

TEST_CASE("vrla rooms: a normal room has its hours, and the same seed the same story",
          "[sim][judge]") {
    RoomsPlan plan;
    plan.hours = 1;
    const auto once = play_vrla(room_site(), plan, 4, false);
    const auto again = play_vrla(room_site(), plan, 4, false);
    CHECK(once.sensor_hours == Approx(12));
    CHECK(once.watts == 0);
    CHECK_FALSE(once.hot80);
    CHECK(once.firings == again.firings);
}
