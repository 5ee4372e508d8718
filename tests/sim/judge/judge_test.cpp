// Recordings and rooms through the agent's alarms: what is found, when, and what is nonsense.
#include <sstream>

#include "firmware/profile/profile_file.hpp"
#include "firmware/site_file.hpp"
#include "sim/judge/recording.hpp"
#include "sim/judge/tally.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const SitePlan& room_site() {
    static const SitePlan site = [] {
        Complaints complaints;
        auto made = load_site(FIREBREAK_SOURCE_DIR "/sim/judge/li-ion-room.toml",
                              {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        return made;
    }();
    return site;
}

RecordingOutcome played(const std::string& csv, const RecordingPlan& plan = {}) {
    std::istringstream in(csv);
    Complaints complaints;
    auto outcome = play_recording(in, "test.csv", room_site(), plan, complaints);
    INFO(complaints.text());
    CHECK(complaints.empty());
    return outcome;
}

std::string complaints_of(const std::string& csv) {
    std::istringstream in(csv);
    Complaints complaints;
    static_cast<void>(play_recording(in, "test.csv", room_site(), {}, complaints));
    return complaints.text();
}

std::size_t count(const RecordingOutcome& outcome, std::size_t detector) {
    std::size_t found = 0;
    for (const auto& firing : outcome.room.firings) found += firing.detector == detector ? 1U : 0U;
    return found;
}

}  // namespace

TEST_CASE("recording: a rise to 100 Cel is found by the alarm before the threshold",
          "[sim][judge]") {
    std::string csv = "t_s,temp_1,temp_2\n";
    for (int t = 0; t <= 400; ++t)
        csv += std::to_string(t) + "," + std::to_string(25 + t * 0.2) + ",25\n";
    const auto outcome = played(csv);
    CHECK(outcome.rows == 401);
    CHECK(outcome.room.sensor_hours == Approx(2 * 400 / 3600.0));
    REQUIRE(count(outcome, baseline_detector) == 1);
    REQUIRE(count(outcome, all_detectors) >= 1);
    CHECK(*outcome.room.hot60 == Approx(176).margin(2));
    CHECK(*outcome.room.hot80 == Approx(276).margin(2));
    CHECK_FALSE(outcome.room.runaway);
    CHECK(outcome.room.firings.front().detector != baseline_detector);
}

TEST_CASE("recording: the threshold wants two readings in a row and begins once a heat",
          "[sim][judge]") {
    CHECK(count(played("t_s,temp\n0,25\n1,90\n2,25\n3,90\n4,25\n"), baseline_detector) == 0);
    CHECK(count(played("t_s,temp\n0,25\n1,60\n2,60\n3,90\n4,25\n"), baseline_detector) == 1);
}

TEST_CASE("recording: blanks, words, infinities and short rows are missing, never 0",
          "[sim][judge]") {
    const auto outcome = played(
        "\xEF\xBB\xBFt_s,temp,other\r\n0,25,1\r\n1,,2\r\n2,nan,3\r\n3,inf,4\r\n4,broken,5\r\n"
        "5\r\n\r\nsix,25,6\r\n7,\"26\",7\r\n");
    CHECK(outcome.rows == 7);
    CHECK(outcome.nonsense == 4);
    CHECK(outcome.unused == std::vector<std::string>{"other"});
    CHECK(outcome.room.firings.empty());
}

TEST_CASE("recording: rows that go back, repeat or leap weeks are left out and counted",
          "[sim][judge]") {
    const auto outcome = played("t_s,temp\n100,25\n101,25\n50,99\n101,99\n1e12,99\n102,25\n");
    CHECK(outcome.rows == 3);
    CHECK(outcome.backwards == 3);
    CHECK(outcome.room.firings.empty());
}

TEST_CASE("recording: a runaway is two rises in a row, not a spike", "[sim][judge]") {
    CHECK_FALSE(played("t_s,temp\n0,90\n1,900\n2,90\n3,91\n").room.runaway);
    CHECK(played("t_s,temp\n0,90\n1,110\n2,150\n3,250\n").room.runaway == 2.0);
}

TEST_CASE("recording: a column is mapped by name, by device/measure or by its prefix",
          "[sim][judge]") {
    RecordingPlan plan;
    plan.map = {{"TC7", {"cell3", "battery.cell.temperature.max"}}};
    CHECK(count(played("t_s,TC7\n0,90\n1,90\n", plan), all_detectors) >= 1);
    CHECK(count(played("t_s,cell2/battery.cell.temperature.max\n0,90\n1,90\n"), all_detectors) >=
          1);
    plan.cells = "TC";
    CHECK(count(played("t_s,TC1\n0,90\n1,90\n", plan), all_detectors) >= 1);
}

TEST_CASE("recording: a file without time or with more cells than the site is refused",
          "[sim][judge]") {
    CHECK(complaints_of("").find("test.csv:1:1: empty") != std::string::npos);
    CHECK(complaints_of("time,temp\n0,1\n").find("no column t_s") != std::string::npos);
    std::string head = "t_s";
    for (int i = 0; i < 13; ++i) head += ",temp" + std::to_string(i);
    CHECK(complaints_of(head + "\n").find("13 columns") != std::string::npos);
}

TEST_CASE("rooms: the same seed gives the same story, another seed another", "[sim][judge]") {
    RoomsPlan plan;
    plan.least_watts = plan.most_watts = 2000;
    const auto one = play_failing(room_site(), plan, 3);
    const auto two = play_failing(room_site(), plan, 3);
    CHECK(one.firings == two.firings);
    CHECK(one.runaway == two.runaway);
    REQUIRE(one.runaway);
    CHECK(*one.hot60 < *one.hot80);
    CHECK(*one.hot80 < *one.runaway);
    plan.seed = 2;
    CHECK(play_failing(room_site(), plan, 3).runaway != one.runaway);
}

TEST_CASE("rooms: a normal room has its hours and no runaway", "[sim][judge]") {
    RoomsPlan plan;
    plan.hours = 0.25;
    const auto room = play_normal(room_site(), plan, 1);
    CHECK(room.sensor_hours == Approx(12 * 0.25));
    CHECK_FALSE(room.runaway);
    CHECK(room.watts == 0);
}

TEST_CASE("tally: leads are medians, a late alarm is behind, alarms of normal rooms are false",
          "[sim][judge]") {
    RoomOutcome early{300, 100, 1000.0, 600.0, 800.0, 1, {{0, 620, 0}, {1, 200, 0}, {2, 50, 0}}};
    RoomOutcome late{300, 100, 1000.0, 600.0, 800.0, 1, {{0, 620, 0}, {1, 700, 0}}};
    RoomOutcome normal{0, 0, {}, {}, {}, 1000, {{1, 5, 0}, {1, 6, 0}}};
    const auto scores = tally({"plain", "all", "rule"}, {early, late, normal});
    CHECK(*scores[0].lead_runaway == Approx(380));
    CHECK(*scores[1].lead_runaway == Approx((800 + 300) / 2.0));
    CHECK(*scores[1].times_baseline == Approx((800 / 380.0 + 300 / 380.0) / 2));
    CHECK(scores[1].behind == 1);
    CHECK(scores[1].found == 2);
    CHECK(scores[1].false_alarms == 2);
    CHECK(scores[1].false_rate() == Approx(2));
    CHECK(scores[2].found == 0);  // 50 s is before the failure
}

TEST_CASE("tally: the Poisson bound is Garwood's", "[sim][judge]") {
    CHECK(poisson_bound(0) == Approx(2.996).epsilon(0.001));
    CHECK(poisson_bound(1) == Approx(4.744).epsilon(0.001));
    CHECK(poisson_bound(10) == Approx(16.962).epsilon(0.001));
    CHECK_FALSE(median({}));
    CHECK(median({3, 1, 2}) == 2.0);
}
