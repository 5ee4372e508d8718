#include "host/topology/csv.hpp"

#include <algorithm>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

CsvTable parse(const std::string& text, Complaints& complaints) {
    return CsvTable::parse(text, "devices.csv", complaints);
}

std::string complaints_of(const std::string& text) {
    Complaints complaints;
    static_cast<void>(parse(text, complaints));
    return complaints.text();
}

}  // namespace

TEST_CASE("csv: quotes hold commas, line ends and doubled quotes", "[host][topology]") {
    Complaints complaints;
    const auto table = parse("Name,Comment\r\ns1,\"a, \"\"b\"\"\nc\"\r\n\r\ns2,", complaints);
    CHECK(complaints.text().empty());
    REQUIRE(table.rows().size() == 2);
    CHECK(table.rows()[0][1].text == "a, \"b\"\nc");
    CHECK(table.rows()[1][0].text == "s2");
    CHECK(table.rows()[1][1].text.empty());
    CHECK(table.rows()[1][0].place == Place{"devices.csv", 5, 1});
    CHECK(table.rows()[0][1].place == Place{"devices.csv", 2, 4});
}

TEST_CASE("csv: a column is found by any of its names, whatever its case and blanks",
          "[host][topology]") {
    Complaints complaints;
    const auto table = parse("\xef\xbb\xbfName,Device Role\n", complaints);
    CHECK(table.column({"name"}) == 0);
    CHECK(table.column({"role", "device_role"}) == 1);
    CHECK_FALSE(table.column({"site"}));
}

TEST_CASE("csv: cells are separated as the header's are: by commas, semicolons or tabs",
          "[host][topology]") {
    Complaints complaints;
    for (const std::string by : {",", ";", "\t"}) {
        INFO(by);
        const auto table = parse("Name" + by + "\"Site, of; \t\"" + by + "Rack\r\ns1" + by + by +
                                     "r1\r\n" + by + by + "\r\n",
                                 complaints);
        REQUIRE(table.header().size() == 3);
        CHECK(table.header()[1].text == "Site, of;");
        REQUIRE(table.rows().size() == 1);  // a row of empty cells is none
        CHECK(table.rows()[0][1].text.empty());
        CHECK(table.rows()[0][2].text == "r1");
    }
    // One of another kind within a name is no separator.
    CHECK(parse("Name;Site (city, country);Rack\na;b, c;d\n", complaints).rows()[0][1].text ==
          "b, c");
    CHECK(complaints.text().empty());
}

TEST_CASE("csv: blanks around a cell are none of it", "[host][topology]") {
    Complaints complaints;
    const auto table = parse(" Name ,Site\t, Rack\n s1 , \" Pangyo \" ,\t\n", complaints);
    CHECK(complaints.text().empty());
    CHECK(table.column({"rack"}) == 2);
    CHECK(table.rows()[0][0].text == "s1");
    CHECK(table.rows()[0][0].place == Place{"devices.csv", 2, 2});
    CHECK(table.rows()[0][1].text == "Pangyo");
    CHECK(table.rows()[0][2].text.empty());
}

TEST_CASE("csv: what is no UTF-8 is to be saved as such", "[host][topology]") {
    const std::string told =
        "devices.csv:1:1: this is no UTF-8 (it may be UTF-16): save it as UTF-8\n";
    using namespace std::string_literals;
    CHECK(complaints_of("\xff\xfen\0a\0"s) == told);
    CHECK(complaints_of("\xfe\xff\0n\0a"s) == told);
    CHECK(complaints_of("n\0a\0m\0e\0\n\0"s) == told);
    Complaints complaints;
    CHECK_FALSE(parse("\xff\xfe", complaints).readable());
    CHECK(parse("name\n", complaints).readable());
}

TEST_CASE("csv: every error has its line and column", "[host][topology]") {
    CHECK(complaints_of("a,b\n1\n1,2,3\n1,2\n") ==
          "devices.csv:2:1: 1 cells, but the header has 2\n"
          "devices.csv:3:1: 3 cells, but the header has 2\n");
    CHECK(complaints_of("a,b\n1,\"open\n").starts_with("devices.csv:2:3: a quote that is never"));
    CHECK(complaints_of("a,b\n\"x\"y,2\n").starts_with("devices.csv:2:4: text after a closing"));
}

TEST_CASE("csv: any bytes are read to their end", "[host][topology]") {
    const std::string alphabet = "a,\"\n ";
    for (unsigned i = 0; i < 5 * 5 * 5 * 5 * 5 * 5; ++i) {
        std::string text;
        for (unsigned rest = i, length = 0; length < 6; ++length, rest /= 5) {
            text += alphabet[rest % 5];
        }
        if (i % 2 == 0) std::replace(text.begin(), text.end(), ' ', '\r');
        Complaints complaints;
        const auto table = parse(text, complaints);
        for (const auto& row : table.rows()) CHECK(row.size() == table.header().size());
    }
}
