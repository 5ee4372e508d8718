#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "contract/payload.hpp"
#include "contract/support/inbox.hpp"
#include "contract/topic.hpp"
#include "contract/view/screen.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/read_only_bus.hpp"
#include "firmware/round.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::vector<std::string> device;
    std::string config;
    std::string board;
    std::string every;
    bool json = false;
    bool once = false;
};

Now clock_now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// Reads one device round after round and shows it as the agent would publish it.
class Reader {
public:
    Reader(const SitePlan& plan, DevicePlan device, Form form)
        : me_{plan.site, Role::agent, plan.agent},
          device_(std::move(device)),
          bus_(make_read_only(make_modbus_bus(plan.buses[device_.bus]))),
          screen_(form) {}

    /// What went wrong first, if anything; nothing more is to be done when nobody reads.
    std::optional<Error> round() {
        const auto began = clock_now();
        const auto round = read_round(*bus_, device_, began.steady);
        const auto now = clock_now();
        for (const auto& reading : round.readings) {
            const ReadingNotice notice{reading.value, reading.label, reading.unit,
                                       stamper_.next(now.wall)};
            const Topic topic{me_, Kind::reading, device_.name, reading.point.measure};
            heard_ = heard_ && screen_.take({to_string(topic), to_json(notice), true}, now.steady);
        }
        heard_ = heard_ && screen_.draw(now.steady);
        return round.trouble;
    }
    [[nodiscard]] bool heard() const { return heard_; }

private:
    Origin me_;
    DevicePlan device_;
    std::unique_ptr<Bus> bus_;
    Screen screen_;
    Stamper stamper_{make_boot_id()};
    bool heard_ = true;
};

int read_on(Reader& reader, Duration every) {
    Inbox<bool> stop(1);
    const StopSignal signal([&stop] { stop.post(true); });
    auto due = clock_now().steady;
    while (reader.heard()) {
        static_cast<void>(reader.round());
        // Drift-free; a round that took too long is followed by the next at once, not by two.
        due = std::max(due + every, clock_now().steady);
        if (stop.take(due)) break;
    }
    return 0;
}

int read_once(Reader& reader) {
    const auto trouble = reader.round();
    if (trouble) fmt::print(stderr, "{}: {}\n", to_string(trouble->fault), trouble->what);
    return trouble || !reader.heard() ? 1 : 0;
}

std::optional<DevicePlan> find_device(const SitePlan& plan, const std::string& name) {
    const auto found = std::find_if(plan.devices.begin(), plan.devices.end(),
                                    [&](const DevicePlan& each) { return each.name == name; });
    if (found != plan.devices.end()) return *found;
    std::vector<std::string_view> names;
    for (const auto& device : plan.devices) names.push_back(device.name);
    fmt::print(stderr, "there is no device {}; the site has {}\n", name, fmt::join(names, ", "));
    return std::nullopt;
}

int read(const Given& given) {
    auto plan = read_site(given.config, given.board);
    if (!plan) return 2;
    auto device = find_device(*plan, given.device.front());
    if (!device) return 2;
    const auto every = given.every.empty() ? device->period : parse_duration(given.every);
    if (!every || *every < std::chrono::milliseconds(10)) {
        fmt::print(stderr, "--every {}: give a duration from 10ms on, like 500ms or 2s\n",
                   given.every);
        return 2;
    }
    const auto form = Screen::suited(given.json);
    Reader reader(*plan, std::move(*device), given.once && !given.json ? Form::once : form);
    return given.once ? read_once(reader) : read_on(reader, *every);
}

}  // namespace

void add_read(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("read", "Read one device of a site by itself and show it, writing nothing",
              [given] { return read(*given); })
        .option("--config", "the site file", given->config, true)
        .option("--board", "the board file that names the serial ports", given->board)
        .option("--every", "how often; by default the device's period", given->every)
        .flag("--once", "one round, then exit: 0 when all was read, else 1", given->once)
        .flag("--json", "each reading as a line of JSON, as it would be published", given->json)
        .words("DEVICE", "its name in the site file", given->device, 1, 1);
}

}  // namespace firebreak
