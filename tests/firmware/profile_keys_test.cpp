// The keys for texts, bit fields, periods, tables read whole and stretches never read: what each
// takes, and that each error names its line.
#include <string>

#include "firmware/profile/profile_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

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

/// Below a head of two lines: what is given starts on line 3.
Loaded load(const std::string& rest) {
    Loaded loaded;
    auto file =
        ConfigFile::parse("title = \"T\"\nsource = \"S\"\n" + rest, "p.toml", loaded.complaints);
    loaded.profile = parse_profile(file, "p", loaded.complaints);
    return loaded;
}

/// One register: its first key is on line 5.
Loaded one(const std::string& keys) {
    return load("[[register]]\nmeasure = \"m\"\n" + keys);
}

std::string at(int address, const std::string& keys = "", const std::string& measure = "m") {
    return "[[register]]\nmeasure = \"" + measure + std::to_string(address) +
           "\"\ntable = \"holding\"\naddress = " + std::to_string(address) + "\n" + keys;
}

std::string stretch(const std::string& kind, int address, int count) {
    return "[[" + kind + "]]\ntable = \"holding\"\naddress = " + std::to_string(address) +
           "\ncount = " + std::to_string(count) + "\n";
}

}  // namespace

TEST_CASE("profile_keys: a text has a length in words and nothing that belongs to a number",
          "[firmware][profile_file]") {
    const auto fine =
        one("table = \"holding\"\naddress = 4\ntype = \"text\"\nlength = 16\n"
            "order = \"badc\"\nperiod = \"10m\"\n");
    INFO(fine.complaints.text());
    REQUIRE(fine.complaints.empty());
    CHECK(word_count(fine.profile.registers[0]) == 16);
    CHECK(fine.profile.registers[0].order == WordOrder::badc);
    CHECK(one("modicon = 40001\ntype = \"text\"\n").complains_of("length", 3));
    CHECK_FALSE(one("modicon = 40001\ntype = \"text\"\nlength = 0\n").complaints.empty());
    CHECK_FALSE(one("modicon = 40001\ntype = \"text\"\nlength = 126\n").complaints.empty());
    CHECK(one("modicon = 40001\nlength = 2\n").complains_of("belongs to type = \"text\"", 6));
    for (const std::string key :
         {"scale = 2", "offset = 1", "fraction_bits = 3", "scale_register = 9",
          "scale_modicon = 40010", "range = [0, 1]", "missing = [0]", "labels = {1 = \"a\"}",
          "unit = \"V\"", "raw = true"}) {
        INFO(key);
        CHECK(one("modicon = 40001\ntype = \"text\"\nlength = 2\n" + key + "\n")
                  .complains_of("belongs to a number", 8));
    }
    CHECK(
        one("modicon = 40001\ntype = \"text\"\nlength = 2\nbit = 1\n").complains_of("unsigned", 8));
}

TEST_CASE("profile_keys: a text longer than the device's reads is an error",
          "[firmware][profile_file]") {
    CHECK(load("max_words = 8\n" + at(0, "type = \"text\"\nlength = 9\n"))
              .complains_of("needs a read of 9 words", 4));
    CHECK(load("max_words = 8\n" + at(0, "type = \"text\"\nlength = 8\n")).complaints.empty());
    CHECK(load(at(65530, "type = \"text\"\nlength = 7\n")).complains_of("beyond address 65535", 3));
}

TEST_CASE("profile_keys: a bit field lies inside its word and does not overlap another",
          "[firmware][profile_file]") {
    const auto fine = one("modicon = 40001\nbit = 12\nwidth = 4\nscale = 0.5\n");
    INFO(fine.complaints.text());
    REQUIRE(fine.complaints.empty());
    CHECK(fine.profile.registers[0].width == 4);
    CHECK(one("modicon = 40001\nbit = 13\nwidth = 4\n").complains_of("only bits 0 to 15", 6));
    CHECK(one("modicon = 40001\nwidth = 4\n").complains_of("say which is its first", 6));
    CHECK(one("modicon = 40001\nbit = 1\nscale = 0.5\n").complains_of("a bit is 0 or 1"));
    CHECK(one("modicon = 40001\ntype = \"i16\"\nbit = 1\n").complains_of("unsigned", 7));
    CHECK(one("modicon = 40001\ntype = \"bcd16\"\nbit = 1\n").complains_of("unsigned", 7));
    CHECK(load(at(0, "bit = 0\nwidth = 4\n", "a") + at(0, "bit = 3\n", "b"))
              .complains_of("overlaps a0", 9));
    CHECK(load(at(0, "bit = 0\nwidth = 4\n", "a") + at(0, "bit = 4\n", "b")).complaints.empty());
}

TEST_CASE("profile_keys: decimal digits have the words of their width",
          "[firmware][profile_file]") {
    const auto fine = load(at(0, "type = \"bcd16\"\n") + at(1, "type = \"bcd32\"\n"));
    INFO(fine.complaints.text());
    REQUIRE(fine.complaints.empty());
    CHECK(word_count(fine.profile.registers[0]) == 1);
    CHECK(word_count(fine.profile.registers[1]) == 2);
    const auto bcd =
        at(0, "type = \"bcd16\"\n") + "[[example]]\nmeasure = \"m0\"\nsource = \"s\"\n";
    CHECK(load(bcd + "words = [0x1234]\nvalue = 1234\n").complaints.empty());
    CHECK(load(bcd + "words = [0x123A]\nmissing = true\n").complaints.empty());
    CHECK(load(bcd + "words = [0x123A]\nvalue = 1234\n").complains_of("is no decimal number"));
}

TEST_CASE("profile_keys: a period is a duration of at most a week", "[firmware][profile_file]") {
    const auto fine = one("modicon = 40001\nperiod = \"10m\"\n");
    REQUIRE(fine.complaints.empty());
    CHECK(fine.profile.registers[0].period == Duration(10min));
    CHECK_FALSE(one("modicon = 40001\n").profile.registers[0].period);
    CHECK(one("modicon = 40001\nperiod = \"0s\"\n").complains_of("more than 0s", 6));
    CHECK(one("modicon = 40001\nperiod = \"200h\"\n").complains_of("at most 7d", 6));
    CHECK_FALSE(one("modicon = 40001\nperiod = 10\n").complaints.empty());
}

TEST_CASE("profile_keys: Modicon numbers give a scale register, in the same table",
          "[firmware][profile_file]") {
    const auto scale = [](const std::string& keys) {
        return load("holes_allowed = true\n[[register]]\nmeasure = \"m\"\nmodicon = 40012\n" +
                    keys);
    };
    const auto fine = scale("scale_modicon = 40057\n");
    INFO(fine.complaints.text());
    REQUIRE(fine.complaints.empty());
    CHECK(fine.profile.registers[0].scale_register == 56);
    CHECK(scale("scale_modicon = 400057\n").profile.registers[0].scale_register == 56);
    CHECK(scale("scale_modicon = 30057\n").complains_of("they come in one read", 7));
    CHECK(scale("scale_modicon = 20057\n").complains_of("the first digit", 7));
    CHECK(scale("scale_modicon = 40057\nscale_register = 56\n").complains_of("leave one out", 7));
    CHECK(scale("bit = 1\nscale_modicon = 40057\n").complains_of("a bit has no scale register", 8));
}

TEST_CASE("profile_keys: five and six digits name the same register", "[firmware][profile_file]") {
    const auto address = [](const std::string& number) {
        const auto loaded = one("modicon = " + number + "\n");
        INFO(number << ": " << loaded.complaints.text());
        REQUIRE(loaded.complaints.empty());
        return std::pair(loaded.profile.registers[0].table, loaded.profile.registers[0].address);
    };
    CHECK(address("30113") == std::pair(Table::input, std::uint16_t{112}));
    CHECK(address("300113") == address("30113"));
    CHECK(address("465536") == std::pair(Table::holding, std::uint16_t{65535}));
    CHECK(address("110577") == address("110577"));
    CHECK(address("110577").first == Table::discrete_input);
    CHECK(address("10577") == std::pair(Table::discrete_input, std::uint16_t{576}));
    CHECK(address("9999") == std::pair(Table::coil, std::uint16_t{9998}));
}

TEST_CASE("profile_keys: a table that is read whole is no longer than a read and meets no other",
          "[firmware][profile_file]") {
    const auto fine = load(stretch("whole", 4, 6) + "[[whole]]\nmodicon = 40011\ncount = 4\n" +
                           at(4) + at(9) + at(10));
    INFO(fine.complaints.text());
    REQUIRE(fine.complaints.empty());
    REQUIRE(fine.profile.whole.size() == 2);
    CHECK(fine.profile.whole[0].count == 6);
    CHECK(fine.profile.whole[1].address == 10);
    CHECK(load("max_words = 5\n" + stretch("whole", 4, 6) + at(4)).complains_of("longest read", 4));
    CHECK(load(stretch("whole", 4, 6) + stretch("whole", 9, 2) + at(4))
              .complains_of("overlaps the table at 4 (line 3)", 7));
    CHECK(
        load(stretch("whole", 4, 6) + stretch("whole", 4, 6) + at(4)).complains_of("overlaps", 7));
    CHECK(load(stretch("whole", 65530, 7) + at(4)).complains_of("beyond address 65535", 6));
    CHECK(load("base = 65530\n" + stretch("whole", 4, 6) + at(4))
              .complains_of("beyond address 65535 (base 65530)", 4));
    CHECK_FALSE(load(stretch("whole", 4, 0) + at(4)).complaints.empty());
    CHECK(load("[[whole]]\ntable = \"holding\"\naddress = 4\n" + at(4)).complains_of("count", 3));
    CHECK(load(stretch("whole", 4, 6) + "lenght = 4\n" + at(4)).complains_of("lenght", 7));
}

TEST_CASE("profile_keys: a register stands inside a whole table or outside, not half",
          "[firmware][profile_file]") {
    CHECK(load(stretch("whole", 4, 6) + at(9, "type = \"u32\"\n")).complains_of("stands half", 7));
    CHECK(load(stretch("whole", 4, 6) + at(3, "type = \"u32\"\n")).complains_of("stands half", 7));
    CHECK(load(stretch("whole", 4, 6) + at(8, "type = \"u32\"\n")).complaints.empty());
    // What lies between a register and its scale register comes with the table anyway.
    CHECK(load(stretch("whole", 4, 6) + at(4, "scale_register = 9\n")).complaints.empty());
    CHECK(load(at(4, "scale_register = 9\n")).complains_of("undefined", 3));
}

TEST_CASE("profile_keys: nothing stands where nothing may be read", "[firmware][profile_file]") {
    CHECK(load(stretch("forbidden", 5, 2) + at(4) + at(7)).complaints.empty());
    CHECK(load(stretch("forbidden", 5, 2) + at(4, "type = \"u32\"\n"))
              .complains_of("m4 stands where nothing may be read, at 5 to 6", 7));
    CHECK(
        load("holes_allowed = true\n" + stretch("forbidden", 5, 2) + at(4, "scale_register = 9\n"))
            .complains_of("nothing may be read", 8));
    CHECK(load(stretch("whole", 4, 6) + stretch("forbidden", 5, 2) + at(4))
              .complains_of("line 7 forbids", 3));
}

TEST_CASE("profile_keys: one register at a time leaves no room for a scale register",
          "[firmware][profile_file]") {
    CHECK(load("one_at_a_time = true\n" + at(0) + at(1, "type = \"u32\"\n")).complaints.empty());
    CHECK(load("one_at_a_time = true\n" + at(0)).profile.one_at_a_time);
    CHECK(load("one_at_a_time = true\n" + at(0, "scale_register = 1\n"))
              .complains_of("one_at_a_time forbids", 4));
}

TEST_CASE("profile_keys: an example of a text gives the text and nothing else",
          "[firmware][profile_file]") {
    const auto example = [](const std::string& keys) {
        return load(at(0, "type = \"text\"\nlength = 2\n") +
                    "[[example]]\nmeasure = \"m0\"\nsource = \"s\"\n" + keys);
    };
    CHECK(example("words = [0x5550, 0x5300]\ntext = \"UPS\"\n").complaints.empty());
    CHECK(example("words = [0, 0]\nmissing = true\n").complaints.empty());
    CHECK(example("words = [0, 65]\nmissing = true\n").complains_of("but reads \"A\"", 9));
    CHECK(example("words = [0x5550, 0x5300]\ntext = \"USP\"\n")
              .complains_of("should be \"USP\" but reads \"UPS\"", 9));
    CHECK(example("words = [0x5550]\ntext = \"UP\"\n").complains_of("takes 2 words", 9));
    CHECK(example("words = [0x5550, 0x5300]\nvalue = 1\n").complains_of("is missing: a text", 9));
    CHECK(example("words = [0x5550, 0x5300]\ntext = \"UPS\"\nvalue = 1\n").complains_of("either"));
    CHECK(load(at(0) + "[[example]]\nmeasure = \"m0\"\nsource = \"s\"\nwords = [1]\ntext = \"1\"\n")
              .complains_of("reads \"\"", 7));
}

TEST_CASE("profile_keys: all errors come at once, each at its line", "[firmware][profile_file]") {
    const auto loaded = load(
        "one_at_a_time = 1\n"                      // 3
        "[[whole]]\nmodicon = 70001\ncount = 3\n"  // 4 to 6
        "[[forbidden]]\ntable = \"rom\"\n"         // 7, 8
        "address = 3\ncount = 99999\n"             // 9, 10
        "[[register]]\nmeasure = \"a\"\n"          // 11, 12
        "modicon = 40001\nbit = 15\nwidth = 2\n"   // 13 to 15
        "[[register]]\nmeasure = \"b\"\n"          // 16, 17
        "modicon = 40002\ntype = \"text\"\n"       // 18, 19
        "length = 500\nperiod = \"soon\"\n");      // 20, 21
    INFO(loaded.complaints.text());
    for (const int line : {3, 5, 8, 10, 14, 20, 21}) {
        INFO(line);
        CHECK(loaded.complains_of("", line));
    }
    CHECK(loaded.complaints.size() == 7);
}
