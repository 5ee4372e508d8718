#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "firmware/bus/frame.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/read_only_bus.hpp"
#include "firmware/profile/profile_file.hpp"
#include "firmware/scan.hpp"
#include "firmware/tcp_address.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::string tcp, rtu_over_tcp, port;
    std::string baud, parity, stop_bits;
    std::string config, bus, board;
    std::string units = "1-247";
    std::string timeout = "200ms";
    bool json = false;
};

template <class... Args>
std::nullopt_t refuse(fmt::format_string<Args...> why, Args&&... args) {
    fmt::print(stderr, "{}\n", fmt::format(why, std::forward<Args>(args)...));
    return std::nullopt;
}

std::optional<int> number(const std::string& text) {
    int value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || at != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A serial line by what was said on the command line; the rest as the standard has it.
std::optional<LinePlan> line_given(const Given& given) {
    LinePlan line;
    if (given.port.find('/') != std::string::npos) {
        line.port.name = line.port.path = given.port;
    } else {
        const auto board = read_board(given.board);
        if (!board) return std::nullopt;
        const auto* const port = board->find(given.port);
        if (port == nullptr) {
            return refuse(
                "the board has no port {}: name one of its board file, or a device like "
                "/dev/ttyUSB0",
                given.port);
        }
        line.port = *port;
    }
    const auto baud = number(given.baud.empty() ? "19200" : given.baud);
    if (!baud || *baud < 300 || *baud > 921600) {
        return refuse("--baud {}: give 300 to 921600", given.baud);
    }
    line.baud = *baud;
    constexpr std::array<std::string_view, 3> parities{"none", "even", "odd"};
    const auto parity = given.parity.empty() ? "even" : given.parity;
    const auto* const found = std::find(parities.begin(), parities.end(), parity);
    if (found == parities.end()) return refuse("--parity {}: give none, even or odd", parity);
    line.parity = static_cast<Parity>(found - parities.begin());
    const auto usual = line.parity == Parity::none ? "2" : "1";
    const auto stop_bits = number(given.stop_bits.empty() ? usual : given.stop_bits);
    if (!stop_bits || *stop_bits < 1 || *stop_bits > 2) {
        return refuse("--stop-bits {}: give 1 or 2", given.stop_bits);
    }
    line.stop_bits = *stop_bits;
    return line;
}

std::optional<BusPlan> bus_of_site(const Given& given) {
    const auto plan = read_site(given.config, given.board);
    if (!plan) return std::nullopt;
    std::vector<std::string_view> names;
    for (const auto& bus : plan->buses) {
        if (bus.name == given.bus || (given.bus.empty() && plan->buses.size() == 1)) return bus;
        names.push_back(bus.name);
    }
    return refuse("--bus {}: the site has {}", given.bus, fmt::join(names, ", "));
}

std::optional<BusPlan> bus_given(const Given& given) {
    const int ways = int{!given.tcp.empty()} + int{!given.rtu_over_tcp.empty()} +
                     int{!given.port.empty()} + int{!given.config.empty()};
    if (ways != 1) {
        return refuse("say where: one of --tcp, --rtu-over-tcp, --port and --config with --bus");
    }
    if (given.port.empty() &&
        !(given.baud.empty() && given.parity.empty() && given.stop_bits.empty())) {
        return refuse("--baud, --parity and --stop-bits belong to --port");
    }
    if (!given.config.empty()) return bus_of_site(given);
    BusPlan bus;
    bus.name = "bus1";
    if (!given.port.empty()) {
        const auto line = line_given(given);
        if (!line) return std::nullopt;
        bus.wire = Wire::serial;
        bus.line = *line;
        return bus;
    }
    bus.wire = given.tcp.empty() ? Wire::rtu_over_tcp : Wire::tcp;
    const auto& text = given.tcp.empty() ? given.rtu_over_tcp : given.tcp;
    const auto at = parse_tcp_address(text);
    if (!at) return refuse("{}: must be host or host:port, like 192.168.1.20:502", text);
    bus.host = at->host;
    bus.port = at->port;
    return bus;
}

/// Every profile in the folders, the first of a name as a site would find it; faulty ones are
/// told and left out.
Profiles all_profiles() {
    Profiles profiles;
    for (const auto& folder : profile_folders()) {
        std::error_code none;
        std::vector<std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
            if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
        }
        std::sort(files.begin(), files.end());
        for (const auto& file : files) {
            Complaints complaints;
            auto profile = std::make_shared<const Profile>(load_profile(file, complaints));
            if (!complaints.empty()) fmt::print(stderr, "{}\n", complaints.text());
            const bool known = std::any_of(profiles.begin(), profiles.end(), [&](const auto& one) {
                return one->name == profile->name;
            });
            if (complaints.empty() && !known) profiles.push_back(std::move(profile));
        }
    }
    return profiles;
}

/// A peer may hang up on a unit it does not know; one that always does, or is not there, is gone.
constexpr int most_losses = 3;

struct Tally {
    int found = 0;
    int losses = 0;             ///< in a row
    std::optional<Error> lost;  ///< the wire itself is gone
};

Tally scan_units(Bus& bus, const std::vector<std::uint8_t>& units, const Given& given,
                 std::string_view bus_name, const std::atomic<bool>& stop) {
    const auto profiles = all_profiles();
    Tally tally;
    for (const auto unit : units) {
        if (stop) break;
        auto answer = knock(bus, unit);
        if (!answer) {
            const auto fault = answer.error().fault;
            const bool gone = fault == Fault::port_lost && ++tally.losses >= most_losses;
            if (!gone && fault != Fault::config) continue;
            tally.lost = answer.error();
            break;
        }
        tally.losses = 0;
        ++tally.found;
        const auto found = identify(bus, unit, *std::move(answer), profiles);
        fmt::print("{}",
                   given.json ? scan_json(found) : scan_text(found) + scan_toml(found, bus_name));
        if (std::fflush(stdout) != 0) break;
    }
    return tally;
}

int scan(const Given& given) {
    auto plan = bus_given(given);
    const auto units = parse_units(given.units);
    const auto timeout = parse_duration(given.timeout);
    if (!units)
        refuse("--units {}: give numbers from 0 to 255, like 1-247 or 1,2,16-31", given.units);
    if (!timeout || *timeout < std::chrono::milliseconds(1)) {
        refuse("--timeout {}: give a duration like 200ms", given.timeout);
        return 2;
    }
    if (!plan || !units) return 2;
    const bool serial_frames = plan->wire != Wire::tcp;
    if (serial_frames && (units->front() == 0 ||
                          *std::max_element(units->begin(), units->end()) > last_serial_unit)) {
        refuse("--units {}: units of a serial line are 1 to {}", given.units, last_serial_unit);
        return 2;
    }
    plan->timeout = *timeout;
    std::atomic<bool> stop = false;
    const StopSignal signal([&stop] { stop = true; });
    fmt::print(stderr, "asking {} units, at most {} each for those that are silent\n",
               units->size(), given.timeout);
    const auto bus = make_read_only(make_modbus_bus(*plan));
    const auto tally = scan_units(*bus, *units, given, plan->name, stop);
    if (tally.lost) {
        refuse("{}: {}", to_string(tally.lost->fault), tally.lost->what);
        return 1;
    }
    fmt::print(stderr, "{} of {} units answer{}\n", tally.found, units->size(),
               stop ? " so far: stopped" : "");
    return tally.found > 0 ? 0 : 1;
}

}  // namespace

void add_scan(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("scan", "Find out what is on a bus, writing nothing",
              [given] { return scan(*given); })
        .option("--tcp", "HOST:PORT of a Modbus TCP server or gateway", given->tcp)
        .option("--rtu-over-tcp", "HOST:PORT of a gateway that passes RTU frames",
                given->rtu_over_tcp)
        .option("--port", "a serial port: a name in the board file, or a device", given->port)
        .option("--baud", "of --port: 19200", given->baud)
        .option("--parity", "of --port: none, even (default) or odd", given->parity)
        .option("--stop-bits", "of --port: 1, without parity 2", given->stop_bits)
        .option("--config", "a site file, whose --bus is scanned", given->config)
        .option("--bus", "the name of a bus in it", given->bus)
        .option("--board", "the board file that names the serial ports", given->board)
        .option("--units", "which, like 1,2,16-31: 1-247", given->units)
        .option("--timeout", "how long an answer may take: 200ms", given->timeout)
        .flag("--json", "a line of JSON a unit", given->json);
}

}  // namespace firebreak
