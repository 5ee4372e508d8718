// upsd's side of these lines was captured from upsd 2.8.0 (Debian 12).
#include "host/actuate/nut_text.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const NutItem rack = {"rack", ""};
const NutItem second = {"rack", "2"};

}  // namespace

TEST_CASE("nut text: an item is a UPS or one of its outlets", "[host][nut]") {
    CHECK(parse_nut_item("rack")->outlet.empty());
    CHECK(parse_nut_item("rack:12")->outlet == "12");
    for (const char* bad :
         {"", ":1", "rack:", "rack:0", "rack:01", "rack:x", "rack:1:2", "rack:9999"}) {
        CHECK_FALSE(parse_nut_item(bad));
    }
}

TEST_CASE("nut text: commands are the instant commands of RFC 9271, or FSD", "[host][nut]") {
    CHECK(nut_command(rack, "off") == "INSTCMD rack load.off");
    CHECK(nut_command(rack, "on") == "INSTCMD rack load.on");
    CHECK(nut_command(second, "off") == "INSTCMD rack outlet.2.load.off");
    CHECK(nut_command(rack, "fsd") == "FSD rack");
    CHECK(nut_quoted(R"(a "b" \c)") == R"("a \"b\" \\c")");
}

TEST_CASE("nut text: answers are yes, no, or cannot be told", "[host][nut]") {
    for (const char* yes : {"OK", "OK FSD-SET", "OK TRACKING 1bd31808"}) CHECK(parse_nut_done(yes));
    CHECK(parse_nut_done("ERR ACCESS-DENIED").error().fault == Fault::refused);
    CHECK(parse_nut_done("ERR CMD-NOT-SUPPORTED").error().what == "CMD-NOT-SUPPORTED");
    CHECK(parse_nut_done("ERR DATA-STALE").error().fault == Fault::stale);
    CHECK(parse_nut_done("ERR DRIVER-NOT-CONNECTED").error().fault == Fault::stale);
    for (const char* bad : {"", "ERR", "okay", "HTTP/1.1 400", "\x01\xff"}) {
        CHECK(parse_nut_done(bad).error().fault == Fault::corrupt);
    }
}

TEST_CASE("nut text: a value is of the variable that was asked for", "[host][nut]") {
    const auto value = [](std::string_view line) { return parse_nut_value(line, "rack", "a"); };
    CHECK(**value(R"(VAR rack a "OL CHRG")") == "OL CHRG");
    CHECK(**value(R"(VAR rack a "")") == "");
    CHECK(**value(R"(VAR rack a "a \"b\" \\c")") == R"(a "b" \c)");
    CHECK_FALSE(*value("ERR VAR-NOT-SUPPORTED"));
    CHECK(value("ERR UNKNOWN-UPS").error().fault == Fault::refused);
    CHECK(value("ERR DATA-STALE").error().fault == Fault::stale);
    for (const char* bad : {R"(VAR room a "OL")", R"(VAR rack b "OL")", "VAR rack a", "OK", ""}) {
        CHECK(value(bad).error().fault == Fault::corrupt);
    }
}

TEST_CASE("nut text: only what is said makes a load on or off", "[host][nut]") {
    CHECK(state_of(rack, "OL", {}) == "on");
    CHECK(state_of(rack, "OB DISCHRG LB", {}) == "on");
    CHECK(state_of(rack, "OFF", "on") == "off");
    CHECK(state_of(rack, "OL", "Off") == "off");
    CHECK(state_of(rack, "FSD OB LB", "on") == "fsd");
    CHECK(state_of(rack, "CAL", {}) == cannot_tell);
    CHECK(state_of(rack, {}, {}) == cannot_tell);
    CHECK(state_of(rack, {}, "on") == "on");
    CHECK(state_of(second, "OFF", "on") == "on");
    CHECK(state_of(second, "OL", {}) == cannot_tell);
    CHECK(state_of(second, "OL", "yes") == cannot_tell);
}
