// What readings cost on the wire: one simulated hour of 1,000 points read once a second, through
// the agent's core. Bytes are those of the MQTT 5 PUBLISH packets at QoS 1, topics and all, without
// TCP and TLS. One line a figure; the floor is the heartbeat alone: every point once in 5 minutes.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>

#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t devices = 50;
constexpr std::size_t measures = 20;
constexpr auto story = 3600s;

struct Case {
    const char* name;
    double noise;  ///< standard deviation, in degrees; a step of the wire is 0.1
    PublishPlan how;
};

SitePlan site(const PublishPlan& how) {
    SitePlan plan;
    plan.site = "pangyo";
    plan.agent = "battery-room";
    std::vector<Register> registers;
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < measures; ++i) {
        Register reg;
        reg.measure = "battery.cell." + std::to_string(i) + ".temperature";
        reg.address = static_cast<std::uint16_t>(i);
        reg.scale = 0.1;
        reg.unit = Unit::celsius;
        registers.push_back(reg);
        all.push_back(i);
    }
    const auto profile = profile_of(registers);
    for (std::size_t i = 0; i < devices; ++i) {
        DevicePlan device;
        device.name = "cells" + std::to_string(i);
        device.profile = profile;
        device.blocks = plan_blocks(*profile, all, 0);
        device.publish.assign(measures, how);
        plan.devices.push_back(device);
    }
    return plan;
}

/// MQTT 5, 3.3 and 2.1.4: fixed header, topic, packet id, no properties, payload.
std::size_t packet_bytes(const Message& message) {
    const std::size_t rest = 2 + message.topic.size() + 2 + 1 + message.payload.size();
    return 1 + (rest < 128 ? 1 : rest < 16'384 ? 2 : 3) + rest;
}

struct Count {
    std::size_t messages = 0;
    std::size_t bytes = 0;
};

Count live(const Case& one) {
    const Instant begin{1000h};
    const WallTime wall{std::chrono::milliseconds(1'665'814'740'000)};
    const auto at = [&](std::chrono::seconds after) { return Now{begin + after, wall + after}; };
    Agent agent(site(one.how), "bench", at(0s));
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0, 1);
    Count count;
    agent.handle(LinkUp{}, at(0s));
    for (auto second = 0s; second < story; ++second) {
        for (std::size_t d = 0; d < devices; ++d) {
            Words words(measures);
            for (auto& word : words) {
                const double celsius = 25 + one.noise * noise(random);
                word = static_cast<std::uint16_t>(std::lround(celsius * 10));
            }
            agent.handle(BusReport{.device = d, .block = 0, .words = words, .at = begin + second},
                         at(second));
        }
        while (const Message* message = agent.next_message()) {
            const auto topic = parse_topic(message->topic);
            if (topic && topic->kind == Kind::reading) {
                ++count.messages;
                count.bytes += packet_bytes(*message);
            }
            agent.message_sent();
        }
    }
    return count;
}

}  // namespace

int main() {
    const double floor = devices * measures * 3600.0 / 300;
    for (const Case& one : {Case{"quiet", 0, {}}, Case{"quiet_1min", 0, {0, false, 60s}},
                            Case{"noisy", 0.1, {}}, Case{"noisy_band_0.2", 0.1, {0.2, false, {}}},
                            Case{"noisy_band_0.5", 0.1, {0.5, false, {}}}}) {
        const auto count = live(one);
        std::printf("report.%s_messages %zu an hour (%.2f of the heartbeat alone, %.0f)\n",
                    one.name, count.messages, static_cast<double>(count.messages) / floor, floor);
        std::printf("report.%s_bytes %.2f MB an hour (%.0f a message)\n", one.name,
                    static_cast<double>(count.bytes) / 1e6,
                    static_cast<double>(count.bytes) / static_cast<double>(count.messages));
    }
    return 0;
}
