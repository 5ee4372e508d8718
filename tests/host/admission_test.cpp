#include "host/drain/admission.hpp"

#include <random>

#include "tests/catch.hpp"

using namespace firebreak;
using Shares = std::vector<double>;

TEST_CASE("admission: the important in full, the first tier that does not fit in proportion",
          "[host][drain]") {
    const std::vector<Inflow> inflows = {{1, 40}, {5, 30}, {3, 30}, {3, 10}};
    CHECK(admit(inflows, 200, {}, 0.1) == Shares{1, 1, 1, 1});
    CHECK(admit(inflows, 95, {}, 0.1) == Shares{1, 0.5, 1, 1});
    CHECK(admit(inflows, 60, {}, 0.1) == Shares{1, 0, 0.5, 0.5});
    CHECK(admit(inflows, 20, {}, 0.1) == Shares{0.5, 0, 0, 0});
    CHECK(admit(inflows, 0, {}, 0.1) == Shares{0, 0, 0, 0});
}

TEST_CASE("admission: a share falls at once and rises only into room to spare", "[host][drain]") {
    const auto at = [](double load, double before) {
        return admit({{1, 50}, {5, load}}, 100, {1, before}, 0.1)[1];
    };
    CHECK(at(100, 1) == Approx(0.5));
    CHECK(at(98, 0.5) == Approx(0.5));  // a little less: no swing
    CHECK(at(50, 0.5) == Approx(0.8));  // up as far as nine tenths of the site hold
    CHECK(at(40, 0.8) == Approx(1));
    CHECK(at(49, 1) == Approx(1));  // what is in is not turned out for the spare room
}

TEST_CASE("admission: who has just come is not before a better that waits for room to spare",
          "[host][drain]") {
    // The first may have 100 of 101, and takes 91 of it as long as that is all that is to spare.
    const auto shares = admit({{1, 100}, {5, 1}}, 101, {0.5, 1}, 0.1);
    CHECK(shares[0] == Approx(0.909));
    CHECK(shares[1] == Approx(0.909));
}

TEST_CASE("admission: of 2,000 sites none gets more than it holds, and no tier before a better",
          "[host][drain]") {
    std::mt19937 chance(5);
    const auto draw = [&](double most) {
        return std::uniform_real_distribution<double>(0, most)(chance);
    };
    Shares before;
    for (int round = 0; round < 2000; ++round) {
        std::vector<Inflow> inflows;
        for (int i = 0; i < 6; ++i) inflows.push_back({1 + static_cast<int>(draw(5)), draw(50)});
        const auto capacity = draw(200);
        const auto shares = admit(inflows, capacity, before, 0.1);
        double carried = 0;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            CHECK((shares[i] >= 0 && shares[i] <= 1));
            carried += shares[i] * inflows[i].load;
        }
        CHECK(carried <= capacity + 1e-9);
        before = round % 2 == 0 ? shares : Shares{};
        if (!before.empty()) continue;
        const auto fresh = admit(inflows, capacity, {}, 0.1);
        for (std::size_t i = 0; i < fresh.size(); ++i) {
            for (std::size_t j = 0; j < fresh.size(); ++j) {
                if (inflows[i].tier < inflows[j].tier) CHECK((fresh[i] == 1 || fresh[j] == 0));
            }
        }
    }
}

TEST_CASE("admission: items go down in whole numbers, never too few", "[host][drain]") {
    CHECK(items_down(10, 1) == 0);
    CHECK(items_down(10, 0.55) == 5);
    CHECK(items_down(10, 0.5) == 5);
    CHECK(items_down(3, 0.99) == 1);
    CHECK(items_down(4, 0) == 4);
    CHECK(items_down(0, 0.5) == 0);
}
