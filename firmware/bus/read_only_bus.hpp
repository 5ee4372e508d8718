// A Bus that cannot write, whatever it is asked: for the verbs that only look. Owns the real one;
// used from one thread. Errors: refused for a write and for a function not known to only read.
#pragma once

#include <memory>

#include "firmware/bus/bus.hpp"

namespace firebreak {

[[nodiscard]] std::unique_ptr<Bus> make_read_only(std::unique_ptr<Bus> bus);

}  // namespace firebreak
