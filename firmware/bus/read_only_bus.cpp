#include "firmware/bus/read_only_bus.hpp"

#include <fmt/format.h>

namespace firebreak {
namespace {

/// V1.1b3, 6: reads of the four tables, report server id, and of the encapsulated interface (43)
/// only device identification (14). Diagnostics (8) may restart a device and is not among them.
bool only_reads(std::span<const std::uint8_t> pdu) {
    if (pdu.empty()) return false;
    if (pdu[0] == 0x2B) return pdu.size() >= 2 && pdu[1] == 0x0E;
    return (pdu[0] >= 0x01 && pdu[0] <= 0x04) || pdu[0] == 0x11;
}

class ReadOnlyBus final : public Bus {
public:
    explicit ReadOnlyBus(std::unique_ptr<Bus> bus) : bus_(std::move(bus)) {}

    Result<Words> read(const ReadRequest& request) override { return bus_->read(request); }
    Result<void> write(const WriteRequest&) override {
        return fail(Fault::refused, "this only looks: nothing is written");
    }
    Result<Bytes> ask(std::uint8_t unit, std::span<const std::uint8_t> pdu) override {
        if (only_reads(pdu)) return bus_->ask(unit, pdu);
        return fail(Fault::refused, fmt::format("this only looks: function {} is not asked for",
                                                pdu.empty() ? 0 : pdu.front()));
    }

private:
    std::unique_ptr<Bus> bus_;
};

}  // namespace

std::unique_ptr<Bus> make_read_only(std::unique_ptr<Bus> bus) {
    return std::make_unique<ReadOnlyBus>(std::move(bus));
}

}  // namespace firebreak
