#include "tests/peers/stranger.hpp"

#include <cmath>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <vector>

#include "contract/support/complaint.hpp"
#include "contract/topic.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/profile/profile_file.hpp"
#include "firmware/readings.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {

using namespace std::chrono_literals;

namespace {

const std::string scripts = FIREBREAK_SOURCE_DIR "/tests/peers/";
const std::string fetched = FIREBREAK_BIN_DIR "/../peers/";

Profile peer_profile() {
    Complaints complaints;
    auto profile = load_profile(scripts + "peer.toml", complaints);
    REQUIRE(complaints.empty());
    return profile;
}

std::vector<std::size_t> all_of(const Profile& profile) {
    std::vector<std::size_t> wanted(profile.registers.size());
    std::iota(wanted.begin(), wanted.end(), 0U);
    return wanted;
}

Result<Words> read(Bus& bus, std::uint8_t unit, const Block& block) {
    return bus.read(
        {.unit = unit, .table = block.table, .address = block.address, .count = block.count});
}

void check_reading(const Reading& reading, const Example& expected) {
    INFO(expected.measure);
    if (expected.text) {
        CHECK(reading.label == *expected.text);
    } else if (expected.value) {
        REQUIRE(reading.value);
        CHECK(*reading.value == Approx(*expected.value).epsilon(1e-12));
    } else {
        CHECK_FALSE(reading.value);
    }
}

/// How many reads it took, those that were refused too.
int check_with(const Profile& profile, Bus& bus, std::uint8_t unit) {
    DevicePlan device;
    device.name = "peer";
    device.profile = std::make_shared<const Profile>(profile);
    std::map<std::string, Reading> readings;
    const auto planned = plan_blocks(profile, all_of(profile), 0);
    std::deque<Block> blocks(planned.begin(), planned.end());
    int reads = 0;
    for (; !blocks.empty(); blocks.pop_front()) {
        const auto block = blocks.front();
        const auto words = read(bus, unit, block);
        ++reads;
        if (!words) {
            INFO(words.error().what);
            REQUIRE(words.error().fault == Fault::refused);
            REQUIRE(words.error().code == 2);
            const auto halves = split_block(profile, block, 0, 1s);
            REQUIRE(halves.size() == 2);
            blocks.insert(blocks.end(), halves.begin(), halves.end());
            continue;
        }
        for (auto& reading : read_block(device, block, *words, Instant())) {
            readings.emplace(reading.point.measure, reading);
        }
    }
    REQUIRE(readings.size() == profile.registers.size());
    for (const auto& expected : profile.examples) {
        check_reading(readings.at(expected.measure), expected);
    }
    return reads;
}

}  // namespace

NullModem::NullModem() {
    const auto end = [](const std::string& path) { return "pty,rawer,link=" + path; };
    socat_ =
        std::make_unique<Process>("socat", std::vector<std::string>{end(ours()), end(theirs())});
    REQUIRE(eventually(
        [this] { return std::filesystem::exists(ours()) && std::filesystem::exists(theirs()); }));
}

Stranger::Stranger(Start start) : start_(std::move(start)), port_(free_port()) {
    this->start();
}

std::unique_ptr<Bus> Stranger::bus(Duration timeout) const {
    BusPlan plan;
    plan.name = "strangers";
    plan.host = "127.0.0.1";
    plan.port = port_;
    plan.timeout = timeout;
    return make_modbus_bus(plan);
}

Stranger::Start libmodbus_server() {
    return [](std::uint16_t port) {
        return std::make_unique<Process>(
            fetched + "unit-test-server", std::vector<std::string>{"tcp"},
            std::map<std::string, std::string>{{"MODBUS_PORT", std::to_string(port)}});
    };
}

Stranger::Start libmodbus_server_again_and_again() {
    return [](std::uint16_t port) {
        return std::make_unique<Process>(
            "sh",
            std::vector<std::string>{"-c", "while :; do \"$0\" tcp; done",
                                     fetched + "unit-test-server"},
            std::map<std::string, std::string>{{"MODBUS_PORT", std::to_string(port)}});
    };
}

Stranger::Start npm_server() {
    return [](std::uint16_t port) {
        return std::make_unique<Process>(
            "node", std::vector<std::string>{scripts + "npm_server.js", std::to_string(port)},
            std::map<std::string, std::string>{{"NODE_PATH", fetched + "node_modules"}});
    };
}

Stranger::Start pymodbus_server() {
    return [](std::uint16_t port) {
        return std::make_unique<Process>(
            "/usr/bin/python3",
            std::vector<std::string>{scripts + "pymodbus_server.py", "tcp", std::to_string(port)});
    };
}

void check_all_values(Bus& bus, std::uint8_t unit) {
    auto profile = peer_profile();
    const int reads = check_with(profile, bus, unit);
    profile.holes_allowed = true;  // what a map may claim and its device not know
    CHECK(check_with(profile, bus, unit) > reads);
}

void check_writes(Bus& bus, std::uint8_t unit) {
    const auto holds = [&](const WriteRequest& request) {
        const auto written = bus.write(request);
        INFO((written ? "" : written.error().what));
        REQUIRE(written);
        CHECK(bus.read({.unit = unit,
                        .table = request.table,
                        .address = request.address,
                        .count = static_cast<std::uint16_t>(request.words.size())}) ==
              request.words);
    };
    for (const auto bit : {std::uint16_t{1}, std::uint16_t{0}, std::uint16_t{1}}) {
        holds({.unit = unit, .table = Table::coil, .address = 6, .words = {bit}});
    }
    holds({.unit = unit, .table = Table::coil, .address = 5, .words = {0, 1}});
    holds({.unit = unit, .table = Table::holding, .address = 60, .words = {0xBEEF}});
    holds({.unit = unit, .table = Table::holding, .address = 6, .words = {1, 2, 3, 4}});
    const auto hole =
        bus.write({.unit = unit, .table = Table::holding, .address = 45, .words = {1}});
    REQUIRE_FALSE(hole);
    CHECK(hole.error().fault == Fault::refused);
}

std::optional<std::uint16_t> holding_in_the_end(Bus& bus, std::uint8_t unit,
                                                std::uint16_t address) {
    std::optional<std::uint16_t> word;
    static_cast<void>(eventually([&] {
        const auto words =
            bus.read({.unit = unit, .table = Table::holding, .address = address, .count = 1});
        if (words) word = words->at(0);
        return word.has_value();
    }));
    return word;
}

std::string peer_profile_text() {
    std::stringstream text;
    text << std::ifstream(scripts + "peer.toml").rdbuf();
    return text.str();
}

std::string peer_profile_text_without_holes() {
    return "holes_allowed = true\n" + peer_profile_text();
}

AgentAtStranger::AgentAtStranger(const std::string& bus, int unit, const std::string& profile) {
    folder_.write("peer.toml", profile);
    const auto site =
        folder_.write("site.toml", "site = \"here\"\nagent = \"a\"\n[broker]\nurl = \"" +
                                       broker_.url() + "\"\n[[bus]]\nname = \"b\"\n" + bus +
                                       "\n[[device]]\nname = \"peer\"\n"
                                       "profile = \"peer\"\nbus = \"b\"\n"
                                       "period = \"100ms\"\nsilent_after = \"1s\"\n"
                                       "unit = " +
                                       std::to_string(unit) + "\n");
    agent_ = std::make_unique<Process>(
        FIREBREAK_BIN_DIR "/firebreak-agent", std::vector<std::string>{"run", "--config", site},
        std::map<std::string, std::string>{{"FIREBREAK_PROFILES", folder_.path()},
                                           {"FIREBREAK_BOARD", folder_.path() / "board.toml"}});
}

std::optional<ReadingNotice> AgentAtStranger::reading(const std::string& measure) const {
    const auto topic = to_string(Topic{.origin = {"here", Role::agent, "a"},
                                       .kind = Kind::reading,
                                       .name = "peer",
                                       .measure = measure});
    const auto notice = parse_reading(broker_.retained(topic));
    return notice ? std::optional(*notice) : std::nullopt;
}

bool AgentAtStranger::says(const std::string& measure, double value) const {
    return eventually(
        [&] {
            const auto notice = reading(measure);
            return notice && notice->value && std::abs(*notice->value - value) < 1e-9;
        },
        30s);
}

bool AgentAtStranger::says_text(const std::string& measure, const std::string& text) const {
    return eventually(
        [&] {
            const auto notice = reading(measure);
            return notice && notice->label == text;
        },
        30s);
}

bool AgentAtStranger::misses(const std::string& measure) const {
    return eventually(
        [&] {
            const auto notice = reading(measure);
            return notice && !notice->value;
        },
        30s);
}

}  // namespace firebreak
