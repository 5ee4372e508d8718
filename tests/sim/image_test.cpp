#include "sim/image.hpp"

#include <array>

#include "tests/catch.hpp"

using namespace firebreak;

TEST_CASE("image: reads across stretches and holes count what is defined", "[sim][device]") {
    Image image({20, 21, 10, 11, 12, 65535, 10});
    image.write(10, std::array<std::uint16_t, 3>{1, 2, 3});
    image.write(20, std::array<std::uint16_t, 3>{4, 5, 6});  // the last of them is nowhere
    Words words(13);
    CHECK(image.read(10, words) == 5);
    CHECK(words == Words{1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 4, 5, 0});
    words.resize(2);
    CHECK(image.read(12, words) == 1);
    CHECK(image.read(0, words) == 0);
    CHECK(image.read(13, words) == 0);
    CHECK(image.read(100, words) == 0);
    CHECK(image.at(9) == nullptr);
    CHECK(image.at(13) == nullptr);
    CHECK(image.at(65535) != nullptr);
    CHECK(*image.at(21) == 5);
    CHECK(Image().at(0) == nullptr);
}
