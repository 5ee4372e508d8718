#include "host/restore/restore_file.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

RestorePlan restore(const std::string& text, Complaints& complaints) {
    auto file = ConfigFile::parse("[restore]\n" + text, "policy.toml", complaints);
    return read_restore(*file.root().table("restore"));
}

}  // namespace

TEST_CASE("restore file: what is said counts, what is not has its default", "[host][restore]") {
    Complaints complaints;
    const auto plain = restore("", complaints);
    CHECK(plain.staged);
    CHECK(plain.announce == 30s);
    CHECK(plain.inrush_kw == 0);
    CHECK(plain.stuck == WhenStuck::wait);
    const auto full = restore("announce = \"1m\"\ninrush_kw = 40\nstuck = \"pass\"\n", complaints);
    CHECK(full.announce == 1min);
    CHECK(full.inrush_kw == 40);
    CHECK(full.stuck == WhenStuck::pass);
    CHECK(describe(full).find("at most 40.0 kW a UPS within 10s") != std::string::npos);
    CHECK(complaints.text().empty());
    CHECK_FALSE(RestorePlan{}.staged);
}

TEST_CASE("restore file: what makes no sense is said with its place", "[host][restore]") {
    const auto says = [](const std::string& text, const std::string& what) {
        Complaints complaints;
        static_cast<void>(restore(text, complaints));
        UNSCOPED_INFO(complaints.text());
        return complaints.text().find(what) != std::string::npos;
    };
    CHECK(says("settle = \"2h\"\n", "policy.toml:2:1: \"settle\" must be at most 1h"));
    CHECK(says("inrush_kw = -1\n", "inrush_kw"));
    CHECK(says("stuck = \"hope\"\n", "stuck"));
    CHECK(says("inrush = 3\n", "inrush_kw"));
}

TEST_CASE("restore file: a drain passes what is stuck unless it is told to wait", "[host][drain]") {
    Complaints complaints;
    auto file =
        ConfigFile::parse("[drain]\nstuck = \"wait\"\nstuck_after = \"5s\"\n", "p", complaints);
    const auto plan = read_drain(*file.root().table("drain"));
    CHECK(plan.stuck == WhenStuck::wait);
    CHECK(plan.stuck_after == 5s);
    CHECK(DrainPlan{}.stuck == WhenStuck::pass);
    CHECK(complaints.text().empty());
}
