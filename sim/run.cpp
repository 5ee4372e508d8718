#include "sim/run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <vector>

#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "sim/modbus_pdu.hpp"
#include "sim/modbus_server.hpp"
#include "sim/rack.hpp"
#include "sim/room.hpp"
#include "sim/socket.hpp"

namespace firebreak {
namespace {

/// With nothing to do, still look now and then.
constexpr Duration longest_wait = std::chrono::seconds(1);

std::int64_t unix_ms_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())
        .time_since_epoch()
        .count();
}

/// Every client and every rack's connection is a descriptor, and 1024 is soon reached.
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// The kernel may let a sleeper oversleep by 50 us to save power (prctl(2)): too much for a line on
/// which a character takes 95.
void wake_on_time() {
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

class Shell {
public:
    explicit Shell(const RoomPlan& plan)
        : plan_(plan),
          wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
          stop_signal_([this] { stop(); }),
          room_(plan.site, plan.scenario) {}

    Result<void> open() {
        log_.open(plan_.log, std::ios::trunc);
        if (!log_) return fail(Fault::config, "cannot write the room's log " + plan_.log);
        auto modbus = ModbusServer::open(
            plan_.site.buses,
            [this](std::size_t bus, std::uint8_t unit, std::span<const std::uint8_t> pdu) {
                return answer_pdu(room_, bus, unit, pdu);
            });
        if (!modbus) return tl::unexpected(modbus.error());
        modbus_ = *std::move(modbus);
        std::vector<RackServer> servers;
        for (auto& server : servers_of(plan_)) {
            servers.push_back({std::move(server.name), server.port, server.takes});
        }
        auto racks = Racks::open(servers);
        if (!racks) return tl::unexpected(racks.error());
        racks_ = *std::move(racks);
        return {};
    }

    void run() {
        start_ = std::chrono::steady_clock::now();
        note_room();
        log(LogLevel::info, "ready",
            {{"site", plan_.site.site},
             {"scenario", plan_.scenario.title},
             {"speed", plan_.speed}});
        std::array<pollfd, 2> watched{{{wake_.get(), POLLIN, 0}, {modbus_->fd(), POLLIN, 0}}};
        while (!stopping_) {
            const auto wait = time_left();
            ::ppoll(watched.data(), watched.size(), &wait, nullptr);
            const auto now = std::chrono::steady_clock::now();
            room_.advance(story_time(now));
            modbus_->serve(now);
            note_room();
        }
        log(LogLevel::info, "stopped");
    }

private:
    void stop() {
        stopping_ = true;
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake_.get(), &one, sizeof one));
    }

    [[nodiscard]] Duration story_time(Instant now) const {
        const auto run = std::chrono::duration<double>(now - start_) * plan_.speed;
        return plan_.scenario.begins + std::chrono::duration_cast<Duration>(run);
    }

    /// Until the story steps or a byte is due on some line.
    [[nodiscard]] timespec time_left() const {
        const auto now = std::chrono::steady_clock::now();
        auto wait = longest_wait;
        if (const auto step = room_.next_step()) {
            const std::chrono::duration<double> left = (*step - story_time(now)) / plan_.speed;
            if (left < longest_wait) wait = std::chrono::duration_cast<Duration>(left);
        }
        if (modbus_->deadline() != never) wait = std::min(wait, modbus_->deadline() - now);
        wait = std::max(wait, Duration::zero());
        const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
        return {.tv_sec = whole.count(), .tv_nsec = (wait - whole).count()};
    }

    void note_room() {
        const auto events = room_.world().take_events();
        for (const auto& event : events) {
            log_ << log_line(unix_ms_now(), event) << '\n' << std::flush;
            log(LogLevel::info, to_string(event.kind),
                {{"at", format_story_time(event.at)},
                 {"what", event.what},
                 {"why", event.why},
                 {"kw", fmt::format("{}", event.kw)}});
        }
        // Racks come first among the servers, in the scenario's order.
        for (std::size_t i = 0; i < plan_.scenario.racks.size(); ++i) {
            racks_->power(i, room_.world().powered(i));
        }
    }

    const RoomPlan& plan_;
    std::atomic<bool> stopping_ = false;
    Descriptor wake_;
    StopSignal stop_signal_;  // before any other thread
    Room room_;
    std::ofstream log_;
    std::unique_ptr<ModbusServer> modbus_;
    std::unique_ptr<Racks> racks_;
    Instant start_{};
};

}  // namespace

std::string log_line(std::int64_t unix_ms, const RoomEvent& event) {
    auto what = event.what;
    std::replace_if(
        what.begin(), what.end(), [](char c) { return c == ',' || c == '\n' || c == '\r'; }, ';');
    const auto kw = event.kw > 0 ? fmt::format("{}", event.kw) : "";
    return fmt::format("{},{:.3f},{},{},{},{}", unix_ms, seconds(event.at), to_string(event.kind),
                       what, event.why, kw);
}

Result<void> run_room(const RoomPlan& plan) {
    allow_many_descriptors();
    wake_on_time();
    Shell shell(plan);
    if (auto opened = shell.open(); !opened) return opened;
    shell.run();
    return {};
}

}  // namespace firebreak
