// The NUT actuator against a real upsd: a driver of the test's behind it, and NUT's own dummy-ups,
// which says yes to load.off and does nothing.
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/actuate/nut.hpp"
#include "tests/catch.hpp"
#include "tests/peers/nut_server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Step step(const std::string& item, const std::string& action) {
    return {"id", "loads", item, action, Posture::shed, "pangyo/room/gas"};
}

std::unique_ptr<Actuator> actuator(const NutServer& server, std::vector<std::string> items,
                                   Duration timeout = 10s) {
    return make_nut({"ups", server.address(), timeout, NutEndpoint{server.login()}},
                    {{"loads", std::move(items)}}, -1);
}

/// Once upsd has heard its drivers.
bool reads(Actuator& ours, const ItemStates& states) {
    return eventually([&] {
        const auto now = ours.observe("loads");
        return now && *now == states;
    });
}

Error error_of(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error();
}

}  // namespace

TEST_CASE("nut: loads are switched off and on, all of a UPS or one outlet, and read back",
          "[system][nut]") {
    NutServer server;
    const auto ours = actuator(server, {"rack", "rack:1", "rack:2", "rack:9", "nowhere"});
    // An outlet nobody tells of cannot be told, a UPS that upsd does not know is absent.
    const ItemStates on = {
        {"rack", "on"}, {"rack:1", "on"}, {"rack:2", "on"}, {"rack:9", "unknown"}};
    REQUIRE(reads(*ours, on));
    auto states = ours->apply("loads", {step("rack:2", "off")});
    REQUIRE(states);
    CHECK(states->at("rack:2") == "off");
    CHECK(states->at("rack:1") == "on");
    CHECK(ours->apply("loads", {step("rack", "off")})->at("rack") == "off");
    CHECK(ours->apply("loads", {step("rack", "off")})->at("rack") == "off");  // is off: not told
    CHECK(*ours->apply("loads", {step("rack", "on"), step("rack:2", "on")}) == on);
    CHECK(server.commands() == "outlet.2.load.off load.off load.on outlet.2.load.on ");
}

TEST_CASE("nut: a slow UPS is read again until it has done it, within the timeout",
          "[system][nut]") {
    NutServer server;
    server.set_delay(70);
    const auto ours = actuator(server, {"rack"});
    REQUIRE(reads(*ours, {{"rack", "on"}}));
    CHECK(ours->apply("loads", {step("rack", "off")})->at("rack") == "off");
    server.set_delay(100000);
    CHECK(actuator(server, {"rack"}, 1s)->apply("loads", {step("rack", "on")})->at("rack") ==
          "off");
}

TEST_CASE("nut: a UPS that says yes and does nothing is found out", "[system][nut]") {
    const NutServer server;
    const auto ours = actuator(server, {"room"}, 2s);
    REQUIRE(reads(*ours, {{"room", "on"}}));
    CHECK(ours->apply("loads", {step("room", "off")})->at("room") == "on");
}

TEST_CASE("nut: a UPS that upsd does not hear cannot be told, and keeps no other back",
          "[system][nut]") {
    NutServer server;
    const auto ours = actuator(server, {"rack", "room"});
    REQUIRE(reads(*ours, {{"rack", "on"}, {"room", "on"}}));
    server.say_stale(true);
    REQUIRE(reads(*ours, {{"rack", "unknown"}, {"room", "on"}}));
    server.say_stale(false);
    REQUIRE(reads(*ours, {{"rack", "on"}, {"room", "on"}}));
    server.say("ups.status", "OFF");
    CHECK(reads(*ours, {{"rack", "off"}, {"room", "on"}}));
}

TEST_CASE("nut: what upsd refuses is told, and the others are done", "[system][nut]") {
    NutServer server;
    const auto ours = actuator(server, {"rack", "rack:1", "room"});
    REQUIRE(reads(*ours, {{"rack", "on"}, {"rack:1", "on"}, {"room", "on"}}));
    server.say("outlet.3.status", "on");  // it has no commands for that one
    const auto three = actuator(server, {"rack:3", "rack:1"});
    REQUIRE(reads(*three, {{"rack:3", "on"}, {"rack:1", "on"}}));
    const auto error =
        error_of(three->apply("loads", {step("rack:3", "off"), step("rack:1", "off")}));
    CHECK(error.fault == Fault::refused);
    CHECK(error.what == "ups: rack:3: CMD-NOT-SUPPORTED");
    CHECK(reads(*ours, {{"rack", "on"}, {"rack:1", "off"}, {"room", "on"}}));
}

TEST_CASE("nut: a forced shutdown is announced and cannot be taken back", "[system][nut]") {
    NutServer server;
    const auto ours = actuator(server, {"rack"});
    REQUIRE(reads(*ours, {{"rack", "on"}}));
    CHECK(ours->apply("loads", {step("rack", "fsd")})->at("rack") == "fsd");
    CHECK(ours->apply("loads", {step("rack", "fsd")})->at("rack") == "fsd");
    const auto error = error_of(ours->apply("loads", {step("rack", "on")}));
    CHECK(error.fault == Fault::refused);
    CHECK(error.what ==
          "ups: rack: its shutdown cannot be taken back: restart its driver and upsd");
    CHECK(server.commands().empty());
}

TEST_CASE("nut: whom upsd does not know switches nothing", "[system][nut]") {
    NutServer server;
    const auto ours = actuator(server, {"rack"});
    REQUIRE(reads(*ours, {{"rack", "on"}}));
    for (const auto& [user, password] : {std::pair("fire", "wrong"), std::pair("guest", "guest")}) {
        server.log_in_as(user, password);
        const auto error = error_of(ours->apply("loads", {step("rack", "off")}));
        CHECK(error.fault == Fault::refused);
        CHECK(error.what == "ups: rack: ACCESS-DENIED");
    }
    server.log_in_as("fire", "");
    CHECK(error_of(ours->apply("loads", {step("rack", "off")})).fault == Fault::config);
    CHECK(server.commands().empty());
}

TEST_CASE("nut: nobody there is port lost, one who never answers costs the timeout",
          "[system][nut]") {
    const NutServer server;
    const auto at = [&](int port, Duration timeout, int stop) {
        return make_nut(
            {"ups", "127.0.0.1:" + std::to_string(port), timeout, NutEndpoint{server.login()}},
            {{"loads", {"rack"}}}, stop);
    };
    CHECK(error_of(at(free_port(), 1s, -1)->observe("loads")).fault == Fault::port_lost);
    const int mute = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    REQUIRE(::bind(mute, reinterpret_cast<sockaddr*>(&where), size) == 0);
    REQUIRE(::listen(mute, 4) == 0);
    REQUIRE(::getsockname(mute, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    const int port = ntohs(where.sin_port);
    CHECK(error_of(at(port, 300ms, -1)->observe("loads")).fault == Fault::timeout);
    const int stop = ::eventfd(1, EFD_CLOEXEC);
    CHECK(error_of(at(port, 1h, stop)->observe("loads")).fault == Fault::timeout);
    ::close(stop);
    ::close(mute);
}
