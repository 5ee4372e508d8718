// Counters as a real HAProxy 2.6.12 wrote them: "show stat text 6 -1".
#include "host/actuate/haproxy_stat.hpp"

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string header =
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,"
    "hrsp_5xx,hrsp_other,last_chk,mode,\n";

/// As many as succeeded, failed with 5xx, and could not be connected to.
std::string row(const std::string& name, int waiting, int good, int wrong, int unconnected,
                const std::string& backend = "text") {
    return fmt::format(
        "{},{},{},0,0,1,,{},{},0,0,{},0,0,{},0,\"Layer7 \"\"wrong\"\", 503\",http,\n", backend,
        name, waiting, good + wrong + unconnected, unconnected, good, wrong);
}

BackendCounters read(const std::string& rows) {
    const auto counters = parse_stat(header + rows + '\n', "text");
    INFO((counters ? "" : counters.error().what));
    REQUIRE(counters);
    return *counters;
}

Fault fault_of(const std::string& answer) {
    const auto counters = parse_stat(answer, "text");
    REQUIRE_FALSE(counters);
    return counters.error().fault;
}

}  // namespace

TEST_CASE("haproxy stat: queues are gauges, what was tried and what failed are counters",
          "[host][haproxy]") {
    const auto counters = read(row("a", 2, 90, 7, 3) + row("BACKEND", 5, 0, 0, 0));
    CHECK(counters.waiting == 5);
    CHECK(counters.servers.at("a").waiting == 2);
    CHECK(counters.servers.at("a").tries == 100);
    CHECK(counters.servers.at("a").failures == 10);
}

TEST_CASE("haproxy stat: in mode tcp sessions are what was tried", "[host][haproxy]") {
    const auto counters = read(
        "text,a,0,0,0,1,,40,4,1,,,,,,,,tcp,\ntext,BACKEND,0,0,0,1,,40,4,1,"
        ",,,,,,,tcp,\n");
    CHECK(counters.servers.at("a").tries == 40);
    CHECK(counters.servers.at("a").failures == 5);
}

TEST_CASE("haproxy stat: only receivers count, and only what came between two readings",
          "[host][haproxy]") {
    const auto before =
        read(row("a", 0, 100, 50, 0) + row("b", 0, 10, 0, 0) + row("BACKEND", 0, 0, 0, 0));
    const auto now =
        read(row("a", 9, 200, 150, 0) + row("b", 3, 60, 5, 5) + row("BACKEND", 4, 0, 0, 0));
    const auto seen = feedback_between(before, now, 2s, {"b"});
    CHECK(seen == Feedback{7, 60, 10, 2s});
    CHECK(feedback_between(before, now, 2s, {}) == Feedback{4, 0, 0, 2s});
    // A server that is new has no counters to compare with, and waits all the same.
    CHECK(feedback_between(BackendCounters{}, now, 2s, {"b"}) == Feedback{7, 0, 0, 2s});
}

TEST_CASE("haproxy stat: after a reload the rates are not known", "[host][haproxy]") {
    const auto before = read(row("a", 0, 100, 0, 0) + row("BACKEND", 0, 0, 0, 0));
    const auto now = read(row("a", 1, 3, 2, 0) + row("BACKEND", 0, 0, 0, 0));
    CHECK(feedback_between(before, now, 2s, {"a"}) == Feedback{1, 0, 0, 0s});
}

TEST_CASE("haproxy stat: what is not the whole of it is no figure", "[host][haproxy]") {
    CHECK(fault_of("No such proxy.\n\n") == Fault::refused);
    CHECK(fault_of("") == Fault::refused);
    CHECK(fault_of(header + row("a", 0, 1, 0, 0) + row("BACKEND", 0, 0, 0, 0)) == Fault::corrupt);
    CHECK(fault_of(header + row("a", 0, 1, 0, 0) + '\n') == Fault::corrupt);
    CHECK(fault_of(header + row("BACKEND", 0, 0, 0, 0, "login") + '\n') == Fault::corrupt);
    CHECK(fault_of(header + "text,BACKEND,-1\n\n") == Fault::corrupt);
    CHECK(fault_of(header + "text,BACKEND,x,0,0,1,,0,0,0,0,0,0,0,0,0,,http,\n\n") ==
          Fault::corrupt);
    CHECK(fault_of("# pxname,svname,qcur,\ntext,BACKEND,0,\n\n") == Fault::corrupt);
}
