// A Bus over libmodbus. Connects on first use, reconnects with back-off after port_lost.
#pragma once

#include <memory>

#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

[[nodiscard]] std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan);

}  // namespace firebreak
