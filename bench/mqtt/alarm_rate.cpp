#include "bench/mqtt/alarm_rate.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/mqtt/raw_paho.hpp"
#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/shell.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t alarms = 64;
constexpr auto warm_up = 1s;
constexpr auto measured = 5s;

/// A flag that is another at every read.
class Restless final : public Bus {
public:
    Result<Words> read(const ReadRequest& request) override {
        on_ = !on_;
        return Words(request.count, on_ ? 1 : 0);
    }
    Result<void> write(const WriteRequest&) override { return fail(Fault::refused, "read only"); }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override {
        return fail(Fault::refused, "nothing to say");
    }

private:
    bool on_ = false;
};

SitePlan site(const std::string& url, const std::string& state_folder) {
    constexpr auto period = 10ms;
    Profile profile;
    Register flag;
    flag.measure = "fire.gas.discharged";
    flag.table = Table::holding;
    flag.type = WordType::u16;
    profile.registers = {flag};
    SitePlan plan;
    plan.site = "bench";
    plan.agent = "room";
    plan.broker.urls = {url};
    plan.state_folder = state_folder;
    plan.buses.resize(1);
    DevicePlan device;
    device.name = "fire1";
    device.period = period;
    device.blocks = plan_blocks(profile, {0}, 0, period);
    device.profile = std::make_shared<const Profile>(std::move(profile));
    plan.devices = {device};
    for (std::size_t i = 0; i < alarms; ++i) {
        AlarmPlan alarm;
        alarm.name = "gas" + std::to_string(i);
        alarm.severity = Severity::critical;
        alarm.conditions = {{{"fire1", flag.measure}, Compare::equals, 1, 0}};
        plan.alarms.push_back(alarm);
    }
    return plan;
}

}  // namespace

void run_restless_agent(const std::string& url, const std::string& state_folder) {
    run_agent(site(url, state_folder),
              {[](const BusPlan&) { return std::make_unique<Restless>(); }, make_mqtt_link});
}

AlarmRate measure_alarm_rate(const std::string& program) {
    const TempDir state;
    const Mosquitto broker;
    std::mutex mutex;
    std::size_t count = 0;
    AlarmRate rate;
    std::map<std::string, std::uint64_t> last;
    const RawSubscriber subscriber(
        broker.url(), to_string(Topic{{"bench", Role::agent, "room"}, Kind::event, "", ""}),
        [&](const std::string& payload) {
            const auto event = parse_event(payload);
            if (!event) return;
            const std::lock_guard lock(mutex);
            auto& before = last[event->alarm];
            rate.in_order = rate.in_order && event->stamp.seq > before;
            before = event->stamp.seq;
            rate.bytes = static_cast<double>(payload.size());
            ++count;
        });
    const auto counted = [&] {
        const std::lock_guard lock(mutex);
        return count;
    };
    const Process agent(program, {"alarms", broker.url(), state.path().string()});
    if (!eventually([&] { return counted() > 0; }, 30s)) return {};
    std::this_thread::sleep_for(warm_up);
    const auto before = counted();
    const auto start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(measured);
    const auto got = counted() - before;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const std::lock_guard lock(mutex);
    rate.arrived = static_cast<double>(got) / took.count();
    return rate;
}

double synced_appends(double bytes) {
    const TempDir folder;
    const auto path = (folder.path() / "floor").string();
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::vector<char> batch(static_cast<std::size_t>(bytes) * alarms, 'x');
    const auto start = std::chrono::steady_clock::now();
    std::chrono::duration<double> took{};
    std::size_t batches = 0;
    while (took < 2s) {
        if (::write(fd, batch.data(), batch.size()) < 0 || ::fdatasync(fd) != 0) break;
        ++batches;
        took = std::chrono::steady_clock::now() - start;
    }
    ::close(fd);
    return static_cast<double>(batches * alarms) / took.count();
}

}  // namespace firebreak
