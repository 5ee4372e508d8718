// A Modbus slave at the far end of a pseudo-terminal, as fast as its line and no faster: a request
// takes its characters' time, then a gap, then the answer takes its own. Independent of our
// simulator. One thread of its own; answers reads of holding registers with zeros.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "firmware/bus/plan.hpp"

namespace firebreak {

class PacedSlave {
public:
    /// `line.port.path` is filled in. `gap` is what the slave waits after a request.
    PacedSlave(LinePlan line, Duration gap);
    ~PacedSlave();
    PacedSlave(const PacedSlave&) = delete;
    PacedSlave& operator=(const PacedSlave&) = delete;

    [[nodiscard]] const LinePlan& line() const { return line_; }

private:
    void serve();

    LinePlan line_;
    Duration gap_;
    int master_ = -1;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace firebreak
