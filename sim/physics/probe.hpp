// A sensor and what is wrong with it: lag by where it sits, noise, steps, bias, and the faults that
// field sensors have. Value type; the units of what it measures, seconds. Missing is nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/physics/chance.hpp"

namespace firebreak {

enum class ProbeFault : std::uint8_t {
    none,
    dead,      ///< no reading at all
    dropping,  ///< one reading in five is missing
    clipped,   ///< nothing above its ceiling
    spiking,   ///< now and then one reading far off
    drifting,  ///< 2 Cel a day
    stuck,     ///< the reading of when it broke
    open,      ///< an open thermocouple: full scale, or flips between that and the truth
};
inline constexpr int probe_fault_count = 8;

struct ProbeType {
    double lag = 10;     ///< s, first order: 2 on the case, 30 on a bus bar, 120 in the air stream
    double noise = 0.1;  ///< standard deviation
    double grain = 0.1;  ///< of the transmitter: 0.1, 0.5 or 1 Cel
    double bias = 0;
};

class Probe {
public:
    Probe(const ProbeType& type, double truth, Chance chance)
        : type_(type), chance_(chance), felt_(truth), shown_(truth) {}

    void fail(ProbeFault fault) {
        fault_ = fault;
        since_ = 0;
    }

    /// What is read after `seconds` in which the thing measured was at `truth`.
    std::optional<double> read(double seconds, double truth);

private:
    ProbeType type_;
    Chance chance_;
    double felt_;
    double shown_;
    double since_ = 0;  ///< the fault
    ProbeFault fault_ = ProbeFault::none;
};

}  // namespace firebreak
