// The services' HTTP servers: real sockets whose power can be cut. A cut closes the listening
// socket and resets every connection at once, requests in flight are lost; with power back the
// server listens again. One thread serves all; power() may be called from any thread.
// Errors: Fault::config when a port cannot be had.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct RackServer {
    std::string name;  ///< said in every answer
    std::uint16_t port = 0;
    Duration takes{};  ///< how long one request takes to answer
};

class Racks {
public:
    /// Listens on 127.0.0.1 for all servers, all with power on.
    [[nodiscard]] static Result<std::unique_ptr<Racks>> open(
        const std::vector<RackServer>& servers);
    ~Racks();  ///< stops and joins
    Racks(const Racks&) = delete;
    Racks& operator=(const Racks&) = delete;

    /// Switches one server's power, by its index in `servers`; the same state again is nothing.
    void power(std::size_t server, bool on);

private:
    struct State;
    explicit Racks(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
