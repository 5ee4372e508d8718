// One thread a bus: polls its devices on schedule, carries orders ahead of reads.
// Owns the Bus; everything it learns goes into `sink`, which must only post to an inbox.
#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "firmware/bus/plan.hpp"
#include "firmware/bus/report.hpp"

namespace firebreak {

using BusNews = std::variant<BusReport, WriteReport>;

class BusThread {
public:
    /// `devices` are all of the site's; those with `bus == index` are polled here.
    BusThread(std::unique_ptr<Bus> bus, std::size_t index, const std::vector<DevicePlan>& devices,
              std::function<void(BusNews)> sink);
    ~BusThread();  ///< stops and joins: waits for at most the request under way
    BusThread(const BusThread&) = delete;
    BusThread& operator=(const BusThread&) = delete;

    /// False when too many orders wait; the caller reports that as busy.
    [[nodiscard]] bool write(WriteOrder order);
    /// How a device is polled from now on. False as for write(): to be sent again.
    [[nodiscard]] bool poll(PollOrder order);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
