// The floor of Modbus TCP: libmodbus' own server and client, nothing of ours between them.
// The server is a process; each of its connections another.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>

namespace firebreak {

/// Serves zeros on holding registers; gone at destruction.
class LibmodbusServer {
public:
    LibmodbusServer();
    ~LibmodbusServer();
    LibmodbusServer(const LibmodbusServer&) = delete;
    LibmodbusServer& operator=(const LibmodbusServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
};

/// A client that reads `count` holding registers with modbus_read_registers.
class LibmodbusClient {
public:
    explicit LibmodbusClient(std::uint16_t port);
    ~LibmodbusClient();
    LibmodbusClient(const LibmodbusClient&) = delete;
    LibmodbusClient& operator=(const LibmodbusClient&) = delete;

    [[nodiscard]] bool read(int count);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
