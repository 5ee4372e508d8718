// What a bus and its devices are, as resolved from the site file. Pure values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/support/time.hpp"
#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// How a request travels: Modbus TCP, RTU frames to a serial gateway's socket, a serial port.
enum class Wire : std::uint8_t { tcp, rtu_over_tcp, serial };

enum class Parity : std::uint8_t { none, even, odd };

/// Who turns an RS-485 driver on and off: the transceiver by itself (RS-232 too), the kernel's
/// serial driver (ioctl TIOCSRS485), or this program by the RTS line.
enum class Direction : std::uint8_t { automatic, kernel, rts };

/// A serial port as the board has it.
struct PortPlan {
    std::string name;  ///< as sites say it: "rs485-1"
    std::string path;  ///< "/dev/ttyS1"
    Direction direction = Direction::automatic;
    bool rts_high_to_send = true;  ///< of Direction::rts
    Duration rts_delay{};          ///< around a frame, of Direction::rts
    bool echo = false;             ///< the port hears what it says itself
};

/// A serial line as the site has it. Modbus over Serial Line V1.02, 2.5.1: 8 data bits, even
/// parity, one stop bit; two stop bits without parity.
struct LinePlan {
    PortPlan port;
    int baud = 19200;
    Parity parity = Parity::even;
    int stop_bits = 1;
};

struct BusPlan {
    std::string name;
    Wire wire = Wire::tcp;
    std::string host;  ///< of tcp and rtu_over_tcp
    std::uint16_t port = 502;
    LinePlan line;  ///< of serial
    /// Silence between two frames; nothing: as the standard has it (2.5.1.1). Of RTU frames.
    std::optional<Duration> gap;
    Duration timeout = std::chrono::milliseconds(500);
};

/// When a reading is worth saying, beside any change of its quality or its label.
struct PublishPlan {
    double deadband = 0;            ///< no news within this of what was said last
    bool is_percent = false;        ///< of that value; else in the measure's unit
    std::optional<Duration> every;  ///< unchanged again; nothing: the site's publish_every

    bool operator==(const PublishPlan&) const = default;
};

struct DevicePlan {
    std::string name;
    std::size_t bus = 0;  ///< index into SitePlan::buses
    std::uint8_t unit = 1;
    std::shared_ptr<const Profile> profile = std::make_shared<const Profile>();  ///< never null
    std::uint16_t base = 0;
    std::vector<Block> blocks;
    Duration period = std::chrono::seconds(1);
    std::optional<Duration> fast;  ///< the period while one of its alarms is pending or firing
    Duration silent_after = std::chrono::seconds(10);  ///< no good answer this long: silent
    std::vector<PublishPlan> publish;  ///< as in Profile::registers; empty: all as the default
};

}  // namespace firebreak
