// Every bus of a room on its wire - Modbus TCP, RTU over TCP, a paced serial line - for many
// masters, on one thread that waits for none of them. Owned by the run shell, which serves it when
// its descriptor or its deadline says so. Errors: Fault::config when a port cannot be had.
#pragma once

#include <memory>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/bus/plan.hpp"
#include "sim/endpoint.hpp"

namespace firebreak {

class ModbusServer {
public:
    [[nodiscard]] static Result<std::unique_ptr<ModbusServer>> open(
        const std::vector<BusPlan>& buses, ModbusAnswer answer);
    ~ModbusServer();
    ModbusServer(const ModbusServer&) = delete;
    ModbusServer& operator=(const ModbusServer&) = delete;

    /// Readable when somebody wants something.
    [[nodiscard]] int fd() const;
    /// When to serve although nobody wants anything: a byte is due.
    [[nodiscard]] Instant deadline() const;

    /// Accepts, reads, answers and writes whatever is ready; never blocks.
    void serve(Instant now);

    /// Connections to its ports; a serial line has none.
    [[nodiscard]] std::size_t clients() const;

private:
    struct State;
    explicit ModbusServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
