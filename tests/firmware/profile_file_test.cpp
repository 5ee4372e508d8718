#include "firmware/profile/profile_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

constexpr const char* head = "title = \"T\"\nsource = \"S\"\n";

struct Loaded {
    Profile profile;
    Complaints complaints;

    [[nodiscard]] bool complains_of(const std::string& words, int line = 0) const {
        for (const auto& item : complaints.items()) {
            if (item.what.find(words) == std::string::npos) continue;
            if (line == 0 || item.place.line == line) return true;
        }
        return false;
    }
};

Loaded whole(const std::string& text) {
    Loaded loaded;
    auto file = ConfigFile::parse(text, "p.toml", loaded.complaints);
    loaded.profile = parse_profile(file, "p", loaded.complaints);
    return loaded;
}

/// One register or more, below a head of two lines; the first row opens on line 3.
Loaded with(const std::string& rows) {
    return whole(head + rows);
}

Loaded one(const std::string& keys) {
    return with("[[register]]\nmeasure = \"m\"\n" + keys);
}

std::string view(const char* measure, const std::string& keys) {
    return "[[register]]\nmeasure = \"" + std::string(measure) + "\"\n" + keys + "\n";
}

}  // namespace

TEST_CASE("profile_file: a register takes every key and says nothing", "[firmware][profile_file]") {
    const auto loaded =
        one("table = \"holding\"\naddress = 4\ntype = \"i32\"\norder = \"cdab\"\nscale = 0.1\n"
            "offset = -40\nscale_register = 6\nunit = \"Cel\"\nrange = [-40, 150]\n"
            "missing = [0x80000000, -1]\nlabels = {1 = \"one\", 2 = \"two\"}\nwritable = true\n");
    // Address 6 follows the register, so that the read has no hole.
    INFO(loaded.complaints.text());
    REQUIRE(loaded.complaints.empty());
    REQUIRE(loaded.profile.registers.size() == 1);
    const auto& reg = loaded.profile.registers[0];
    CHECK(reg.measure == "m");
    CHECK(reg.table == Table::holding);
    CHECK(reg.address == 4);
    CHECK(reg.type == WordType::i32);
    CHECK(reg.order == WordOrder::cdab);
    CHECK(reg.scale == 0.1);
    CHECK(reg.offset == -40);
    CHECK(reg.scale_register == std::uint16_t{6});
    CHECK(reg.unit == Unit::celsius);
    CHECK(reg.least == -40);
    CHECK(reg.most == 150);
    CHECK(reg.missing == std::vector<std::uint64_t>{0x80000000, 0xFFFFFFFF});
    REQUIRE(reg.labels.size() == 2);
    CHECK(reg.labels[0].text == "one");
    CHECK(reg.writable);
    CHECK(reg.place.line == 3);
}

TEST_CASE("profile_file: what is left out has the safe default", "[firmware][profile_file]") {
    const auto loaded = one("table = \"input\"\naddress = 0\n");
    REQUIRE(loaded.complaints.empty());
    CHECK_FALSE(loaded.profile.holes_allowed);
    CHECK(loaded.profile.max_words == 125);
    CHECK(loaded.profile.base == 0);
    CHECK_FALSE(loaded.profile.registers[0].writable);
    CHECK(loaded.profile.registers[0].type == WordType::u16);
    CHECK(one("table = \"coil\"\naddress = 0\n").profile.registers[0].type == WordType::bit);
}

TEST_CASE("profile_file: fraction_bits is a scale of one half to that power",
          "[firmware][profile_file]") {
    const auto loaded = one("table = \"holding\"\naddress = 130\nfraction_bits = 9\n");
    CHECK(loaded.profile.registers[0].scale == 1.0 / 512);
}

TEST_CASE("profile_file: Modicon numbers become a table and a 0-based address",
          "[firmware][profile_file]") {
    struct Case {
        const char* number;
        Table table;
        std::uint16_t address;
    };
    const Case cases[] = {
        {"1", Table::coil, 0},
        {"9999", Table::coil, 9998},
        {"10001", Table::discrete_input, 0},
        {"30113", Table::input, 112},
        {"40001", Table::holding, 0},
        {"49999", Table::holding, 9998},
        {"300113", Table::input, 112},
        {"465536", Table::holding, 65535},
        {"110171", Table::discrete_input, 10170},
    };
    for (const auto& c : cases) {
        const auto loaded = one(std::string("modicon = ") + c.number + "\n");
        INFO(c.number << " " << loaded.complaints.text());
        REQUIRE(loaded.complaints.empty());
        CHECK(loaded.profile.registers[0].table == c.table);
        CHECK(loaded.profile.registers[0].address == c.address);
    }
}

TEST_CASE("profile_file: numbers that are no Modicon address are refused with their place",
          "[firmware][profile_file]") {
    for (const char* number :
         {"0", "20001", "50001", "40000", "400000", "265536", "465537", "-1"}) {
        const auto loaded = one(std::string("modicon = ") + number + "\n");
        INFO(number);
        REQUIRE(loaded.complaints.size() >= 1);
        CHECK(loaded.complaints.items()[0].place.line == 5);
    }
    CHECK(one("modicon = 30001\ntable = \"input\"\n").complains_of("leave those two out"));
    CHECK(one("modicon = 30001\naddress = 0\n").complains_of("leave those two out"));
}

TEST_CASE("profile_file: an unknown key is an error with its place", "[firmware][profile_file]") {
    const auto loaded = one("table = \"input\"\naddress = 0\nscael = 0.1\n");
    REQUIRE(loaded.complaints.size() == 1);
    CHECK(loaded.complaints.items()[0].place == Place{"p.toml", 7, 1});
    CHECK(loaded.complains_of("scale"));  // the hint
    CHECK(
        whole(std::string(head) + "holes = true\n" + view("m", "modicon = 1")).complaints.size() ==
        1);
    CHECK(with(view("m", "modicon = 1") +
               "[[example]]\nmeasure = \"m\"\nwords = [1]\nvalue = 1\nsource = \"s\"\nnote = 1\n")
              .complaints.size() == 1);
}

TEST_CASE("profile_file: all errors are told at once", "[firmware][profile_file]") {
    const auto loaded = with(view("a", "table = \"inputs\"\naddress = 0\nscale = 0") +
                             view("b", "table = \"input\"\naddress = 70000\nrange = [5, 1]") +
                             view("c", "table = \"input\"\naddress = 9\nwritable = true"));
    CHECK(loaded.complaints.size() == 5);
}

TEST_CASE("profile_file: a profile without title, source or registers is refused",
          "[firmware][profile_file]") {
    const auto loaded = whole("");
    CHECK(loaded.complaints.size() == 3);
    CHECK(loaded.complains_of("at least one [[register]]"));
}

TEST_CASE("profile_file: each register's own mistakes", "[firmware][profile_file]") {
    const char* place = "table = \"holding\"\naddress = 0\n";
    const auto wrong = [&](const std::string& keys) { return one(place + keys + "\n"); };
    CHECK(wrong("scale = 0").complains_of("scale must be"));
    CHECK(wrong("scale = nan").complaints.size() >= 1);
    CHECK(wrong("scale = inf").complaints.size() >= 1);
    CHECK(wrong("offset = nan").complaints.size() >= 1);
    CHECK(wrong("range = [5, 1]").complains_of("reversed"));
    CHECK(wrong("range = [5]").complains_of("two numbers"));
    CHECK(wrong("range = [nan, 1]").complains_of("two numbers"));
    CHECK(wrong("unit = \"furlong\"").complains_of("no known unit"));
    CHECK(wrong("missing = [65536]").complains_of("16 bits"));
    CHECK(wrong("missing = [-32769]").complains_of("16 bits"));
    CHECK(wrong("type = \"text\"\nlength = 9\nmissing = [1]").complains_of("belongs to a number"));
    CHECK(wrong("bit = 16").complains_of("bits 0 to 15"));
    CHECK(wrong("bit = -1").complaints.size() >= 1);
    CHECK(wrong("type = \"i16\"\nbit = 1").complains_of("unsigned"));
    CHECK(wrong("type = \"f32\"\nbit = 1").complains_of("unsigned"));
    CHECK(wrong("type = \"bit\"").complains_of("bit = N"));
    CHECK(wrong("bit = 1\nscale = 0.1").complains_of("a bit is 0 or 1"));
    CHECK(wrong("type = \"f32\"\nlabels = {1 = \"a\"}").complains_of("labels"));
    CHECK(wrong("labels = {one = \"a\"}").complains_of("whole number"));
    CHECK(wrong("labels = {1 = \"a\", \"01\" = \"b\"}").complains_of("already"));
    CHECK(wrong("type = \"u13\"").complaints.size() == 1);
    CHECK(wrong("order = \"middle\"").complaints.size() == 1);
    CHECK(wrong("fraction_bits = 64").complaints.size() == 1);
    CHECK(one("table = \"coil\"\naddress = 0\ntype = \"u16\"\n").complains_of("hold bits"));
    CHECK(one("table = \"coil\"\naddress = 0\nbit = 1\n").complains_of("unsigned"));
    CHECK(one("table = \"coil\"\naddress = 0\norder = \"abcd\"\n").complains_of("byte order"));
    CHECK(one("table = \"input\"\naddress = 0\nwritable = true\n").complains_of("written"));
    CHECK(
        one("table = \"discrete_input\"\naddress = 0\nwritable = true\n").complains_of("written"));
    CHECK(one("address = 0\n").complaints.size() == 1);
    CHECK(one("table = \"input\"\n").complaints.size() == 1);
}

TEST_CASE("profile_file: addresses end at 65535, base and width included",
          "[firmware][profile_file]") {
    CHECK(one("table = \"input\"\naddress = 65535\n").complaints.empty());
    CHECK(one("table = \"input\"\naddress = 65535\ntype = \"u32\"\n").complains_of("beyond"));
    const auto based = [](const char* address) {
        return whole(std::string(head) + "base = 40000\n" +
                     view("m", std::string("table = \"input\"\naddress = ") + address));
    };
    CHECK(based("25535").complaints.empty());
    CHECK(based("25536").complains_of("beyond", 4));
}

TEST_CASE("profile_file: a measure is defined once", "[firmware][profile_file]") {
    const auto loaded = with(view("m", "modicon = 30001") + view("m", "modicon = 30002"));
    REQUIRE(loaded.complaints.size() == 1);
    CHECK(loaded.complains_of("defined already at line 3", 6));
}

TEST_CASE("profile_file: two registers on one word with different meaning are refused",
          "[firmware][profile_file]") {
    const auto loaded = with(view("a", "modicon = 30001\ntype = \"u32\"") +
                             view("b", "modicon = 30002\nscale = 0.1"));
    REQUIRE(loaded.complaints.size() == 1);
    CHECK(loaded.complains_of("b overlaps a (line 3)", 7));
    // The same word, but in two tables, is two words.
    CHECK(with(view("a", "modicon = 30001") + view("b", "modicon = 40001")).complaints.empty());
    CHECK(with(view("a", "modicon = 1") + view("b", "modicon = 1")).complains_of("overlaps"));
    CHECK(
        with(view("a", "modicon = 30001") + view("b", "modicon = 30001")).complains_of("overlaps"));
}

TEST_CASE("profile_file: a long register's overlap is found past its neighbour",
          "[firmware][profile_file]") {
    const auto loaded =
        with(view("a", "modicon = 30001\ntype = \"u64\"\nraw = true") +
             view("b", "modicon = 30001\ntype = \"u64\"\nbit = 3") + view("c", "modicon = 30004"));
    CHECK(loaded.complains_of("c overlaps"));
}

TEST_CASE("profile_file: bits share a word, but no bit is two measures",
          "[firmware][profile_file]") {
    const auto bit = [](const char* name, const char* n, const char* more = "") {
        return view(name, std::string("modicon = 40001\nbit = ") + n + "\n" + more);
    };
    CHECK(with(bit("a", "0") + bit("b", "1") + bit("c", "15")).complaints.empty());
    CHECK(with(bit("a", "3") + bit("b", "3")).complains_of("overlaps"));
    // A bit of two words and a bit of one of them may be the same bit: say it one way.
    CHECK(with(bit("a", "0", "type = \"u32\"\n") + bit("b", "1")).complains_of("overlaps"));
}

TEST_CASE("profile_file: the whole word stands beside its bits when it has labels or is raw",
          "[firmware][profile_file]") {
    const auto bit = view("a", "modicon = 40001\nbit = 0");
    CHECK(with(bit + view("word", "modicon = 40001")).complains_of("raw = true"));
    CHECK(with(bit + view("word", "modicon = 40001\nraw = true")).complaints.empty());
    CHECK(with(bit + view("word", "modicon = 40001\nlabels = {1 = \"on\"}")).complaints.empty());
}

TEST_CASE("profile_file: a scale register is reachable in one read and no other measure's word",
          "[firmware][profile_file]") {
    const std::string far = view("m", "modicon = 40001\nscale_register = 200");
    CHECK(whole(std::string(head) + "holes_allowed = true\n" + far).complains_of("max_words"));
    const std::string near = view("m", "modicon = 40001\nscale_register = 5");
    CHECK(whole(std::string(head) + "holes_allowed = true\n" + near).complaints.empty());
    CHECK(with(near).complains_of("address 1 between"));
    CHECK(with(view("m", "modicon = 40001\nscale_register = 0")).complains_of("overlaps"));
    CHECK(with(view("m", "modicon = 40001\nscale_register = 1") + view("n", "modicon = 40002"))
              .complains_of("overlaps"));
    CHECK(with(view("m", "modicon = 40001\nscale_register = 1") +
               view("n", "modicon = 40002\ntype = \"i16\""))
              .complaints.empty());
    CHECK(one("table = \"coil\"\naddress = 0\nscale_register = 1\n").complains_of("a bit has no"));
}

TEST_CASE("profile_file: an example that does not decode to its value is an error",
          "[firmware][profile_file]") {
    const auto reg = view("m", "modicon = 30001\ntype = \"i16\"\nscale = 0.1\nmissing = [0x8000]");
    const auto example = [&](const std::string& keys) {
        return with(reg + "[[example]]\nmeasure = \"m\"\nsource = \"s\"\n" + keys + "\n");
    };
    CHECK(example("words = [305]\nvalue = 30.5").complaints.empty());
    CHECK(example("words = [305]\nvalue = 30.6").complains_of("decodes to 30.5", 9));
    CHECK(example("words = [0x8000]\nmissing = true").complaints.empty());
    CHECK(example("words = [0x8000]\nvalue = -3276.8").complains_of("is missing"));
    CHECK(example("words = [1]\nmissing = true").complains_of("should read as missing"));
    CHECK(example("words = [1]").complains_of("either a value, a text or missing"));
    CHECK(example("words = [1]\nvalue = 0.1\nmissing = true").complains_of("either"));
    CHECK(example("words = [1, 2]\nvalue = 0.1").complains_of("takes 1 words"));
    CHECK(example("value = 0.1").complains_of("takes 1 words"));
    CHECK(example("words = [65536]\nvalue = 0.1").complains_of("no 16-bit word"));
    CHECK(example("words = [1]\nvalue = 0.1\nexponent = 1").complains_of("leave exponent out"));
}

TEST_CASE("profile_file: an example of a scaled register gives the scale register's content",
          "[firmware][profile_file]") {
    const auto reg = view("m", "modicon = 30001\nscale_register = 1");
    const auto example = [&](const std::string& keys) {
        return with(reg + "[[example]]\nmeasure = \"m\"\nsource = \"s\"\nwords = [541]\n" + keys);
    };
    CHECK(example("value = 54.1\nexponent = -1\n").complaints.empty());
    CHECK(example("value = 54.1\n").complains_of("as exponent"));
    CHECK(example("missing = true\nexponent = -32768\n").complaints.empty());
    CHECK(example("value = 1\nexponent = 40000\n").complaints.size() >= 1);
}

TEST_CASE("profile_file: an example of an unknown measure is an error with a hint",
          "[firmware][profile_file]") {
    const auto loaded =
        with(view("battery.charge", "modicon = 30001") +
             "[[example]]\nmeasure = \"battery.chrage\"\nwords = [1]\nvalue = 1\nsource = \"s\"\n");
    REQUIRE(loaded.complaints.size() == 1);
    CHECK(loaded.complains_of("did you mean battery.charge", 6));
}

TEST_CASE("profile_file: a truncated file is one error, not a flood", "[firmware][profile_file]") {
    const auto loaded = whole("title = \"T\"\nsource = \"S\"\n[[register]]\nmeasure = \"m");
    CHECK(loaded.complaints.size() == 1);
    CHECK(loaded.profile.registers.empty());
}

TEST_CASE("profile_file: keys of a wrong type complain and do not throw",
          "[firmware][profile_file]") {
    CHECK_FALSE(
        whole("title = 1\nsource = []\nregister = 3\nexample = \"x\"\n").complaints.empty());
    CHECK_FALSE(one("table = 3\naddress = \"x\"\nmissing = \"y\"\nrange = {}\nlabels = 7\n"
                    "bit = 1.5\nwritable = \"yes\"\nscale = []\n")
                    .complaints.empty());
}

TEST_CASE("profile_file: a profile is as long as the limit and no longer",
          "[firmware][profile_file]") {
    std::string rows;
    for (int i = 0; i < 1024; ++i) {
        rows += view(("m" + std::to_string(i)).c_str(), "modicon = " + std::to_string(30001 + i));
    }
    CHECK(with(rows).complaints.empty());
    CHECK(with(rows + view("more", "modicon = 40001")).complains_of("split the profile"));
}

TEST_CASE("profile_file: a file that is not there is an error with its name",
          "[firmware][profile_file]") {
    Complaints complaints;
    const auto profile = load_profile("/nonexistent/x.toml", complaints);
    REQUIRE(complaints.size() == 1);
    CHECK(complaints.items()[0].place.file == "/nonexistent/x.toml");
    CHECK(profile.registers.empty());
}

TEST_CASE("profile_file: the first folder that has a profile wins, and no name leaves the folders",
          "[firmware][profile_file]") {
    namespace fs = std::filesystem;
    std::string pattern = (fs::temp_directory_path() / "firebreak-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    const fs::path root = pattern;
    fs::create_directories(root / "a");
    fs::create_directories(root / "b");
    std::ofstream(root / "b" / "ups.toml") << head;
    std::ofstream(root / "secret.toml") << head;
    const std::vector<std::string> folders{(root / "a").string(), (root / "b").string()};
    CHECK(find_profile("ups", folders) == (root / "b" / "ups.toml").string());
    std::ofstream(root / "a" / "ups.toml") << head;
    CHECK(find_profile("ups", folders) == (root / "a" / "ups.toml").string());
    CHECK(find_profile("pdu", folders).empty());
    CHECK(find_profile("../secret", folders).empty());
    CHECK(find_profile("", folders).empty());
    fs::remove_all(root);
}
