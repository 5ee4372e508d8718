// HAProxy's side of these texts was captured from HAProxy 2.6.12 (Debian 12).
#include "host/actuate/haproxy_text.hpp"

#include <algorithm>

#include "host/actuate/stream.hpp"
#include "host/ledger.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string header =
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
    "srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health "
    "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord "
    "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n";

std::string row(const std::string& server, int operational, int admin, int weight = 1) {
    return "3 text 1 " + server + " 127.0.0.1 " + std::to_string(operational) + ' ' +
           std::to_string(admin) + ' ' + std::to_string(weight) +
           " 1 2 1 0 2 0 0 0 0 - 29001 - 0 0 - - 0\n";
}

Step drain(const std::string& server) {
    return {"id", "text", server, "drain", Posture::drain, "pangyo/room/gas"};
}

Result<ItemStates> parse_state_answer(std::string_view answer, std::string_view backend) {
    const auto servers = parse_servers(answer, backend);
    if (!servers) return tl::unexpected(servers.error());
    return states_of(*servers, false);
}

std::string state_of(int operational, int admin, int weight = 1) {
    const auto states =
        parse_state_answer("1\n" + header + row("s", operational, admin, weight) + "\n", "text");
    REQUIRE(states);
    return states->at("s");
}

}  // namespace

TEST_CASE("haproxy text: a captured table reads as ready, drain, maint and down",
          "[host][haproxy]") {
    const std::string captured =
        "\n\n\n1\n" + header +
        "3 text 1 pangyo-a 127.0.0.1 2 8 1 1 0 1 0 2 0 0 0 0 - 29001 - 0 0 - - 0\n"
        "3 text 2 pangyo-b 127.0.0.1 0 1 1 1 0 1 0 0 0 0 0 0 - 29002 - 0 0 - - 0\n"
        "3 text 3 seoul-a 127.0.0.1 0 0 1 1 2 8 2 0 6 0 0 0 - 29003 - 0 0 - - 0\n"
        "3 text 4 seoul-b 127.0.0.1 2 0 1 1 2 1 0 2 0 0 0 0 - 29004 - 0 0 - - 0\n\n";
    const auto states = parse_state_answer(captured, "text");
    REQUIRE(states);
    CHECK(*states == ItemStates{{"pangyo-a", "drain"},
                                {"pangyo-b", "maint"},
                                {"seoul-a", "down"},
                                {"seoul-b", "ready"}});
}

TEST_CASE("haproxy text: every administrative bit is told apart", "[host][haproxy]") {
    CHECK(state_of(2, 0x00) == "ready");
    CHECK(state_of(1, 0x00) == "ready");
    CHECK(state_of(3, 0x00) == "down");  // soft-stopping: takes no new traffic
    CHECK(state_of(0, 0x01) == "maint");
    CHECK(state_of(0, 0x02) == "maint");  // inherited from a tracked server
    CHECK(state_of(2, 0x04) == "ready");  // "disabled" in the file, brought up since
    CHECK(state_of(0, 0x05) == "maint");
    CHECK(state_of(2, 0x08) == "drain");
    CHECK(state_of(0, 0x08) == "drain");
    CHECK(state_of(2, 0x10) == "drain");
    CHECK(state_of(0, 0x20) == "maint");  // no address
    CHECK(state_of(2, 0x40) == "ready");  // only says that the name changed
    CHECK(state_of(2, 0x00, 0) == "down");
    CHECK(state_of(0, 0x09) == "maint");
    // Drained, and then HAProxy lost its address, or what it tracks went into maintenance.
    CHECK(state_of(0, 0x28) == "drain");
    CHECK(state_of(0, 0x0a) == "drain");
}

TEST_CASE("haproxy text: a drained server whose address is lost for a while is brought back",
          "[host][haproxy]") {
    TargetPlan target;
    target.name = "text";
    target.items = {"s"};
    const auto read = [](TargetLedger& ledger, int operational, int admin) {
        return ledger.read_back({{"s", state_of(operational, admin)}}, Instant{} + 1h);
    };
    TargetLedger ledger;
    read(ledger, 2, 0x00);
    ledger.ordered({drain("s")}, Instant{} + 1h);
    read(ledger, 2, 0x08);
    CHECK(read(ledger, 0, 0x28).empty());
    CHECK(read(ledger, 2, 0x08).empty());
    const auto steps =
        plan_steps(target, {Posture::normal, "calm", {}}, ledger.states(), ledger.held());
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].action == "ready");
}

TEST_CASE("haproxy text: columns are found by their names, wherever they stand",
          "[host][haproxy]") {
    const auto states = parse_state_answer(
        "2\n# be_id srv_admin_state srv_op_state srv_name be_name srv_uweight brand_new\n"
        "3 8 2 a text 1 x\n\n",
        "text");
    REQUIRE(states);
    CHECK(states->at("a") == "drain");
}

TEST_CASE("haproxy text: a refusal is refused, with HAProxy's words", "[host][haproxy]") {
    const auto whole =
        parse_state_answer("\nNo such server.\n\n1\n" + header + row("a", 2, 0) + "\n", "text");
    REQUIRE(!whole);
    CHECK(whole.error() == Error{Fault::refused, "No such server."});

    const auto backend = parse_state_answer("Can't find backend.\n\n", "text");
    REQUIRE(!backend);
    CHECK(backend.error().fault == Fault::refused);

    CHECK(parse_set_answer("\n\n\n").has_value());
    CHECK(parse_set_answer("").has_value());
    const auto set = parse_set_answer("\n\nNo such backend.\n\n");
    REQUIRE(!set);
    CHECK(set.error() == Error{Fault::refused, "No such backend."});
    CHECK(parse_set_answer("Permission denied\n\n").error().fault == Fault::refused);
}

TEST_CASE("haproxy text: an answer cut anywhere is never taken for whole", "[host][haproxy]") {
    const std::string whole = "\n\n1\n" + header + row("a", 2, 0) + row("b", 2, 8) + "\n";
    REQUIRE(parse_state_answer(whole, "text"));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO("cut to " << length);
        CHECK_FALSE(parse_state_answer(whole.substr(0, length), "text"));
    }
}

TEST_CASE("haproxy text: a table of something else is corrupt", "[host][haproxy]") {
    const auto fault = [](const std::string& answer) {
        const auto states = parse_state_answer(answer, "text");
        REQUIRE(!states);
        return states.error().fault;
    };
    CHECK(fault("") == Fault::corrupt);
    CHECK(fault("1\n# be_id be_name srv_id srv_name\n3 text 1 a\n\n") == Fault::corrupt);
    CHECK(fault("1\n" + header + "3 text 1 a 127.0.0.1 up 0 1\n\n") == Fault::corrupt);
    CHECK(fault("1\n" + header + "3 text 1 a 127.0.0.1 -1 0 1\n\n") == Fault::corrupt);
    CHECK(fault("1\n" + header + "3 text 1\n\n") == Fault::corrupt);
    CHECK(fault("1\n" + header + "3 login 1 a 127.0.0.1 2 0 1\n\n") == Fault::corrupt);
    CHECK(fault(header + row("a", 2, 0) + "\n") == Fault::corrupt);
    CHECK(fault("HTTP/1.1 400 Bad request\r\n\r\n") == Fault::refused);
}

TEST_CASE("haproxy text: a step sets one server and the line reads back", "[host][haproxy]") {
    CHECK(command_lines("text", {}) == std::vector<std::string>{"show servers state text"});
    CHECK(command_lines("text", settings_of({drain("a"), drain("b")})) ==
          std::vector<std::string>{"set server text/a state drain;set server text/b state drain;"
                                   "show servers state text"});
}

TEST_CASE("haproxy text: a thousand servers go in bounded lines, none lost, read back once",
          "[host][haproxy]") {
    std::vector<Step> steps;
    for (int i = 0; i < 1000; ++i) {
        steps.push_back(drain("server-with-a-long-name-" + std::to_string(i)));
    }
    const auto lines = command_lines("text", settings_of(steps));
    REQUIRE(lines.size() > 1);
    std::size_t sets = 0;
    for (const auto& line : lines) {
        CHECK(line.size() <= max_line_bytes);
        sets += static_cast<std::size_t>(std::count(line.begin(), line.end(), ';'));
        CHECK((line.find("show servers state text") != std::string::npos) ==
              (line == lines.back()));
        if (line != lines.back()) ++sets;  // between commands only: an empty one is refused
        CHECK_FALSE(line.ends_with(';'));
        CHECK(line.find('\n') == std::string::npos);
    }
    CHECK(sets == 1000);
}

TEST_CASE("haproxy text: an address is a path or numbers, never a name", "[host][haproxy]") {
    CHECK(address_complaint("/run/haproxy/admin.sock").empty());
    CHECK(address_complaint("127.0.0.1:9999").empty());
    CHECK(address_complaint("[::1]:9999").empty());
    CHECK(address_complaint("localhost:9999").empty());
    CHECK_FALSE(address_complaint("edge.example.com:9999").empty());
    CHECK_FALSE(address_complaint("127.0.0.1").empty());
    CHECK_FALSE(address_complaint("127.0.0.1:0").empty());
    CHECK_FALSE(address_complaint("127.0.0.1:70000").empty());
    CHECK_FALSE(address_complaint("admin.sock").empty());
    CHECK_FALSE(address_complaint("").empty());
    CHECK_FALSE(address_complaint('/' + std::string(200, 'x')).empty());
}

TEST_CASE("haproxy text: the weight behind a state is one that HAProxy takes, or none",
          "[host][haproxy]") {
    CHECK(weight_behind("drain@30") == 30U);
    CHECK(weight_behind("maint@256") == 256U);
    for (const char* none : {"drain", "drain@", "drain@0", "drain@257", "drain@-1", "drain@3x",
                             "drain@99999999999", "@", ""}) {
        INFO(none);
        CHECK_FALSE(weight_behind(none));
    }
}

TEST_CASE(
    "haproxy text: what a person sets on a server at weight 0 stays, and the weight comes back",
    "[host][haproxy]") {
    TargetPlan target;
    target.name = "text";
    target.items = {"s"};
    target.drain_by_weight = true;
    TargetLedger ledger;
    ledger.trust_to_stay_below(true);
    const auto read = [&](unsigned operational, unsigned admin, unsigned weight) {
        return ledger.read_back(states_of({{"s", {operational, admin, weight}}}, true),
                                Instant{} + 1h);
    };
    const auto calm = [&] {
        return plan_steps(target, {Posture::normal, "calm", {}}, ledger.states(), ledger.held());
    };
    read(2, 0, 30);
    ledger.ordered({drain("s")}, Instant{} + 1h);
    read(2, 0, 0);
    REQUIRE(ledger.held_items().size() == 1);
    CHECK(read(0, 1, 0).empty());  // into maintenance
    CHECK(calm().empty());         // which is for the person to end
    CHECK(read(2, 0, 0).empty());
    REQUIRE(calm().size() == 1);
    CHECK(calm()[0].action == "ready");
    // Drained by the person, too: the weight is given back, and the rest is theirs.
    CHECK(read(2, 8, 0).empty());
    REQUIRE(calm().size() == 1);
    ledger.ordered(calm(), Instant{} + 1h);
    CHECK(read(2, 8, 30) == std::vector<std::string>{"s"});
    CHECK(calm().empty());
}

TEST_CASE("haproxy text: drained by weight, a server gets back what was read and nothing guessed",
          "[host][haproxy]") {
    const auto set = [](const std::string& action, HaproxyServer server,
                        std::optional<unsigned> before = {}, int from = 2) {
        const auto settings =
            weight_settings_of({"id", "text", "a", action, {}, "x", from}, server, before);
        std::string text;
        if (!settings) return std::string("not known");
        for (const auto& each : *settings) text += each + ';';
        return text;
    };
    CHECK(set("drain", {2, 0, 30}) == "a weight 0;");
    CHECK(set("drain", {2, 0, 0}).empty());
    CHECK(set("ready", {2, 0, 0}, 30) == "a weight 30;");
    CHECK(set("ready", {2, 0, 0}) == "not known");
    CHECK(set("ready", {2, 0, 30}).empty());
    CHECK(set("maint", {2, 0, 0}) == "a state maint;");
    // Out of maintenance, with no traffic before the weight is what it shall be.
    CHECK(set("drain", {0, 1, 30}) == "a weight 0;a state ready;");
    CHECK(set("ready", {0, 1, 0}, 7) == "a weight 7;a state ready;");
    CHECK(set("ready", {0, 1, 0}) == "not known");
    // A person's admin drain is not lifted, nor a maintenance that came between look and step.
    CHECK(set("ready", {2, 8, 0}, 30) == "a weight 30;");
    CHECK(set("drain", {2, 8, 30}) == "a weight 0;");
    CHECK(set("drain", {0, 1, 30}, {}, 0).empty());
    CHECK(states_of({{"a", {2, 8, 30}}}, true).at("a") == "drain-other");
    CHECK(states_of({{"a", {2, 8, 0}}}, true).at("a") == "drain");
    CHECK(states_of({{"a", {2, 0, 0}}}, true).at("a") == "drain");
    CHECK(states_of({{"a", {0, 0, 0}}}, true).at("a") == "drain");
    CHECK(states_of({{"a", {0, 1, 0}}}, true).at("a") == "maint");
    CHECK(states_of({{"a", {2, 0, 0}}}, false).at("a") == "down");
}
