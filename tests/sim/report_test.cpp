#include "sim/report.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "sim/picture.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Origin agent{"pangyo", Role::agent, "room"};
const Origin host{"seoul", Role::host, "seoul-1"};

// The story's minute 0 is 1,000 s after 1970, and a second is a minute.
std::string ms_of(double minute) {
    return std::to_string(static_cast<long>(1'000'000 + minute * 1000));
}

std::string mqtt_line(double minute, const Topic& topic, const std::string& payload) {
    return std::to_string(1000 + minute) + " " + to_string(topic) + " " + payload + "\n";
}

std::string event(const std::string& alarm, Phase from, Phase to, std::uint64_t seq) {
    AlarmEvent event;
    event.alarm = alarm;
    event.from = from;
    event.to = to;
    event.stamp = {"b", seq, {}};
    return to_json(event);
}

/// What two runs leave behind, in a folder that goes with the fixture.
class Runs {
public:
    Runs()
        : folder_(std::filesystem::temp_directory_path() /
                  ("firebreak-report-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder_);
        write("world.csv", ms_of(-5) + ",-300,begin,Test,,\n" + ms_of(9) +
                               ",540,rack_off,photos-a,outlet,40\n" + ms_of(93) +
                               ",5580,rack_off,text-a,feed,30\n");
        write("with.csv", ms_of(1) + ",text,1,200,10.0\n" + ms_of(50) + ",text,1,200,10.0\n" +
                              ms_of(3.5) + ",photos,0,503,1.0\n");
        write("without.csv", ms_of(1) + ",text,1,200,10.0\n" + ms_of(95) + ",text,0,503,1.0\n");
        write("mqtt.log", mqtt_line(2, {agent, Kind::event, "", ""},
                                    event("smoke", Phase::clear, Phase::pending, 1)) +
                              mqtt_line(3, {agent, Kind::event, "", ""},
                                        event("gas", Phase::pending, Phase::firing, 2)) +
                              posture(3.1, "text", Posture::normal) +
                              posture(3.4, "text", Posture::drain) +
                              posture(3.6, "photos", Posture::drain) + "no message at all\n");
    }
    ~Runs() { std::filesystem::remove_all(folder_); }
    Runs(const Runs&) = delete;
    Runs& operator=(const Runs&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
    }

    [[nodiscard]] Result<Report> report() const {
        ReportPlan plan;
        plan.scenario.title = "Test";
        plan.scenario.begins = -5min;
        plan.scenario.ends = 100min;
        plan.speed = 60;
        plan.services = {"text", "photos"};
        plan.with_csv = path("with.csv");
        plan.without_csv = path("without.csv");
        plan.world_csv = path("world.csv");
        plan.mqtt_log = path("mqtt.log");
        return make_report(plan);
    }

private:
    static std::string posture(double minute, const std::string& target, Posture reached) {
        PostureNotice notice;
        notice.target = target;
        notice.wanted = Posture::drain;
        notice.reached = reached;
        notice.because = {"pangyo/room/gas"};
        notice.stamp = {"b", 1, {}};
        return mqtt_line(minute, {host, Kind::posture, target, ""}, to_json(notice));
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }

    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("report: the moments come from the messages and the room's log", "[sim][report]") {
    const Runs runs;
    const auto report = runs.report();
    REQUIRE(report);
    REQUIRE(report->actions.first_sign);
    CHECK(report->actions.first_sign->alarm == "smoke");
    CHECK(report->actions.first_sign->minute == Approx(2).margin(0.01));
    REQUIRE(report->actions.alarm);
    CHECK(report->actions.alarm->alarm == "gas");
    CHECK(report->actions.alarm->minute == Approx(3).margin(0.01));
    CHECK(report->first_drain().value() == Approx(3.4).margin(0.01));
    CHECK(report->last_drain().value() == Approx(3.6).margin(0.01));
    CHECK(report->room.power_cut.value() == Approx(93));
    CHECK(report->room.kw_shed == Approx(40));
}

TEST_CASE("report: failures are counted by service, and apart after the alarm's first minute",
          "[sim][report]") {
    const Runs runs;
    const auto report = runs.report();
    REQUIRE(report);
    CHECK(report->failures(report->with, "text").requests == 2);
    CHECK(report->failures(report->with, "text").failed == 0);
    CHECK(report->failures(report->with, "photos").failed == 1);
    CHECK(report->failures(report->with, "photos").failed_late == 0);
    CHECK(report->failures(report->without, "text").failed_late == 1);
    CHECK(report->broken_promises().empty());  // the one failure came before it counts
}

TEST_CASE("report: a late failure of an important service breaks the promise", "[sim][report]") {
    const Runs runs;
    runs.write("with.csv", ms_of(50) + ",text,0,503,10.0\n" + ms_of(3) + ",photos,1,200,1.0\n");
    const auto report = runs.report();
    REQUIRE(report);
    REQUIRE(report->broken_promises().size() == 1);
    CHECK(report->broken_promises().front().find("text lost 1 requests") == 0);
}

TEST_CASE("report: a service that was never drained breaks the promise", "[sim][report]") {
    const Runs runs;
    runs.write("mqtt.log", "");
    const auto report = runs.report();
    REQUIRE(report);
    CHECK_FALSE(report->last_drain());
    CHECK(report->broken_promises().size() >= 3);
    CHECK(describe(*report, false).find("BROKEN: text was not drained") != std::string::npos);
    CHECK(draw(*report).find("</svg>") != std::string::npos);
}

TEST_CASE("report: hostile names cannot break out of the picture", "[sim][report]") {
    const Runs runs;
    auto report = runs.report();
    REQUIRE(report);
    report->scenario.title = "<script>&\"";
    const auto svg = draw(*report);
    CHECK(svg.find("<script>") == std::string::npos);
    CHECK(svg.find("&lt;script&gt;&amp;&quot;") != std::string::npos);
}

TEST_CASE("report: a missing or empty record is an error that names the file", "[sim][report]") {
    CHECK(read_room("/nonexistent/world.csv", 1).error().what ==
          "cannot read /nonexistent/world.csv");
    const Runs runs;
    runs.write("world.csv", "garbage\n,,,,,\n");
    const auto report = runs.report();
    REQUIRE_FALSE(report);
    CHECK(report.error().what.find("world.csv has no line of the room's log") != std::string::npos);
}
