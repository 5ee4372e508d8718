#include "host/topology/csv.hpp"

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

TEST_CASE("csv: every error has its line and column", "[host][topology]") {
    CHECK(complaints_of("a,b\n1\n1,2,3\n1,2\n") ==
          "devices.csv:2:1: 1 cells, but the header has 2\n"
          "devices.csv:3:1: 3 cells, but the header has 2\n");
    CHECK(complaints_of("a,b\n1,\"open\n").starts_with("devices.csv:2:3: a quote that is never"));
    CHECK(complaints_of("a,b\n\"x\"y,2\n").starts_with("devices.csv:2:4: text after a closing"));
}

TEST_CASE("csv: any bytes are read to their end", "[host][topology]") {
    const std::string alphabet = "a,\"\n\r";
    for (unsigned i = 0; i < 5 * 5 * 5 * 5 * 5 * 5; ++i) {
        std::string text;
        for (unsigned rest = i, length = 0; length < 6; ++length, rest /= 5) {
            text += alphabet[rest % 5];
        }
        Complaints complaints;
        const auto table = parse(text, complaints);
        for (const auto& row : table.rows()) CHECK(row.size() == table.header().size());
    }
}
