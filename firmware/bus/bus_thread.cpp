#include "firmware/bus/bus_thread.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "contract/support/inbox.hpp"
#include "firmware/bus/poll_schedule.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_writes_waiting = 64;

Instant clock_now() {
    return std::chrono::steady_clock::now();
}

/// A write, or only the end of a wait, to look at `stopping`.
struct Posted {
    bool is_write = false;
    WriteOrder write;
};

/// What a poll needs of a device; the profiles stay with the plan.
struct Polled {
    std::uint8_t unit = 1;
    std::vector<Block> blocks;
};

std::vector<PollPlan> poll_plans(std::size_t bus, const std::vector<DevicePlan>& devices) {
    std::vector<PollPlan> plans;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        if (devices[i].bus != bus) continue;
        plans.push_back(
            {.device = i, .blocks = devices[i].blocks.size(), .period = devices[i].period});
    }
    return plans;
}

}  // namespace

struct BusThread::State {
    State(std::unique_ptr<Bus> the_bus, std::size_t index, const std::vector<DevicePlan>& devices,
          std::function<void(BusNews)> the_sink)
        : bus(std::move(the_bus)),
          sink(std::move(the_sink)),
          schedule(poll_plans(index, devices), clock_now()) {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            if (devices[i].bus == index) polled[i] = {devices[i].unit, devices[i].blocks};
        }
    }

    void run() {
        while (!stopping) {
            const auto poll = schedule.next(clock_now());
            // Writes go first; without either, sleep until one is due or a write is posted.
            auto order = poll ? inbox.take_now() : inbox.take(schedule.wake());
            if (stopping) return;
            if (order) {
                if (order->is_write) carry_out(order->write);
            } else if (poll) {
                read(*poll);
            }
        }
    }

    void read(const Poll& poll) {
        const auto& device = polled.at(poll.device);
        const auto& block = device.blocks[poll.block];
        auto words = bus->read({.unit = device.unit,
                                .table = block.table,
                                .address = block.address,
                                .count = block.count});
        const auto now = clock_now();
        schedule.done(poll, words ? std::nullopt : std::optional(words.error().fault), now);
        sink(BusReport{poll.device, poll.block, std::move(words), now});
    }

    void carry_out(const WriteOrder& order) {
        auto words = write_and_read_back(order.request);
        sink(WriteReport{order.ticket, std::move(words), clock_now()});
    }

    Result<Words> write_and_read_back(const WriteRequest& request) {
        auto written = bus->write(request);
        if (!written && written.error().fault == Fault::port_lost) {
            // The peer may have hung up long ago: once more on a new connection. A write sets a
            // state, so that doing it twice is harmless.
            written = bus->write(request);
        }
        if (!written) return within(written.error(), "writing");
        auto words = bus->read({.unit = request.unit,
                                .table = request.table,
                                .address = request.address,
                                .count = static_cast<std::uint16_t>(request.words.size())});
        if (!words) return within(words.error(), "written, but reading back");
        return words;
    }

    std::unique_ptr<Bus> bus;
    std::function<void(BusNews)> sink;
    std::map<std::size_t, Polled> polled;
    PollSchedule schedule;
    Inbox<Posted> inbox{most_writes_waiting};
    std::atomic<bool> stopping = false;
    std::thread thread;
};

BusThread::BusThread(std::unique_ptr<Bus> bus, std::size_t index,
                     const std::vector<DevicePlan>& devices, std::function<void(BusNews)> sink)
    : state_(std::make_unique<State>(std::move(bus), index, devices, std::move(sink))) {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

BusThread::~BusThread() {
    state_->stopping = true;
    // A full inbox refuses this, but then the thread has something to wake up for.
    state_->inbox.post({.is_write = false, .write = {}});
    state_->thread.join();
}

bool BusThread::write(WriteOrder order) {
    return state_->inbox.post({.is_write = true, .write = std::move(order)});
}

}  // namespace firebreak
