// Modbus TCP for every bus of a room: many clients, one thread, no wait for any of them. It does
// its own framing because libmodbus' server blocks in the middle of a frame, and a client that
// hangs there would stall all others. Owned by the run shell, which calls poll() for it.
// Errors: Fault::config when a port cannot be had.
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct ModbusListen {
    std::string host;
    std::uint16_t port = 0;
};

/// What a bus answers to one unit; empty is silence.
using ModbusAnswer = std::function<std::vector<std::uint8_t>(std::size_t bus, std::uint8_t unit,
                                                             std::span<const std::uint8_t> pdu)>;

class ModbusServer {
public:
    /// One listening port a bus, in order.
    [[nodiscard]] static Result<std::unique_ptr<ModbusServer>> open(
        const std::vector<ModbusListen>& buses, ModbusAnswer answer);
    ~ModbusServer();
    ModbusServer(const ModbusServer&) = delete;
    ModbusServer& operator=(const ModbusServer&) = delete;

    /// Adds what poll() must watch.
    void watch(std::vector<pollfd>& into) const;

    /// Accepts, reads, answers and writes whatever is ready; never blocks.
    void serve(Instant now);

    [[nodiscard]] std::size_t clients() const;

private:
    struct State;
    explicit ModbusServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
