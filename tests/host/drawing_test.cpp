#include "host/topology/drawing.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

PolicyPlan drawn(int racks) {
    PolicyPlan plan;
    PowerMap map;
    map.upss = {{"ups-a", "pangyo", "battery-1", 10, {}}, {"ups-b", "pangyo", "battery-2", 90, {}}};
    map.pdus = {{"pa", "ups-a", {}}, {"pb", "ups-b", {}}};
    for (int i = 0; i < racks; ++i) {
        const auto name = "rack<" + std::to_string(i) + ">";
        map.racks.push_back(
            {name,
             "pangyo",
             i == 0 ? std::vector<std::string>{"pa"} : std::vector<std::string>{"pa", "pb"},
             {}});
        map.servers.push_back({"s" + std::to_string(i), "pangyo", name, "text", 3, {}});
    }
    map.services = {{"text", 1, {}, {}}, {"text2", 2, {}, {}}};
    Complaints complaints;
    link_power(map, complaints);
    CHECK(complaints.text().empty());
    plan.map = map;
    return plan;
}

}  // namespace

TEST_CASE("drawing: every part stands in the picture and single points are marked",
          "[host][topology]") {
    const auto plan = drawn(4);
    const auto svg = draw_topology(plan);
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    for (const char* label : {"ups-a 8/10 kW, battery-1", "ups-b 4/90 kW", ">pa<", ">pb<",
                              "rack&lt;3&gt; 3.0 kW", "text (tier 1)", "pangyo"}) {
        INFO(label);
        CHECK(svg.find(label) != std::string::npos);
    }
    CHECK(svg.find("rack<") == std::string::npos);
    // The rack on one feed, both services (one site; no server), and the sample in the legend.
    CHECK(count(svg, "stroke=\"#d55e00\"") == 4);
    CHECK(svg.find("service text: all 4 replicas fall with one site, pangyo") != std::string::npos);
}

TEST_CASE("drawing: a site of thousands of racks stays a picture", "[host][topology]") {
    const auto svg = draw_topology(drawn(3000));
    CHECK(svg.find("and 2960 more racks") != std::string::npos);
    CHECK(svg.size() < 100'000);
    CHECK(draw_topology(PolicyPlan{}).empty());
}
