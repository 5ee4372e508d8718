// Which blocks each device is asked for, as planned and as learnt. A block that the device refuses
// is halved until the hole stands alone, which is then asked for seldom; what was learnt is
// forgotten in time, because a device that was only starting refuses too. A device whose alarms
// are pending or firing is asked faster. Owned by the core; no I/O; time is an argument.
#pragma once

#include <cstdint>
#include <vector>

#include "contract/support/time.hpp"
#include "firmware/bus/report.hpp"
#include "firmware/site.hpp"

namespace firebreak {

class Polling {
public:
    /// `devices` must outlive this.
    explicit Polling(const std::vector<DevicePlan>& devices);

    /// Null when the report is of an older order, or of no block at all.
    [[nodiscard]] const Block* block_of(const BusReport& report) const;

    /// Learns from what came of asking.
    void take(const BusReport& report, Instant now);

    /// Of a device with a fast period; another's is ignored.
    void hurry(std::size_t device, bool fast);

    /// Forgets what is due to be forgotten.
    void tick(Instant now);
    [[nodiscard]] Instant next_deadline() const;

    /// Orders since the last call.
    [[nodiscard]] std::vector<PollOrder> take_orders();
    void order_again(std::size_t device) { devices_[device].changed = true; }

    /// Blocks of a device that it has refused and that cannot be halved.
    [[nodiscard]] std::size_t holes(std::size_t device) const;

private:
    struct Device {
        std::vector<Block> blocks;  ///< at their own periods
        std::uint32_t revision = 0;
        std::size_t holes = 0;
        bool fast = false;
        int timeouts = 0;  ///< in a row
        Instant forget_at = never;
        bool changed = false;
    };

    void learn(std::size_t device, std::size_t block, Instant now);
    void forget(std::size_t device);

    const std::vector<DevicePlan>& plans_;
    std::vector<Device> devices_;
};

}  // namespace firebreak
