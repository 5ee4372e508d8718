// Who said something, in which life, as the how-manieth message, at what wall time.
// A receiver orders messages of one sender by (boot, seq); wall time is a label only.
#pragma once

#include <cstdint>
#include <string>

#include "contract/support/time.hpp"

namespace firebreak {

struct Stamp {
    std::string boot;       ///< random id of the sender's process life
    std::uint64_t seq = 0;  ///< counts the sender's messages in this life, from 1
    WallTime at{};          ///< the sender's wall clock; may be 1970 on a board

    bool operator==(const Stamp&) const = default;
};

/// A sender's word that it has lately heard a status of the receiver's present life.
struct Echo {
    std::string boot;
    std::uint64_t seq = 0;

    bool operator==(const Echo&) const = default;
};

/// Numbers the messages of one process life.
class Stamper {
public:
    explicit Stamper(std::string boot) : boot_(std::move(boot)) {}
    [[nodiscard]] Stamp next(WallTime at) { return {boot_, ++seq_, at}; }
    [[nodiscard]] const std::string& boot() const { return boot_; }

private:
    std::string boot_;
    std::uint64_t seq_ = 0;
};

}  // namespace firebreak
