// What a site file says of an alarm's life: priority, re-alarm, groups, suppression, and the folder
// of what must survive.
#include "firmware/site_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

struct Read {
    SitePlan plan;
    std::string complaints;
    std::string folder;
};

Read read(const std::string& alarms, const std::string& top = "") {
    const TempDir folder;
    folder.write("p.toml",
                 "title = \"P\"\nsource = \"this test\"\n[[register]]\nmeasure = \"heat\"\n"
                 "address = 1\ntable = \"input\"\n");
    const auto path = folder.write("site.toml", top +
                                                    "site = \"s\"\nagent = \"a\"\n[[bus]]\n"
                                                    "name = \"b\"\ntcp = \"h\"\n[[device]]\n"
                                                    "name = \"d\"\nprofile = \"p\"\nbus = \"b\"\n" +
                                                    alarms);
    Complaints complaints;
    auto plan = load_site(path, {folder.path().string()}, complaints);
    return {std::move(plan), complaints.text(), folder.path().string()};
}

std::string alarm(const std::string& name, const std::string& more = "") {
    return "[[alarm]]\nname = \"" + name + "\"\n" + more +
           "[[alarm.when]]\ndevice = \"d\"\nmeasure = \"heat\"\nabove = 1\n";
}

void says(const std::string& text, const std::string& what) {
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
}

}  // namespace

TEST_CASE("site life: every key is read, and shown by check", "[firmware][site]") {
    const auto got = read(alarm("a",
                                "priority = 950\nre_alarm = \"10m\"\nfirst_out = \"fire\"\n"
                                "suppressed_by = [\"b\"]\n") +
                              alarm("b"),
                          "state = \"kept\"\n");
    CHECK(got.complaints.empty());
    REQUIRE(got.plan.alarms.size() == 2);
    const auto& shown = got.plan.alarms[0].annunciation;
    CHECK(shown.priority == 950);
    CHECK(shown.re_alarm == 10min);
    CHECK(shown.group == "fire");
    CHECK(shown.suppressed_by == std::vector<std::string>{"b"});
    CHECK(got.plan.alarms[1].annunciation.priority == 0);
    CHECK(got.plan.state_folder == got.folder + "/kept");
    const auto text = describe(got.plan);
    says(text,
         "priority 950; asks again 10m after it was acknowledged; the first of fire is "
         "marked; silent during b");
    says(text, "keeps what must survive in " + got.folder + "/kept");
}

TEST_CASE("site life: an absolute state folder stays, and none is none", "[firmware][site]") {
    CHECK(read(alarm("a"), "state = \"/var/lib/firebreak\"\n").plan.state_folder ==
          "/var/lib/firebreak");
    CHECK(read(alarm("a")).plan.state_folder.empty());
    says(read(alarm("a"), "state = \"\"\n").complaints, "site.toml:1:1: \"state\" is empty");
}

TEST_CASE("site life: a number out of range and a name that is none are said with their place",
          "[firmware][site]") {
    says(read(alarm("a", "priority = 1001\n")).complaints, ":12:1: \"priority\" must be");
    says(read(alarm("a", "priority = 0\n")).complaints, ":12:1: \"priority\" must be");
    says(read(alarm("a", "re_alarm = \"1ms\"\n")).complaints, ":12:1: must be from 1s");
    says(read(alarm("a", "first_out = \"no name\"\n")).complaints,
         ":12:1: \"first_out\" must be a name");
    says(read(alarm("a", "suppressed_by = [\"bb\"]\n") + alarm("b")).complaints,
         "there is no alarm bb; did you mean b?");
}

TEST_CASE("site life: alarms that suppress each other in a circle are refused",
          "[firmware][site]") {
    says(read(alarm("a", "suppressed_by = [\"a\"]\n")).complaints, "in a circle: a -> a");
    says(read(alarm("a", "suppressed_by = [\"b\"]\n") + alarm("b", "suppressed_by = [\"c\"]\n") +
              alarm("c", "suppressed_by = [\"a\"]\n"))
             .complaints,
         "in a circle");
    // Asking one and being silenced by it is a circle as well.
    says(read(alarm("a", "suppressed_by = [\"b\"]\n") +
              "[[alarm]]\nname = \"b\"\n[[alarm.when]]\nalarm = \"a\"\n")
             .complaints,
         "in a circle");
}
