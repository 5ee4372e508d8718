#include "sim/physics/probe.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

constexpr double ceiling = 50;         ///< Cel, of a clipped transmitter
constexpr double full_scale = 1372;    ///< Cel, of a type K thermocouple (IEC 60584-1)
constexpr double drift = 2.0 / 86400;  ///< Cel/s: fast for a field sensor, far below any heating

}  // namespace

std::optional<double> Probe::read(double seconds, double truth) {
    felt_ += (truth - felt_) * (type_.lag > 0 ? -std::expm1(-seconds / type_.lag) : 1);
    since_ += seconds;
    double value = felt_ + type_.bias + type_.noise * chance_.normal();
    switch (fault_) {
        case ProbeFault::none:
            break;
        case ProbeFault::dead:
            return std::nullopt;
        case ProbeFault::dropping:
            if (chance_.one_in(5)) return std::nullopt;
            break;
        case ProbeFault::clipped:
            value = std::min(value, ceiling);
            break;
        case ProbeFault::spiking:
            if (chance_.one_in(300)) value += chance_.between(-200, 200);
            break;
        case ProbeFault::drifting:
            value += drift * since_;
            break;
        case ProbeFault::stuck:
            return shown_;
        case ProbeFault::open:
            if (!chance_.one_in(10)) value = full_scale;
            break;
    }
    shown_ = type_.grain > 0 ? std::round(value / type_.grain) * type_.grain : value;
    return shown_;
}

}  // namespace firebreak
