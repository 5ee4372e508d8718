#include "host/guard/maintenance.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

WallTime at(const char* text) {
    return *parse_wall(text);
}

const std::vector<MaintenancePlan> windows = {{{"text", "login"},
                                               at("2026-12-01T22:00:00.000Z"),
                                               at("2026-12-02T04:00:00.000Z"),
                                               "new switches"}};

}  // namespace

TEST_CASE("maintenance: nothing is done from the first instant of a window to before its last",
          "[host][guard]") {
    CHECK_FALSE(guard_maintenance(windows, "text", at("2026-12-01T21:59:59.999Z")));
    CHECK(guard_maintenance(windows, "text", at("2026-12-01T22:00:00.000Z")));
    CHECK(guard_maintenance(windows, "login", at("2026-12-02T03:59:59.999Z")));
    CHECK_FALSE(guard_maintenance(windows, "login", at("2026-12-02T04:00:00.000Z")));
    CHECK(*guard_maintenance(windows, "text", at("2026-12-02T00:00:00.000Z")) ==
          "maintenance: new switches; passes from 2026-12-02T04:00:00.000Z on");
}

TEST_CASE("maintenance: other targets are not held", "[host][guard]") {
    CHECK_FALSE(guard_maintenance(windows, "photos", at("2026-12-02T00:00:00.000Z")));
}

TEST_CASE("maintenance: a clock that was never set cannot tell, and holds those with a window",
          "[host][guard]") {
    CHECK(guard_maintenance(windows, "text", WallTime{}));
    CHECK_FALSE(guard_maintenance(windows, "photos", WallTime{}));
    CHECK_FALSE(guard_maintenance({}, "text", WallTime{}));
}
