#include "contract/support/config_file.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

enum class Mode { tcp, serial };
constexpr std::array<std::pair<std::string_view, Mode>, 2> modes{
    {{"tcp", Mode::tcp}, {"serial", Mode::serial}}};

/// A file's text, parsed, with what was complained about.
struct Trial {
    Complaints complaints;
    ConfigFile file;
    Section root;

    explicit Trial(std::string_view text)
        : file(ConfigFile::parse(text, "site.toml", complaints)), root(file.root()) {}

    [[nodiscard]] std::string said() const { return complaints.text(); }
};

/// What parsing alone complains about.
std::string said_of(std::string_view text) {
    return Trial(text).said();
}

}  // namespace

TEST_CASE("config_file: values of the right type are read without a complaint",
          "[contract][config_file]") {
    Trial t(R"(
name = "ups-1.a_b"
title = "한국 UPS"
whole = 5
real = 1.5
negative = -2
period = "1m30s"
armed = true
list = ["a", "b"]
numbers = [1, 2.5]
addresses = [0x1020, 40002]
mode = "serial"
)");
    CHECK(t.root.name("name") == "ups-1.a_b");
    CHECK(t.root.text("title") == "한국 UPS");
    CHECK(t.root.integer("whole", {0, 5}) == 5);
    CHECK(t.root.number("whole") == 5.0);
    CHECK(t.root.number("real", {1.5, 1.5}) == 1.5);
    CHECK(t.root.maybe_integer("negative") == -2);
    CHECK(t.root.maybe_number("negative") == -2.0);
    CHECK(t.root.duration("period") == 90s);
    CHECK(t.root.flag_or("armed", false));
    CHECK(t.root.texts("list") == std::vector<std::string>{"a", "b"});
    CHECK(t.root.numbers("numbers") == std::vector<double>{1, 2.5});
    CHECK(t.root.integers("addresses") == std::vector<std::int64_t>{0x1020, 40002});
    CHECK(t.root.choice_or<Mode>("mode", modes, Mode::tcp) == Mode::serial);
    t.root.finish();
    CHECK(t.said().empty());
}

TEST_CASE("config_file: a missing optional key yields its fallback without a complaint",
          "[contract][config_file]") {
    Trial t("");
    CHECK(t.root.text_or("a", "x") == "x");
    CHECK(t.root.name_or("a", "y") == "y");
    CHECK(t.root.number_or("a", 1.5) == 1.5);
    CHECK(t.root.integer_or("a", 7, {0, 1}) == 7);
    CHECK_FALSE(t.root.maybe_number("a"));
    CHECK_FALSE(t.root.maybe_integer("a"));
    CHECK(t.root.duration_or("a", 3s) == 3s);
    CHECK(t.root.flag_or("a", true));
    CHECK(t.root.texts("a").empty());
    CHECK(t.root.choice_or<Mode>("a", modes, Mode::serial) == Mode::serial);
    CHECK_FALSE(t.root.table("a"));
    CHECK(t.root.rows("a").empty());
    t.root.finish();
    CHECK(t.said().empty());
}

TEST_CASE("config_file: a missing required key complains where its table opens",
          "[contract][config_file]") {
    Trial t("a = 1\n[[device]]\nunit = 1\n");
    auto rows = t.root.rows("device");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].text("profile").empty());
    CHECK(rows[0].duration("period") == 0s);
    CHECK(t.root.number("speed") == 0.0);
    CHECK(t.said() ==
          "site.toml:1:1: \"speed\" is missing; add a line speed = 1.5\n"
          "site.toml:2:1: \"period\" is missing; add a line period = \"30s\"\n"
          "site.toml:2:1: \"profile\" is missing; add a line profile = \"…\"\n");
}

TEST_CASE("config_file: a wrong type says what is expected and what was found",
          "[contract][config_file]") {
    Trial t("\n  a = 5\nb = \"x\"\nc = 1.5\nd = [1]\ne = {x = 1}\nf = 2022-10-15\ng = true\n");
    CHECK(t.root.text("a").empty());
    CHECK(t.root.number("b") == 0.0);
    CHECK(t.root.integer("c") == 0);
    CHECK(t.root.flag_or("d", true));
    CHECK(t.root.number("e") == 0.0);
    CHECK(t.root.text_or("f", "then") == "then");
    CHECK(t.root.duration("g") == 0s);
    CHECK(t.said() ==
          "site.toml:2:3: \"a\" must be a text in quotes, not the number 5\n"
          "site.toml:3:1: \"b\" must be a finite number, not the text \"x\"\n"
          "site.toml:4:1: \"c\" must be a whole number, not the number 1.5\n"
          "site.toml:5:1: \"d\" must be true or false, not a list\n"
          "site.toml:6:1: \"e\" must be a finite number, not a table (a key with dots in its name "
          "needs quotes)\n"
          "site.toml:7:1: \"f\" must be a text in quotes, not a date or a time\n"
          "site.toml:8:1: \"g\" must be a duration such as \"250ms\", \"30s\" or \"1m30s\", not "
          "true\n");
}

TEST_CASE("config_file: a number outside of its bounds says the bound", "[contract][config_file]") {
    Trial t("low = 0\nhigh = 248\nreal = -0.5\nedge = 247\nbig = 9223372036854775807\n");
    CHECK(t.root.integer("low", {1, 247}) == 0);
    CHECK(t.root.integer_or("high", 9, {1, 247}) == 9);
    CHECK(t.root.number_or("real", 2, {.least = 0}) == 2);
    CHECK(t.root.integer("edge", {1, 247}) == 247);
    CHECK(t.root.integer("big") == std::numeric_limits<std::int64_t>::max());
    CHECK(t.said() ==
          "site.toml:1:1: \"low\" must be at least 1, not 0\n"
          "site.toml:2:1: \"high\" must be at most 247, not 248\n"
          "site.toml:3:1: \"real\" must be at least 0, not -0.5\n");
}

TEST_CASE("config_file: numbers that are none are refused", "[contract][config_file]") {
    Trial t("a = nan\nb = inf\nc = -inf\nd = -nan\ne = [1, nan]\n");
    for (const char* key : {"a", "b", "c", "d"}) CHECK(t.root.number_or(key, 4) == 4);
    CHECK(t.root.numbers("e") == std::vector<double>{1});
    CHECK(t.complaints.size() == 5);
    CHECK_THAT(t.said(), Contains("site.toml:1:1: \"a\" must be a finite number, not"));
    CHECK_THAT(t.said(), Contains("site.toml:5:9: element 2 of \"e\" must be a finite number"));
}

TEST_CASE("config_file: an unknown key gives the nearest known one as a hint",
          "[contract][config_file]") {
    Trial t("priod = \"1s\"\nunti = 3\nzzzzzzzz = 1\nname = \"a\"\n\"a.b\" = 1\n");
    t.root.duration_or("period", 1s);
    t.root.integer_or("unit", 1);
    t.root.name("name");
    t.root.finish();
    CHECK(t.said() ==
          "site.toml:1:1: \"priod\" is not known here; did you mean \"period\"?\n"
          "site.toml:2:1: \"unti\" is not known here; did you mean \"unit\"?\n"
          "site.toml:3:1: \"zzzzzzzz\" is not known here; take it out or use name, period, unit\n"
          "site.toml:5:1: \"a.b\" is not known here; take it out or use name, period, unit\n");
}

TEST_CASE("config_file: a key that was looked for but not read is told apart from an unknown one",
          "[contract][config_file]") {
    Trial t("above = 1\nbelow = 2\n");
    if (t.root.has("above")) {
        t.root.number("above");
    } else if (t.root.has("below")) {
        t.root.number("below");
    }
    CHECK(t.root.has("below"));
    t.root.finish();
    CHECK(t.said() ==
          "site.toml:2:1: \"below\" does not go with the other keys here; take it out\n");
}

TEST_CASE("config_file: a key complained about is not complained about again as unknown",
          "[contract][config_file]") {
    Trial t("both = 1\n");
    t.root.complain("both", "choose one");
    t.root.complain("gone", "needs a wire");
    t.root.finish();
    CHECK(t.said() == "site.toml:1:1: choose one\nsite.toml:1:1: needs a wire\n");
}

TEST_CASE("config_file: tables may be written as headers, inline or with dots",
          "[contract][config_file]") {
    for (const char* text :
         {"[broker]\nurl = \"x\"", "broker = {url = \"x\"}", "broker.url = \"x\"",
          "\"broker\".'url' = \"x\"", "[ \"broker\" ]\nurl = 'x'"}) {
        CAPTURE(text);
        Trial t(text);
        auto broker = t.root.table("broker");
        REQUIRE(broker);
        CHECK(broker->text("url") == "x");
        broker->finish();
        t.root.finish();
        CHECK(t.said().empty());
    }
}

TEST_CASE("config_file: rows may be written with double brackets or inline",
          "[contract][config_file]") {
    for (const char* text : {"[[d]]\nn = 1\n[[d]]\nn = 2\n", "d = [{n = 1}, {n = 2}]"}) {
        CAPTURE(text);
        Trial t(text);
        auto rows = t.root.rows("d");
        REQUIRE(rows.size() == 2);
        CHECK(rows[0].integer("n") == 1);
        CHECK(rows[1].integer("n") == 2);
        rows[1].finish();
        CHECK(t.said().empty());
    }
    Trial empty("d = []");
    CHECK(empty.root.rows("d").empty());
    CHECK(empty.said().empty());
}

TEST_CASE("config_file: rows below rows belong to the row above them", "[contract][config_file]") {
    Trial t("[[a]]\nn = 1\n[[a.when]]\nv = 1\n[[a.when]]\nv = 2\n[[a]]\nn = 2\n");
    auto rows = t.root.rows("a");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].rows("when").size() == 2);
    CHECK(rows[1].rows("when").empty());
    CHECK(rows[0].rows("when")[1].place().line == 5);
}

TEST_CASE("config_file: one table where rows belong, and rows where one table belongs, complain",
          "[contract][config_file]") {
    Trial t("[device]\nunit = 1\n[[broker]]\nurl = \"x\"\n[bus]\nx = 1\n");
    CHECK(t.root.rows("device").empty());
    CHECK_FALSE(t.root.table("broker"));
    CHECK(t.root.texts("bus").empty());
    CHECK(t.said() ==
          "site.toml:1:2: \"device\" may stand many times: write [[device]]\n"
          "site.toml:3:3: \"broker\" must be one table, [name] or name = {…}, not a list\n"
          "site.toml:5:2: \"bus\" must be a list in [ ], not a table (a key with dots in its name "
          "needs quotes)\n");
}

TEST_CASE("config_file: a wrong element complains at its own place and leaves the others",
          "[contract][config_file]") {
    Trial t("hosts = [\"a\",\n  7,\n  \"b\"]\nrows = [{a = 1}, 5]\nnot = \"a\"\n");
    CHECK(t.root.texts("hosts") == std::vector<std::string>{"a", "b"});
    CHECK(t.root.rows("rows").size() == 1);
    CHECK(t.root.texts("not").empty());
    CHECK(t.said() ==
          "site.toml:2:3: element 2 of \"hosts\" must be a text in quotes, not the number 7\n"
          "site.toml:4:18: element 2 of \"rows\" must be a table, not the number 5\n"
          "site.toml:5:1: \"not\" must be a list in [ ], not the text \"a\"\n");
}

TEST_CASE("config_file: free keys come in the order of the file and count as asked",
          "[contract][config_file]") {
    Trial t("values = {\"ups.load\" = 40, \"battery.charge\" = 100, a = 1}\nb = 1\na = 1\n");
    auto values = t.root.table("values");
    REQUIRE(values);
    CHECK(values->keys() == std::vector<std::string>{"ups.load", "battery.charge", "a"});
    CHECK(values->number("ups.load") == 40);
    values->finish();
    CHECK(t.root.keys() == std::vector<std::string>{"values", "b", "a"});
    t.root.finish();
    CHECK(t.said().empty());
}

TEST_CASE("config_file: names fit a topic level", "[contract][config_file]") {
    for (const char* good : {"a", "0", "room-lan", "battery.cell_1"}) CHECK(is_name(good));
    for (const char* bad : {"", "A", "-a", ".a", "a b", "a/b", "a+", "#", "é", "a\n"}) {
        CHECK_FALSE(is_name(bad));
    }
    CHECK(is_name(std::string(64, 'a')));
    CHECK_FALSE(is_name(std::string(65, 'a')));
    Trial t("name = \"Room LAN\"\nother = \"a/b\"\n");
    CHECK(t.root.name("name").empty());
    CHECK(t.root.name_or("other", "x") == "x");
    CHECK_THAT(t.said(), Contains("site.toml:1:1: \"name\" must be a name: "));
    CHECK_THAT(t.said(), Contains("not the text \"Room LAN\""));
}

TEST_CASE("config_file: a choice says what may be chosen", "[contract][config_file]") {
    Trial t("mode = \"serail\"\nother = 3\n");
    CHECK(t.root.choice_or<Mode>("mode", modes, Mode::tcp) == Mode::tcp);
    CHECK(t.root.choice_or<Mode>("other", modes, Mode::serial) == Mode::serial);
    CHECK_THAT(t.said(), Contains("site.toml:1:1: \"mode\" must be one of tcp, serial, not "
                                  "\"serail\"; did you mean \"serial\"?\n"));
    CHECK_THAT(t.said(), Contains("site.toml:2:1: \"other\" must be a text in quotes"));
}

TEST_CASE("config_file: an empty or control-ridden text is refused", "[contract][config_file]") {
    Trial t(R"(a = ""
b = "x\u0000y"
c = "bell\u0007"
d = "two\nlines"
e = "\u001b[31m"
)");
    CHECK(t.root.text("a").empty());
    CHECK(t.root.text_or("a", "x").empty());  // an optional text may be empty
    CHECK(t.root.text("b").empty());
    CHECK(t.root.text("c").empty());
    CHECK(t.root.text("d") == "two\nlines");
    CHECK(t.root.number("e") == 0);
    CHECK(t.complaints.size() == 4);
    CHECK(t.said().find('\x1b') == std::string::npos);  // no escape sequence reaches a terminal
}

TEST_CASE("config_file: text that is not TOML complains once, at its place",
          "[contract][config_file]") {
    const std::vector<std::pair<std::string_view, std::string_view>> broken{
        {"a = 1\n[x\n", "site.toml:2:3: "},
        {"a = 1\nb = \"abc", "site.toml:2:9: "},
        {"a = [1,2", "site.toml:1:9: "},
        {"a = {b = 1", "site.toml:1:11: "},
        {"[[a]]\nb = ", "site.toml:2:5: "},
        {"a = 1\na = 2\n", "site.toml:2:"},
        {"a = 1\n[[[x]]]", "site.toml:2:3: "},  // broke an assertion inside toml++
        {"level = [5°]", "site.toml:1:11: "},   // was undefined behaviour inside toml++
        {"[[=", "site.toml:1:3: "},
        {"a = 1e400", "site.toml:1:"},
        {"a = 9223372036854775808", "site.toml:1:"},
        {"[[a]]\n[a]\n", "site.toml:2:1: "},
        {"\n\xff = 1", "site.toml:"},
        {"a b = 1", "site.toml:1:3: "},
        {std::string_view("a = 1\n\0", 7), "site.toml:"},
    };
    for (const auto& [text, place] : broken) {
        CAPTURE(text);
        Trial t(text);
        CHECK_FALSE(t.file.parsed());
        CHECK(t.complaints.size() == 1);
        CHECK(t.said().rfind(place, 0) == 0);
        t.root.text("name");  // a reader that goes on says nothing more
        t.root.finish();
        CHECK(t.complaints.size() == 1);
    }
}

TEST_CASE("config_file: every truncation of a good file is read or complains with a place in it",
          "[contract][config_file]") {
    const std::string good =
        "site = \"pangyo\"\n\"a.b\" = 1.5\n[[d]]\nlist = [1, {x = '''y'''}]\nat = "
        "2022-10-15T06:19:00Z\n";
    REQUIRE(said_of(good).empty());
    for (std::size_t length = 0; length < good.size(); ++length) {
        Trial t(std::string_view(good).substr(0, length));
        REQUIRE(t.file.parsed() == t.complaints.empty());
        for (const auto& complaint : t.complaints.items()) {
            CHECK(complaint.place.line >= 1);
            CHECK(complaint.place.line <= 6);
            CHECK(complaint.place.column >= 1);
        }
    }
}

TEST_CASE("config_file: deep nesting is refused before it can exhaust the stack",
          "[contract][config_file]") {
    std::string dots = "a";
    for (int i = 0; i < 1'000'000; ++i) dots += ".a";
    for (const auto& text : {"x = 1\n" + dots + " = 1\n", "x = 1\n[" + dots + "]\n"}) {
        CHECK(said_of(text) == "site.toml:2:1: this line has more than 4096 bytes; break it\n");
    }
    CHECK(said_of("a = " + std::string(2000, '[')).rfind("site.toml:1:", 0) == 0);
    std::string deepest;  // what passes the bound on lines is parsed, and freed again
    for (int level = 0; level < 8; ++level) {
        deepest += dots.substr(0, 3999) + (level % 2 == 0 ? " = [\n{" : " = [\n{");
    }
    said_of(deepest);
    for (int i = 0; i < 200; ++i) deepest += "[" + dots.substr(0, 3999) + "]\n";
    said_of(deepest);
    CHECK(said_of(dots.substr(0, 3999) + " = 1\n").empty());
}

TEST_CASE("config_file: a list of many short lines may be long", "[contract][config_file]") {
    std::string text = "hosts = [\n";
    for (int i = 0; i < 5000; ++i) text += "  \"host\",\n";
    Trial t(text + "]\n");
    CHECK(t.root.texts("hosts").size() == 5000);
    CHECK(t.said().empty());
}

TEST_CASE("config_file: the text of all complaints is sorted by place without repetitions",
          "[contract][config_file]") {
    Complaints complaints;
    complaints.add({"b.toml", 1, 1}, "x");
    complaints.add({"a.toml", 10, 1}, "y");
    complaints.add({"a.toml", 9, 2}, "z");
    complaints.add({"a.toml", 9, 2}, "z");
    complaints.add({"a.toml", 9, 1}, "w");
    CHECK(complaints.text() == "a.toml:9:1: w\na.toml:9:2: z\na.toml:10:1: y\nb.toml:1:1: x\n");
}

TEST_CASE("config_file: a file full of errors yields a bounded list", "[contract][config_file]") {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "k" + std::to_string(i) + " = 1\n";
    Trial t(text);
    t.root.name_or("name", "x");
    t.root.finish();
    CHECK(t.complaints.size() == Complaints::most);
    CHECK_THAT(t.said(), Contains("there may be more"));
}

TEST_CASE("config_file: a long key or text is shortened in a complaint",
          "[contract][config_file]") {
    Trial t("a = \"" + std::string(4000, 'x') + "\"\n" + std::string(4000, 'y') + " = 1\n");
    t.root.number("a");
    t.root.finish();
    CHECK(t.said().size() < 400);
}

TEST_CASE("config_file: a file that cannot be read complains at its first place",
          "[contract][config_file]") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("firebreak-config-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const std::string huge = folder / "huge.toml";
    std::ofstream(huge) << std::string((4u << 20u) + 1, '\n');
    const std::string good = folder / "good.toml";
    std::ofstream(good) << "\xef\xbb\xbf"
                           "a = 1\r\nb = 2\r\n";
    const std::string empty = folder / "empty.toml";
    std::ofstream(empty) << "";

    for (const auto& path : {folder.string() + "/missing.toml", folder.string(), huge}) {
        CAPTURE(path);
        Complaints complaints;
        auto root = ConfigFile::load(path, complaints).root();
        REQUIRE(complaints.size() == 1);
        CHECK(complaints.items()[0].place == Place{path, 1, 1});
        root.text("site");
        CHECK(complaints.size() == 1);
    }
    Complaints none;
    auto read = ConfigFile::load(good, none).root();
    CHECK(read.integer("a") == 1);
    CHECK(read.integer("b") == 2);
    read.finish();
    CHECK(ConfigFile::load(empty, none).parsed());
    CHECK(none.text().empty());
    std::filesystem::remove_all(folder);
}

TEST_CASE("config_file: the files of the demo are TOML", "[contract][config_file]") {
    for (const char* name :
         {"demo/site.toml", "demo/policy.toml", "demo/room.toml", "scenarios/pangyo-2022.toml"}) {
        Complaints complaints;
        CHECK(ConfigFile::load(FIREBREAK_SOURCE_DIR "/sim/" + std::string(name), complaints)
                  .parsed());
        CHECK(complaints.text().empty());
    }
}

TEST_CASE("config_file: the nearest word is near or none", "[contract][config_file]") {
    const std::vector<std::string_view> words{"period", "profile", "unit", "silent_after"};
    CHECK(nearest("peroid", words) == "period");
    CHECK(nearest("units", words) == "unit");
    CHECK(nearest("silentafter", words) == "silent_after");
    CHECK(nearest("colour", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest("unit", {}).empty());
    CHECK(nearest(std::string(100'000, 'u'), words).empty());
}
