// A seeded generator of our own: the same seed gives the same room with any standard library,
// which std::normal_distribution does not promise. Not for secrets. Value type, no I/O.
#pragma once

#include <cmath>
#include <cstdint>

namespace firebreak {

class Chance {
public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}

    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    std::uint64_t bits() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    /// From 0 to below 1.
    double share() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
    double between(double least, double most) { return least + (most - least) * share(); }
    /// Even over the logarithm: as often from 200 to 400 as from 2,000 to 4,000.
    double scale(double least, double most) { return least * std::pow(most / least, share()); }
    bool one_in(double n) { return share() * n < 1; }
    std::uint64_t below(std::uint64_t n) { return bits() % n; }

    /// Mean 0, deviation 1: eight 16-bit draws added (Irwin-Hall), no library function in it, so
    /// the same to the last bit everywhere. Never beyond 4.9.
    double normal() {
        double sum = 0;
        for (int word = 0; word < 2; ++word) {
            const auto drawn = bits();
            for (unsigned part = 0; part < 64; part += 16)
                sum += static_cast<double>((drawn >> part) & 0xFFFFU) / 65536.0;
        }
        return (sum - 4) / std::sqrt(8.0 / 12.0);
    }

private:
    std::uint64_t state_;
};

}  // namespace firebreak
