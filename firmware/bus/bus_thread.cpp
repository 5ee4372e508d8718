#include "firmware/bus/bus_thread.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "contract/support/inbox.hpp"
#include "firmware/bus/poll_schedule.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_orders_waiting = 64;

Instant clock_now() {
    return std::chrono::steady_clock::now();
}

/// An order, or only the end of a wait, to look at `stopping`.
struct Wake {};
using Posted = std::variant<Wake, WriteOrder, PollOrder>;

/// What a poll needs of a device; the profiles stay with the plan.
struct Polled {
    std::uint8_t unit = 1;
    std::uint32_t revision = 0;
    std::vector<Block> blocks;
    std::uint64_t missed_told = 0;
};

std::vector<PollPlan> plans_of(std::size_t bus, const std::vector<DevicePlan>& devices) {
    std::vector<PollPlan> plans;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        if (devices[i].bus != bus) continue;
        for (auto& plan : poll_plans(i, devices[i].blocks)) plans.push_back(plan);
    }
    return plans;
}

}  // namespace

struct BusThread::State {
    State(std::unique_ptr<Bus> the_bus, std::size_t index, const std::vector<DevicePlan>& devices,
          std::function<void(BusNews)> the_sink)
        : bus(std::move(the_bus)),
          sink(std::move(the_sink)),
          schedule(plans_of(index, devices), clock_now()) {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            if (devices[i].bus == index) polled[i] = {devices[i].unit, 0, devices[i].blocks, 0};
        }
    }

    void run() {
        while (!stopping) {
            const auto poll = schedule.next(clock_now());
            // Orders go first; without either, sleep until one is due or an order is posted.
            const auto order = poll ? inbox.take_now() : inbox.take(schedule.wake());
            if (stopping) return;
            if (order) {
                std::visit([this](const auto& each) { carry_out(each); }, *order);
            } else if (poll) {
                read(*poll);
            }
        }
    }

    void read(const Poll& poll) {
        auto& device = polled.at(poll.device);
        const auto& block = device.blocks[poll.block];
        auto words = bus->read({.unit = device.unit,
                                .table = block.table,
                                .address = block.address,
                                .count = block.count});
        const auto now = clock_now();
        schedule.done(poll, words ? std::nullopt : std::optional(words.error().fault), now);
        const auto missed = schedule.tally(poll.device).missed;
        sink(BusReport{poll.device, poll.block, std::move(words), now, device.revision,
                       static_cast<std::uint32_t>(missed - device.missed_told)});
        device.missed_told = missed;
    }

    void carry_out(Wake) {}

    void carry_out(const PollOrder& order) {
        const auto found = polled.find(order.device);
        if (found == polled.end()) return;
        found->second.revision = order.revision;
        found->second.blocks = order.blocks;
        schedule.replace(order.device, poll_plans(order.device, order.blocks), clock_now());
    }

    void carry_out(const WriteOrder& order) {
        std::optional<Words> before;
        if (order.look_first) {
            if (auto words = read_of(order.request)) before = *std::move(words);
        }
        auto words = write_and_read_back(order.request);
        sink(WriteReport{order.ticket, std::move(words), clock_now(), std::move(before)});
    }

    Result<Words> read_of(const WriteRequest& request) {
        return bus->read({.unit = request.unit,
                          .table = request.table,
                          .address = request.address,
                          .count = static_cast<std::uint16_t>(request.words.size())});
    }

    Result<Words> write_and_read_back(const WriteRequest& request) {
        auto written = bus->write(request);
        if (!written && written.error().fault == Fault::port_lost) {
            // The peer may have hung up long ago: once more on a new connection. A write sets a
            // state, so that doing it twice is harmless.
            written = bus->write(request);
        }
        const auto lost = written ? std::nullopt : std::optional(written.error().fault);
        if (lost && lost != Fault::timeout && lost != Fault::corrupt) {
            return within(written.error(), "writing");
        }
        // Of a lost answer the write itself may have arrived.
        auto words = read_of(request);
        if (lost && (!words || *words != request.words)) return within(written.error(), "writing");
        if (!words) return within(words.error(), "written, but reading back");
        return words;
    }

    std::unique_ptr<Bus> bus;
    std::function<void(BusNews)> sink;
    std::map<std::size_t, Polled> polled;
    PollSchedule schedule;
    Inbox<Posted> inbox{most_orders_waiting};
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
    state_->inbox.post(Wake{});
    state_->thread.join();
}

bool BusThread::write(WriteOrder order) {
    return state_->inbox.post(std::move(order));
}

bool BusThread::poll(PollOrder order) {
    return state_->inbox.post(std::move(order));
}

}  // namespace firebreak
