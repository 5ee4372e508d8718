#include "firmware/home_assistant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "contract/payload.hpp"
#include "contract/topic.hpp"

namespace firebreak {

namespace {

/// How Home Assistant writes a unit, and the device class that goes with it.
struct Quantity {
    std::string_view unit;
    std::string_view device_class = "";  ///< none where no class, or more than one, could be meant
    bool is_measurement = true;          ///< an energy that is one would be refused
};

Quantity quantity_of(Unit unit, std::string_view measure) {
    switch (unit) {
        case Unit::none:
            return {"", "", false};
        case Unit::celsius:
            return {"°C", "temperature"};
        case Unit::percent:
            if (measure.find("humidity") != std::string_view::npos) return {"%", "humidity"};
            if (measure.ends_with("battery.charge")) return {"%", "battery"};
            return {"%"};
        case Unit::volt:
            return {"V", "voltage"};
        case Unit::ampere:
            return {"A", "current"};
        case Unit::watt:
            return {"W", "power"};
        case Unit::kilowatt:
            return {"kW", "power"};
        case Unit::volt_ampere:
            return {"VA", "apparent_power"};
        case Unit::watt_hour:
            return {"Wh", "energy", false};
        case Unit::ampere_hour:
            return {"Ah"};
        case Unit::hertz:
            return {"Hz", "frequency"};
        case Unit::second:
            return {"s", "duration"};
        case Unit::minute:
            return {"min", "duration"};
        case Unit::ohm:
            return {"Ω"};
        case Unit::ppm:
            return {"ppm"};  // of which gas, the unit does not say
        case Unit::pascal:
            return {"Pa", "pressure"};
    }
    return {"", "", false};
}

/// A part of a discovery topic: [a-zA-Z0-9_-] only, and no two names alike.
std::string part(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '.' || c == '_') {
            out += c == '.' ? "_2e" : "_5f";
        } else {
            out += c;
        }
    }
    return out;
}

/// One JSON object with others inside.
std::string joined(std::string object, std::string_view key, const std::string& inner) {
    object.pop_back();
    return fmt::format("{},\"{}\":{}}}", object, key, inner);
}

/// A text that has nothing in it to escape.
std::string quoted(std::string_view text) {
    return fmt::format("\"{}\"", text);
}

class Discovery {
public:
    explicit Discovery(const SitePlan& plan)
        : plan_(plan),
          me_{plan.site, Role::agent, plan.agent},
          id_(fmt::format("firebreak:{}:{}", plan.site, plan.agent)) {}

    std::vector<Message> messages() const {
        std::vector<Message> out;
        for (const auto& device : plan_.devices) {
            out.push_back(answers(device));
            for (const auto& block : device.blocks) {
                for (const auto reg : block.registers) out.push_back(sensor(device, reg));
            }
        }
        for (const auto& alarm : plan_.alarms) out.push_back(problem(alarm));
        return out;
    }

private:
    /// What a template of Home Assistant is to read, as the broker carries it.
    [[nodiscard]] std::string topic(Kind kind, const std::string& name = "",
                                    const std::string& measure = "") const {
        auto text = to_string(Topic{me_, kind, name, measure});
        std::replace(text.begin(), text.end(), '.', plan_.broker.dot);
        return text;
    }

    [[nodiscard]] std::string origin() const {
        return to_json(
            {{"name", std::string("Firebreak")}, {"sw_version", std::string(FIREBREAK_VERSION)}});
    }

    [[nodiscard]] std::string agent() const {
        return to_json({{"identifiers", std::vector<std::string>{id_}},
                        {"name", fmt::format("{} {}", plan_.site, plan_.agent)},
                        {"manufacturer", std::string("Firebreak")},
                        {"sw_version", std::string(FIREBREAK_VERSION)}});
    }

    [[nodiscard]] std::string thing(const DevicePlan& device) const {
        return to_json({{"identifiers", std::vector<std::string>{id_ + ':' + device.name}},
                        {"name", fmt::format("{} {}", plan_.site, device.name)},
                        {"model", device.profile->title},
                        {"via_device", id_}});
    }

    /// The message about one entity; `what` has the keys that are its own. While the agent is not
    /// there nothing is known, and that an alarm is clear least of all.
    [[nodiscard]] Message entity(std::string_view component, const std::string& object,
                                 std::string what, const std::string& device) const {
        what = joined(what, "availability_topic", quoted(topic(Kind::status)));
        what = joined(what, "availability_template",
                      quoted("{{ 'online' if value_json.online else 'offline' }}"));
        what = joined(joined(what, "device", device), "origin", origin());
        return {fmt::format("{}/{}/firebreak__{}__{}/{}/config", plan_.home_assistant, component,
                            part(plan_.site), part(plan_.agent), object),
                std::move(what), true};
    }

    [[nodiscard]] Message sensor(const DevicePlan& device, std::size_t index) const {
        const auto& reg = device.profile->registers[index];
        const auto state = topic(Kind::reading, device.name, reg.measure);
        const auto quantity = quantity_of(reg.unit, reg.measure);
        const bool is_word = reg.type == WordType::text || !reg.labels.empty();
        auto every = plan_.publish_every;
        if (!device.publish.empty()) every = device.publish[index].every.value_or(every);
        // What has missed three turns is not known any more.
        const auto expire =
            std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(3 * every).count());
        auto what =
            to_json({{"name", reg.measure},
                     {"unique_id", fmt::format("{}:{}:{}", id_, device.name, reg.measure)},
                     {"state_topic", state},
                     {"value_template",
                      std::string(is_word ? "{{ value_json.label | default(value_json.value) }}"
                                          : "{{ value_json.value }}")},
                     {"json_attributes_topic", state},
                     {"expire_after", static_cast<std::uint64_t>(expire)},
                     {"qos", std::uint64_t{1}}});
        const auto add = [&](std::string_view key, std::string_view value) {
            if (value.empty()) return;
            what = joined(what, key, quoted(value));
        };
        if (!is_word) {
            add("unit_of_measurement", quantity.unit);
            add("device_class", quantity.device_class);
            add("state_class", quantity.is_measurement ? "measurement" : "");
        }
        return entity("sensor", fmt::format("{}__{}", part(device.name), part(reg.measure)), what,
                      thing(device));
    }

    [[nodiscard]] Message answers(const DevicePlan& device) const {
        const auto what = to_json(
            {{"name", std::string("answers")},
             {"unique_id", fmt::format("{}:{}", id_, device.name)},
             {"state_topic", topic(Kind::status)},
             {"value_template",
              fmt::format("{{% set device = value_json.devices['{}'] | default %}}"
                          "{{{{ 'None' if not device else 'OFF' if device.silent else 'ON' }}}}",
                          device.name)},
             {"device_class", std::string("connectivity")},
             {"entity_category", std::string("diagnostic")},
             {"qos", std::uint64_t{1}}});
        return entity("binary_sensor", part(device.name), what, thing(device));
    }

    [[nodiscard]] Message problem(const AlarmPlan& alarm) const {
        const auto state = topic(Kind::alarm, alarm.name);
        const auto what = to_json(
            {{"name", alarm.name},
             {"unique_id", fmt::format("{}:alarm:{}", id_, alarm.name)},
             {"state_topic", state},
             {"value_template",
              std::string("{{ 'None' if value_json.phase == 'unknown' else 'ON' if "
                          "value_json.phase in ['firing', 'fading'] and not value_json.shelved "
                          "and not value_json.silenced | default(false) else 'OFF' }}")},
             {"json_attributes_topic", state},
             {"device_class", std::string("problem")},
             {"qos", std::uint64_t{1}}});
        return entity("binary_sensor", fmt::format("alarm__{}", part(alarm.name)), what, agent());
    }

    const SitePlan& plan_;
    Origin me_;
    std::string id_;
};

}  // namespace

std::vector<Message> home_assistant_messages(const SitePlan& plan) {
    if (plan.home_assistant.empty()) return {};
    return Discovery(plan).messages();
}

}  // namespace firebreak
