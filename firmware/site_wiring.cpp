#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "firmware/profile/profile_file.hpp"
#include "firmware/site_reader.hpp"
#include "firmware/tcp_address.hpp"

namespace firebreak {

namespace {

/// Modbus over Serial Line V1.02, 2.2, keeps 0 for broadcasts and those above 247 to itself; on
/// TCP every number is somebody's (Messaging on TCP/IP V1.0b, 4.4.1.2).
constexpr Bounds<std::int64_t> serial_units{1, 247};
constexpr Bounds<std::int64_t> tcp_units{0, 255};

}  // namespace

void SiteReader::read_bus(Section& row) {
    BusPlan bus;
    bus.name = row.name("name");
    fresh(row, "a bus", bus_names_, bus.name);
    read_wire(row, bus);
    bus.timeout =
        wait(row, "timeout", bus.timeout, std::chrono::seconds(30), std::chrono::milliseconds(10));
    row.finish();
    plan_.buses.push_back(std::move(bus));
}

void SiteReader::read_wire(Section& row, BusPlan& bus) {
    const std::array<std::pair<std::string_view, Wire>, 3> wires{
        {{"tcp", Wire::tcp}, {"rtu_over_tcp", Wire::rtu_over_tcp}, {"port", Wire::serial}}};
    int given = 0;
    for (const auto& [key, wire] : wires) {
        if (!row.has(key)) continue;
        bus.wire = wire;
        if (++given == 2) row.complain(key, "a bus has one of tcp, rtu_over_tcp and port");
        const auto text = row.text(key);
        if (wire == Wire::serial) {
            read_line(row, text, bus.line);
        } else if (const auto at = parse_tcp_address(text)) {
            bus.host = at->host;
            bus.port = at->port;
        } else if (!text.empty()) {
            row.complain(key, "must be \"host\" or \"host:port\", like \"192.168.1.20:502\"");
        }
    }
    if (given == 0) {
        row.complain("",
                     "say tcp = \"host:port\", rtu_over_tcp = \"host:port\" or port = the name "
                     "of a serial port of this board");
    }
    if (bus.wire != Wire::serial) {
        for (const auto* key : {"baud", "parity", "stop_bits"}) {
            if (!row.has(key)) continue;
            row.complain(key, "belongs to a serial port: leave it out");
            row.ignore(key);
        }
    }
    if (!row.has("gap")) return;
    if (bus.wire == Wire::tcp) row.complain("gap", "belongs to RTU frames: leave it out");
    bus.gap = wait(row, "gap", Duration::zero(), std::chrono::seconds(1), Duration::zero());
}

void SiteReader::read_line(Section& row, const std::string& port, LinePlan& line) {
    if (const PortPlan* known = board_.find(port)) {
        line.port = *known;
    } else if (!port.empty()) {
        std::vector<std::string_view> ports;
        for (const auto& each : board_.ports) ports.push_back(each.name);
        complain_unknown(row, "port",
                         ports.empty() ? "no board file says what serial ports there are: name one "
                                         "with --board; there is no port"
                                       : "this board has no port",
                         port, ports);
    }
    constexpr std::array bauds{300,   600,   1200,   2400,   4800,   9600,  19200,
                               38400, 57600, 115200, 230400, 460800, 921600};
    const auto baud = row.integer_or("baud", line.baud);
    if (std::find(bauds.begin(), bauds.end(), baud) == bauds.end()) {
        row.complain("baud", fmt::format("must be one of {}", fmt::join(bauds, ", ")));
    } else {
        line.baud = static_cast<int>(baud);
    }
    constexpr std::array<std::pair<std::string_view, Parity>, 3> parities{
        {{"none", Parity::none}, {"even", Parity::even}, {"odd", Parity::odd}}};
    line.parity = row.choice_or<Parity>("parity", parities, line.parity);
    const int usual = line.parity == Parity::none ? 2 : 1;  // so that a character has 11 bits
    line.stop_bits = static_cast<int>(row.integer_or("stop_bits", usual, {1, 2}));
}

std::shared_ptr<const Profile> SiteReader::profile(Section& row, const std::string& name) {
    if (name.empty()) return nullptr;
    auto known = profiles_.find(name);
    if (known == profiles_.end()) {
        const auto path = find_profile(name, folders_);
        std::shared_ptr<const Profile> loaded;
        if (path.empty()) {
            row.complain("profile",
                         fmt::format("there is no {}.toml in {}", name, fmt::join(folders_, ", ")));
        } else {
            const auto before = complaints_.size();
            auto read = load_profile(path, complaints_);
            // Its own errors stand with their places; what would follow from them is not told.
            if (complaints_.size() == before) {
                loaded = std::make_shared<const Profile>(std::move(read));
            }
        }
        known = profiles_.emplace(name, std::move(loaded)).first;
    } else if (!known->second && find_profile(name, folders_).empty()) {
        row.complain("profile", fmt::format("there is no {}.toml", name));
    }
    return known->second;
}

void SiteReader::read_device(Section& row) {
    DevicePlan device;
    device.name = row.name("name");
    fresh(row, "a device", device_names_, device.name);
    const auto bus = row.text("bus");
    std::vector<std::string_view> buses;
    for (const auto& known : plan_.buses) buses.push_back(known.name);
    const auto found = std::find(buses.begin(), buses.end(), bus);
    if (found != buses.end()) {
        device.bus = static_cast<std::size_t>(found - buses.begin());
    } else if (!bus.empty()) {
        complain_unknown(row, "bus", "there is no [[bus]]", bus, buses);
    }
    const bool is_rtu = found != buses.end() && plan_.buses[device.bus].wire != Wire::tcp;
    device.unit =
        static_cast<std::uint8_t>(row.integer_or("unit", 1, is_rtu ? serial_units : tcp_units));
    const auto before = complaints_.size();
    device.period = wait(row, "period", device.period, longest_wait, std::chrono::milliseconds(10));
    if (row.has("fast")) {
        device.fast = wait(row, "fast", device.period, longest_wait, std::chrono::milliseconds(10));
        if (*device.fast > device.period && complaints_.size() == before) {
            row.complain("fast", fmt::format("must not be longer than the period of {}",
                                             format_duration(device.period)));
        }
    }
    device.silent_after =
        wait(row, "silent_after", std::max(device.silent_after, 3 * device.period));
    if (device.silent_after <= device.period && complaints_.size() == before) {
        row.complain("silent_after", fmt::format("must be longer than the period of {}",
                                                 format_duration(device.period)));
    }
    const auto name = row.name("profile");
    if (auto known = profile(row, name)) device.profile = std::move(known);
    read_base(row, device);
    if (!places_.insert({device.bus, device.unit, device.base}).second) {
        row.complain("unit", fmt::format("another device already has unit {} at base {} on this "
                                         "bus; give each its own unit or base",
                                         device.unit, device.base));
    }
    row.finish();
    plan_.devices.push_back(std::move(device));
}

void SiteReader::read_base(Section& row, DevicePlan& device) {
    const auto base = row.integer_or("base", device.profile->base, {0, 65535});
    device.base = static_cast<std::uint16_t>(base);
    std::int64_t last = 0;
    for (const auto& reg : device.profile->registers) {
        last = std::max<std::int64_t>(last, reg.address + word_count(reg) - 1);
    }
    if (base + last > 65535) {
        row.complain("base", fmt::format("the profile's last register, {}, would stand at {}: "
                                         "addresses end at 65535",
                                         last, base + last));
        return;
    }
    device.blocks = plan_blocks(*device.profile, wanted(row, device), device.base, device.period);
}

/// All of the profile's registers, or those that the site wants.
std::vector<std::size_t> SiteReader::wanted(Section& row, const DevicePlan& device) {
    const auto& registers = device.profile->registers;
    std::vector<std::size_t> wanted;
    if (!row.has("measures")) {
        for (std::size_t i = 0; i < registers.size(); ++i) wanted.push_back(i);
        return wanted;
    }
    for (const auto& name : row.texts("measures")) {
        const auto found = std::find_if(registers.begin(), registers.end(),
                                        [&](const Register& reg) { return reg.measure == name; });
        const auto index = static_cast<std::size_t>(found - registers.begin());
        if (found != registers.end()) {
            if (std::find(wanted.begin(), wanted.end(), index) == wanted.end()) {
                wanted.push_back(index);
            }
        } else if (!registers.empty()) {
            complain_no_measure(row, "measures", device, name);
        }
    }
    if (wanted.empty() && !registers.empty()) {
        row.complain("measures", "none is left to read: name some, or leave it out for all");
    }
    return wanted;
}

void SiteReader::complain_no_measure(Section& row, std::string_view key, const DevicePlan& device,
                                     const std::string& name) {
    std::vector<std::string_view> measures;
    for (const auto& reg : device.profile->registers) measures.push_back(reg.measure);
    complain_unknown(
        row, key, fmt::format("{} (profile {}) has no measure", device.name, device.profile->name),
        name, measures);
}

std::optional<std::size_t> SiteReader::device(Section& row) {
    const auto name = row.text("device");
    std::vector<std::string_view> names;
    for (const auto& known : plan_.devices) names.push_back(known.name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    if (!name.empty()) complain_unknown(row, "device", "there is no [[device]]", name, names);
    return std::nullopt;
}

const Register* SiteReader::measure(Section& row, std::size_t device, std::string& name) {
    name = row.text("measure");
    const auto& plan = plan_.devices[device];
    // A profile that is missing or wrong has had its own complaint.
    if (name.empty() || plan.profile->registers.empty()) return nullptr;
    if (const Register* reg = plan.profile->find(name)) {
        const auto index = static_cast<std::size_t>(reg - plan.profile->registers.data());
        const bool read =
            std::any_of(plan.blocks.begin(), plan.blocks.end(), [&](const Block& block) {
                return std::find(block.registers.begin(), block.registers.end(), index) !=
                       block.registers.end();
            });
        if (!read && !plan.blocks.empty()) {
            row.complain("measure", fmt::format("{} of {} is not among the measures it reads", name,
                                                plan.name));
        }
        return reg;
    }
    complain_no_measure(row, "measure", plan, name);
    return nullptr;
}

}  // namespace firebreak
