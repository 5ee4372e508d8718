// What Home Assistant is told, held to what its documentation demands of a discovery message:
// https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery, /integrations/sensor.mqtt,
// /integrations/binary_sensor.mqtt, and /integrations/sensor#device-class for the units of a class.
// Its own validator is a part of its server, which no package of Debian's or npm's holds.
#include "firmware/home_assistant.hpp"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "firmware/site_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::set<std::string> entity_keys = {
    "name",         "unique_id",          "state_topic",           "value_template",
    "qos",          "availability_topic", "availability_template", "json_attributes_topic",
    "device_class", "entity_category",    "expire_after",          "device",
    "origin"};
const std::set<std::string> sensor_keys = {"unit_of_measurement", "state_class"};
const std::set<std::string> device_keys = {"identifiers", "name",       "manufacturer",
                                           "model",       "sw_version", "via_device"};

/// The units that each device class of a sensor takes.
const std::map<std::string, std::set<std::string>> units_of = {
    {"apparent_power", {"VA", "kVA"}},
    {"battery", {"%"}},
    {"current", {"A", "mA"}},
    {"duration", {"d", "h", "min", "s", "ms"}},
    {"energy", {"Wh", "kWh", "MWh"}},
    {"frequency", {"Hz", "kHz", "MHz", "GHz"}},
    {"humidity", {"%"}},
    {"power", {"W", "kW", "MW"}},
    {"pressure", {"Pa", "hPa", "kPa", "bar", "mbar"}},
    {"temperature", {"°C", "°F", "K"}},
    {"voltage", {"V", "mV", "kV"}},
};

bool is_part(const std::string& text) {
    return !text.empty() && text.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                                "VWXYZ0123456789_-") == std::string::npos;
}

std::vector<std::string> levels(const std::string& topic) {
    std::vector<std::string> out(1);
    for (const char c : topic) {
        if (c == '/') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

void check_class(const json& config) {
    const auto device_class = config.value("device_class", "");
    if (device_class.empty()) return;
    REQUIRE(units_of.contains(device_class));
    CHECK(units_of.at(device_class).contains(config.at("unit_of_measurement").get<std::string>()));
    // An energy may be a total, which we cannot know, and never a measurement.
    if (device_class == "energy") CHECK_FALSE(config.contains("state_class"));
}

void check_entity(const Message& message, const std::string& prefix) {
    INFO(message.topic << "\n" << message.payload);
    CHECK(message.retained);
    const auto topic = levels(message.topic);
    REQUIRE(topic.size() == 5);
    CHECK(topic[0] == prefix);
    const bool is_sensor = topic[1] == "sensor";
    CHECK((is_sensor || topic[1] == "binary_sensor"));
    CHECK(is_part(topic[2]));
    CHECK(is_part(topic[3]));
    CHECK(topic[4] == "config");
    const auto config = json::parse(message.payload);
    for (const auto& [key, value] : config.items()) {
        INFO(key);
        CHECK((entity_keys.contains(key) || (is_sensor && sensor_keys.contains(key))));
    }
    for (const auto* key : {"name", "unique_id", "state_topic", "availability_topic", "device"}) {
        CHECK(config.contains(key));
    }
    for (const auto& [key, value] : config.at("device").items()) CHECK(device_keys.contains(key));
    CHECK(config.at("device").at("identifiers").is_array());
    CHECK(config.at("origin").contains("name"));  // demanded as soon as there is an origin
    CHECK(config.at("qos") == 1);
    if (is_sensor) {
        CHECK(config.at("expire_after").is_number_unsigned());
        if (config.contains("state_class")) CHECK(config.contains("unit_of_measurement"));
        check_class(config);
    } else {
        const auto device_class = config.at("device_class").get<std::string>();
        CHECK((device_class == "problem" || device_class == "connectivity"));
    }
}

Register measure(const std::string& name, Unit unit) {
    Register reg;
    reg.measure = name;
    reg.unit = unit;
    return reg;
}

SitePlan site(std::vector<Register> registers) {
    SitePlan plan;
    plan.site = "pangyo";
    plan.agent = "room.a_1";
    plan.home_assistant = "homeassistant";
    DevicePlan device;
    device.name = "ups1";
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < registers.size(); ++i) all.push_back(i);
    device.profile =
        profile_of(std::move(registers), [](Profile& profile) { profile.title = "A \"UPS\""; });
    device.blocks = {{Table::input, 0, static_cast<std::uint16_t>(all.size()), all}};
    plan.devices = {device};
    AlarmPlan alarm;
    alarm.name = "battery-hot";
    plan.alarms = {alarm};
    return plan;
}

json config_of(const std::vector<Message>& messages, const std::string& part) {
    for (const auto& each : messages) {
        if (each.topic.find(part) != std::string::npos) return json::parse(each.payload);
    }
    return {};
}

}  // namespace

TEST_CASE("home assistant: without [home_assistant] it is told nothing",
          "[firmware][home_assistant]") {
    auto plan = site({measure("ups.load", Unit::percent)});
    plan.home_assistant.clear();
    CHECK(home_assistant_messages(plan).empty());
}

TEST_CASE("home assistant: every unit and every kind of entity is as its documentation demands",
          "[firmware][home_assistant]") {
    std::vector<Register> registers;
    for (int i = 0; i <= static_cast<int>(Unit::pascal); ++i) {
        registers.push_back(measure("m." + std::to_string(i), static_cast<Unit>(i)));
    }
    registers.push_back(measure("ambient.humidity", Unit::percent));
    registers.push_back(measure("battery.charge", Unit::percent));
    auto mode = measure("ups.mode", Unit::none);
    mode.labels = {{0, "line"}};
    registers.push_back(mode);
    const auto count = registers.size();
    const auto messages = home_assistant_messages(site(registers));
    CHECK(messages.size() == count + 2);
    std::set<std::string> topics;
    std::set<std::string> ids;
    for (const auto& message : messages) {
        check_entity(message, "homeassistant");
        topics.insert(message.topic);
        ids.insert(json::parse(message.payload).at("unique_id").get<std::string>());
    }
    CHECK(topics.size() == messages.size());
    CHECK(ids.size() == messages.size());
}

TEST_CASE("home assistant: a sensor reads the contract's own topic", "[firmware][home_assistant]") {
    auto plan = site({measure("battery.temperature", Unit::celsius)});
    plan.devices[0].publish = {{0.5, false, 10s}};
    const auto config = config_of(home_assistant_messages(plan), "/ups1__battery_2etemperature/");
    CHECK(config.at("state_topic") ==
          "firebreak/1/pangyo/agent/room.a_1/reading/ups1/battery.temperature");
    CHECK(config.at("value_template") == "{{ value_json.value }}");
    CHECK(config.at("unit_of_measurement") == "°C");
    CHECK(config.at("device_class") == "temperature");
    CHECK(config.at("expire_after") == 30);
    CHECK(config.at("device").at("model") == "A \"UPS\"");
}

TEST_CASE("home assistant: a dot that the broker cannot carry is not told of",
          "[firmware][home_assistant]") {
    auto plan = site({measure("battery.temperature", Unit::celsius)});
    plan.broker.dot = '~';
    const auto config = config_of(home_assistant_messages(plan), "/sensor/");
    CHECK(config.at("state_topic") ==
          "firebreak/1/pangyo/agent/room~a_1/reading/ups1/battery~temperature");
}

TEST_CASE("home assistant: names that differ stay different in its topics",
          "[firmware][home_assistant]") {
    const auto messages = home_assistant_messages(
        site({measure("a.b", Unit::volt), measure("a_b", Unit::volt), measure("a-b", Unit::volt),
              measure("a._b", Unit::volt), measure("a_.b", Unit::volt)}));
    std::set<std::string> topics;
    for (const auto& each : messages) topics.insert(each.topic);
    CHECK(topics.size() == messages.size());
}

TEST_CASE("home assistant: every shipped profile makes messages that are well",
          "[firmware][home_assistant]") {
    const TempDir folder;
    for (const auto& file :
         std::filesystem::directory_iterator(FIREBREAK_SOURCE_DIR "/firmware/profiles")) {
        if (file.path().extension() != ".toml") continue;
        const auto name = file.path().stem().string();
        INFO(name);
        const auto path = folder.write("site.toml", R"(
site = "pangyo"
agent = "room"
[home_assistant]
[broker]
url = "mqtt://localhost"
[[bus]]
name = "lan"
tcp = "localhost"
[[device]]
name = "it"
bus = "lan"
profile = ")" + name + "\"\n");
        Complaints complaints;
        const auto plan = load_site(path, {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        const auto messages = home_assistant_messages(plan);
        CHECK(messages.size() > 1);
        for (const auto& message : messages) check_entity(message, "homeassistant");
    }
}
