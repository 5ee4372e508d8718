// From a reading that changed to a subscriber, through the whole agent: a bus that answers at once
// with the time of the read, codec, core, outbox and link, a real broker. Over paho alone doing
// the same with a payload as long, at the same pace, in turn. What a reading costs in bytes. And
// how many transitions of alarms a second arrive that are on the disk before they are published.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/mqtt/alarm_rate.hpp"
#include "bench/mqtt/raw_paho.hpp"
#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/shell.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr auto period = 10ms;
constexpr int messages_a_round = 300;
constexpr int rounds = 5;

/// Microseconds of the machine's steady clock, which all its processes share.
std::uint64_t now_us() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

/// Answers at once: the time, in four words.
class Clockwork final : public Bus {
public:
    Result<Words> read(const ReadRequest& request) override {
        const auto now = now_us();
        Words words(request.count, 0);
        for (std::size_t i = 0; i < 4 && i < words.size(); ++i) {
            words[i] = static_cast<std::uint16_t>(now >> (48 - 16 * i));
        }
        return words;
    }
    Result<void> write(const WriteRequest&) override { return fail(Fault::refused, "read only"); }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override {
        return fail(Fault::refused, "nothing to say");
    }
};

SitePlan site(const std::string& url) {
    Profile profile;
    Register time;
    time.measure = "battery.temperature";
    time.table = Table::holding;
    time.type = WordType::u64;
    profile.registers = {time};
    SitePlan plan;
    plan.site = "bench";
    plan.agent = "room";
    plan.broker.urls = {url};
    plan.buses.resize(1);
    DevicePlan device;
    device.name = "ups1";
    device.period = period;
    device.blocks = plan_blocks(profile, {0}, 0, period);
    device.profile = std::make_shared<const Profile>(std::move(profile));
    plan.devices = {device};
    return plan;
}

/// This program again, as one of the two publishers.
std::unique_ptr<Process> publisher(const std::string& which, const std::string& url,
                                   std::size_t bytes = 0) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    return std::make_unique<Process>(self,
                                     std::vector<std::string>{which, url, std::to_string(bytes)});
}

int publish(const std::string& which, const std::string& url, std::size_t bytes) {
    if (which == "agent") {
        run_agent(site(url),
                  {[](const BusPlan&) { return std::make_unique<Clockwork>(); }, make_mqtt_link});
    } else {
        publish_raw(url, "raw", period, 10 * messages_a_round,
                    [&] { return fmt::format("{:<{}}", now_us(), bytes); });
    }
    return 0;
}

/// Delays between a stamp and its arrival, in microseconds.
class Delays {
public:
    void take(std::uint64_t stamp_us) {
        const auto now = now_us();
        // The first message may be the broker's memory of the last round.
        if (stamp_us == 0 || now - stamp_us > 1'000'000) return;
        const auto place = count_.load();
        if (place >= delays_.size()) return;
        delays_[place] = static_cast<double>(now - stamp_us);
        count_ = place + 1;
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::vector<double> sorted() const {
        std::vector<double> all(delays_.begin(),
                                delays_.begin() + static_cast<std::ptrdiff_t>(count()));
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    std::vector<double> delays_ = std::vector<double>(messages_a_round);
    std::atomic<std::size_t> count_ = 0;
};

void add(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

double part_of(std::vector<double>& values, double part) {
    std::sort(values.begin(), values.end());
    return values.empty()
               ? 0
               : values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

}  // namespace

int alarm_rate() {
    const auto rate = measure_alarm_rate(std::filesystem::read_symlink("/proc/self/exe").string());
    if (rate.arrived == 0 || !rate.in_order) {
        std::fprintf(stderr, "mqtt: transitions did not arrive, or not in order\n");
        return 1;
    }
    std::printf(
        "mqtt.alarms_a_second %.0f transitions/s, each synced first (offered 6400; the disk alone, "
        "64 in one append, synced: %.0f)\n",
        rate.arrived, synced_appends(rate.bytes));
    return 0;
}

int main(int argc, char** argv) {
    if (argc == 4 && argv[1] == std::string("alarms")) {
        run_restless_agent(argv[2], argv[3]);
        return 0;
    }
    if (argc == 2 && argv[1] == std::string("alarms")) return alarm_rate();
    if (argc == 4) return publish(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10));
    const auto topic = to_string(
        Topic{{"bench", Role::agent, "room"}, Kind::reading, "ups1", "battery.temperature"});
    std::vector<double> ours, raw;
    std::size_t payload_bytes = 0;
    for (int round = 0; round < rounds; ++round) {
        const Mosquitto broker;
        {
            Delays delays;
            const RawSubscriber subscriber(broker.url(), topic, [&](const std::string& payload) {
                const auto reading = parse_reading(payload);
                if (reading && reading->value && !reading->historical) {  // said late: no news
                    delays.take(static_cast<std::uint64_t>(*reading->value));
                }
                payload_bytes = payload.size();
            });
            const auto agent = publisher("agent", broker.url());
            if (!eventually([&] { return delays.count() == messages_a_round; }, 30s)) {
                std::fprintf(stderr, "mqtt: the agent's readings did not arrive\n%s",
                             agent->err().c_str());
                return 1;
            }
            add(ours, delays.sorted());
        }
        Delays delays;
        const RawSubscriber subscriber(broker.url(), "raw", [&](const std::string& payload) {
            delays.take(std::strtoull(payload.c_str(), nullptr, 10));
        });
        const auto alone = publisher("raw", broker.url(), payload_bytes);
        if (!eventually([&] { return delays.count() == messages_a_round; }, 30s)) return 1;
        add(raw, delays.sorted());
    }
    for (const auto& [name, part] : {std::pair("p50", 0.5), {"p99", 0.99}}) {
        const double floor = part_of(raw, part);
        const double figure = part_of(ours, part);
        std::printf("mqtt.reading_to_subscriber_%s %.3f ms   (paho alone %.3f ms, ratio %.2f)\n",
                    name, figure / 1000, floor / 1000, figure / floor);
    }
    // QoS 1: fixed header, topic and its length, packet id, no properties; and a PUBACK.
    std::printf("mqtt.bytes_a_reading %zu bytes of payload, %zu on the wire with its PUBACK\n",
                payload_bytes, payload_bytes + topic.size() + 2 + 3 + 2 + 1 + 4);
    return alarm_rate();
}
