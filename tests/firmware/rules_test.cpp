#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "firmware/site_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A site of its own with one device of many cells; gone at the end.
struct Room {
    fs::path path = fs::temp_directory_path() / ("firebreak-rules-" + std::to_string(::getpid()));

    Room() {
        fs::create_directories(path / "profiles");
        fs::create_directories(path / "rules");
        std::ofstream profile(path / "profiles" / "bms.toml");
        profile << "title = \"BMS\"\nsource = \"this test\"\n";
        for (int i = 1; i <= 12; ++i) {
            profile << "[[register]]\nmeasure = \"cell." << i << ".temperature\"\naddress = " << i
                    << "\ntable = \"input\"\nscale = 0.1\nunit = \"Cel\"\n";
        }
        profile << "[[register]]\nmeasure = \"runtime\"\naddress = 40\ntable = \"input\"\nunit = "
                   "\"min\"\n"
                   "[[register]]\nmeasure = \"mode\"\naddress = 41\ntable = \"input\"\n"
                   "labels = { 1 = \"on line\", 2 = \"on battery\" }\n";
        profile
            << "[[register]]\nmeasure = \"h2\"\naddress = 42\ntable = \"input\"\nunit = \"ppm\"\n";
        for (const auto* flag : {"smoke", "gas"}) {
            profile << "[[register]]\nmeasure = \"" << flag << "\"\ntable = \"discrete_input\"\n"
                    << "address = " << (flag[0] == 's' ? 1 : 2) << "\n";
        }
        fs::copy(fs::path(FIREBREAK_SOURCE_DIR) / "firmware/rules", path / "rules");
    }
    ~Room() { fs::remove_all(path); }

    SitePlan load(const std::string& more, Complaints& complaints) const {
        std::ofstream(path / "site.toml")
            << "site = \"s\"\nagent = \"a\"\n[[bus]]\nname = \"b\"\ntcp = \"h\"\n"
               "[[device]]\nname = \"bms1\"\nprofile = \"bms\"\nbus = \"b\"\n"
               "[[group]]\nname = \"cells\"\ndevice = \"bms*\"\n"
               "measures = \"cell.*.temperature\"\n"
            << more;
        return load_site((path / "site.toml").string(), {(path / "profiles").string()}, complaints);
    }
};

SitePlan plan_of(const std::string& more) {
    const Room room;
    Complaints complaints;
    auto plan = room.load(more, complaints);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    return plan;
}

std::string complaints_of(const std::string& more) {
    const Room room;
    Complaints complaints;
    static_cast<void>(room.load(more, complaints));
    return complaints.text();
}

void says(const std::string& text, const std::string& what) {
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
}

std::vector<std::string> names(const SitePlan& plan) {
    std::vector<std::string> found;
    for (const auto& alarm : plan.alarms) found.push_back(alarm.name);
    return found;
}

std::string asks(const std::string& name, const std::string& other, const std::string& more = "") {
    return "[[alarm]]\nname = \"" + name + "\"\n" + more + "[[alarm.when]]\nalarm = \"" + other +
           "\"\n";
}

const std::string smoke = "{ device = \"bms1\", measure = \"smoke\" }";
const std::string gas = "{ device = \"bms1\", measure = \"gas\" }";

}  // namespace

TEST_CASE("rules: a template makes one alarm a member, in natural order", "[firmware][rules]") {
    const auto plan =
        plan_of("[[alarm]]\nname = \"hot\"\nfor_each = \"cells\"\n[[alarm.when]]\nabove = 60\n");
    REQUIRE(plan.alarms.size() == 12);
    CHECK(plan.alarms[0].name == "hot.1");
    CHECK(plan.alarms[1].name == "hot.2");
    CHECK(plan.alarms[11].name == "hot.12");
    CHECK(plan.alarms[11].made_by == "hot");
    CHECK(plan.alarms[11].conditions.at(0).point == PointId{"bms1", "cell.12.temperature"});
    says(describe(plan), "hot.1 and 11 more (medium): when bms1 cell.1.temperature above 60");
}

TEST_CASE("rules: a condition on a group stands for each of its members", "[firmware][rules]") {
    const auto plan = plan_of(
        "[[alarm]]\nname = \"three\"\nat_least = 3\n"
        "[[alarm.when]]\ngroup = \"cells\"\nabove = 45\n");
    REQUIRE(plan.alarms.size() == 1);
    CHECK(plan.alarms[0].conditions.size() == 12);
    CHECK(plan.alarms[0].join.at_least == 3);
}

TEST_CASE("rules: a label and a time are resolved by the profile", "[firmware][rules]") {
    const auto plan = plan_of(
        "[[alarm]]\nname = \"x\"\n[[alarm.when]]\ndevice = \"bms1\"\nmeasure = \"mode\"\n"
        "label = \"on battery\"\n[[alarm.when]]\ndevice = \"bms1\"\nmeasure = \"runtime\"\n"
        "below_time = \"90s\"\n");
    CHECK(plan.alarms.at(0).conditions.at(0).limit == 2);
    CHECK(plan.alarms.at(0).conditions.at(1).limit == 1.5);
    says(complaints_of("[[alarm]]\nname = \"x\"\n[[alarm.when]]\ndevice = \"bms1\"\n"
                       "measure = \"mode\"\nlabel = \"on batery\"\n"),
         "did you mean on battery?");
}

TEST_CASE("rules: alarms that ask each other in a circle are refused with the way round",
          "[firmware][rules]") {
    says(complaints_of(asks("a", "a")), "circle: a -> a");
    const auto text = complaints_of(asks("a", "b") + asks("b", "c") + asks("c", "a"));
    says(text, "circle: a -> b -> c -> a");
    says(complaints_of(asks("a", "bx")), "there is no alarm bx");
    const std::string hot = "[[alarm]]\nname = \"hot\"\nfor_each = \"cells\"\n";
    says(complaints_of(hot + "[[alarm.when]]\nalarm = \"any\"\n" + asks("any", "hot")), "circle");
}

TEST_CASE("rules: an alarm may not excuse, confirm or suppress itself, by whatever way",
          "[firmware][rules]") {
    const auto self = [](const std::string& more, const std::string& kind = "") {
        return "[[alarm]]\nname = \"a\"\n" + kind + more +
               "[[alarm.when]]\ndevice = \"bms1\"\nmeasure = \"mode\"\nabove = 1\n";
    };
    says(complaints_of(self("") + "[[alarm.unless]]\nalarm = \"a\"\n"), "circle: a -> a");
    says(complaints_of(self("suppressed_by = [\"a\"]\n")), "circle: a -> a");
    says(complaints_of(self("confirmed_by = [\"a\"]\n", "kind = \"heat\"\n")),
         "circle: a -> a");
    says(complaints_of(self("suppressed_by = [\"b\"]\n") + asks("b", "a")), "circle: a -> b -> a");
    says(complaints_of(self("") + "[[alarm.unless]]\nalarm = \"b\"\n" + asks("b", "c") +
                       asks("c", "a")),
         "circle: a -> b -> c -> a");
}

TEST_CASE("rules: a sign is not confirmed by its own kind", "[firmware][rules]") {
    const std::string one =
        "[[alarm]]\nname = \"one\"\nkind = \"heat\"\n[[alarm.when]]\ndevice = \"bms1\"\n"
        "measure = \"mode\"\nabove = 1\n";
    const std::string confirmed = "[[alarm]]\nname = \"two\"\nconfirmed_by = [\"one\"]\n";
    const std::string when = "[[alarm.when]]\ndevice = \"bms1\"\nmeasure = \"smoke\"\nequals = 1\n";
    says(complaints_of(one + confirmed + "kind = \"heat\"\n" + when), "both signs of heat");
    says(complaints_of(one + confirmed + when), "both need a kind");
    CHECK(complaints_of(one + confirmed + "kind = \"smoke\"\n" + when).empty());
    says(complaints_of(one + asks("both", "one", "kinds = 2\n")), "needs 2 kinds of sign");
}

TEST_CASE("rules: the lithium set stands with cells alone, and says what it leaves out",
          "[firmware][rules]") {
    const auto plan = plan_of("[rules.battery-room]\ncells = \"cells\"\n");
    const auto text = describe(plan);
    says(text, "cell-heating.1 and 11 more");
    says(text, "without smoke (needs smoke)");
    says(text, "without battery-fire (needs rules that are not there)");
    says(text, "without cell-runaway-shorted");
    for (const auto& alarm : plan.alarms) {
        INFO(alarm.name);
        // No role says whether the string is on load, so nothing may be excused by load.
        if (alarm.made_by == "cell-hot") CHECK(alarm.unless.empty());
    }
}

TEST_CASE("rules: with smoke and gas bound, two kinds of sign make a fire", "[firmware][rules]") {
    const auto plan = plan_of("[rules.battery-room]\ncells = \"cells\"\nsmoke = " + smoke +
                              "\noff-gas = " + gas + "\nprefix = \"east.\"\n");
    const auto all = names(plan);
    REQUIRE(std::find(all.begin(), all.end(), "east.battery-fire") != all.end());
    CHECK(std::find(all.begin(), all.end(), "east.cell-hot.7") != all.end());
    const auto& fire = *std::find_if(plan.alarms.begin(), plan.alarms.end(), [](const auto& each) {
        return each.name == "east.battery-fire";
    });
    CHECK(fire.join.kinds == 2);
    CHECK(fire.conditions.size() == 8);  // six of heat, smoke, gas
}

TEST_CASE("rules: every shipped set is whole when every role is bound", "[firmware][rules]") {
    const std::string point = "{ device = \"bms1\", measure = \"runtime\" }";
    std::string lithium = "[rules.battery-room]\ncells = \"cells\"\nvoltages = \"cells\"\n";
    for (const auto* role :
         {"on-battery", "smoke", "off-gas", "panel", "suppression", "leak", "runtime", "load"}) {
        lithium += std::string(role) + " = " + point + "\n";
    }
    const std::string hydrogen = "hydrogen = { device = \"bms1\", measure = \"h2\" }\n";
    lithium += hydrogen;
    std::string vrla =
        "[rules.vrla-room]\nbatteries = \"cells\"\nvoltages = \"cells\"\nresistances = \"cells\"\n"
        "prefix = \"vrla.\"\n";
    for (const auto* role : {"ambient", "on-battery", "smoke", "suppression", "runtime"}) {
        vrla += std::string(role) + " = " + point + "\n";
    }
    vrla += hydrogen;
    const auto plan = plan_of(lithium + vrla);
    REQUIRE(plan.rules.size() == 2);
    for (const auto& set : plan.rules) {
        INFO(set.name);
        CHECK(set.dropped.empty());
        CHECK(set.alarms > 50);
    }
    // The rule says 1 %, the device speaks in ppm.
    const auto& alarm = *std::find_if(plan.alarms.begin(), plan.alarms.end(),
                                      [](const auto& each) { return each.name == "hydrogen"; });
    CHECK(alarm.conditions.at(0).limit == Approx(10000));
    CHECK(alarm.conditions.at(0).hysteresis == Approx(2000));
}

TEST_CASE("rules: a limit in a unit that the point has not got is refused", "[firmware][rules]") {
    const auto with = [](const std::string& measure, const std::string& unit) {
        return complaints_of(
            "[[alarm]]\nname = \"x\"\n[[alarm.when]]\ndevice = \"bms1\"\n"
            "measure = \"" +
            measure + "\"\nabove = 1\nunit = \"" + unit + "\"\n");
    };
    CHECK(with("h2", "%").empty());
    CHECK(with("h2", "ppm").empty());
    says(with("h2", "Cel"), "which \"Cel\" is not turned into");
    says(with("h2", "percent"), "there is no unit");
    says(complaints_of("[[alarm]]\nname = \"x\"\nfor_each = \"cells\"\n[[alarm.when]]\n"
                       "above = 1\nunit = \"Cel\"\n"),
         "is for a condition on a point");
}

TEST_CASE("rules: what is wrong in a binding is told with its place", "[firmware][rules]") {
    says(complaints_of("[rules.battery-rom]\ncells = \"cells\"\n"), "there is no rule set");
    says(complaints_of("[rules.battery-room]\ncells = \"cels\"\n"), "did you mean cells?");
    says(complaints_of("[rules.battery-room]\ncell = \"cells\"\n"), "site.toml:1");
    says(complaints_of("[rules.battery-room]\n"), "bind its roles");
    says(complaints_of("[[group]]\nname = \"none\"\ndevice = \"x*\"\nmeasures = \"*\"\n"),
         "no [[device]] fits x*");
    says(complaints_of("[[alarm]]\nname = \"a\"\n[[alarm.when]]\nabove = 1\n"), "for_each");
}
