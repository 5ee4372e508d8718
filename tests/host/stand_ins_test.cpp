#include "host/actuate/stand_ins.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

TEST_CASE("stand-ins: of what an answer invents only so much is believed, and plain names",
          "[host][exec]") {
    ItemStates shown = {{"a b", "ready"},         {"z", "drain"},
                        {"c\nd", "ready"},        {"", "ready"},
                        {"caf\xc3\xa9", "ready"}, {std::string(256, 'x'), "ready"}};
    CHECK(believed_of(shown, {"a b", "z"}) == ItemStates{{"a b", "ready"}, {"z", "drain"}});
    shown["seoul-a"] = "ready";
    CHECK(believed_of(shown, {"z"}) == ItemStates{{"seoul-a", "ready"}, {"z", "drain"}});
    for (int i = 0; i < 5000; ++i) shown["invented-" + std::to_string(i)] = "ready";
    const auto some = believed_of(shown, {"z"});
    CHECK(some.size() == most_stand_ins + 1);
    CHECK(some.at("z") == "drain");
}
