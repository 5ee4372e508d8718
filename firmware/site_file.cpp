#include "firmware/site_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "firmware/alarm/condition.hpp"
#include "firmware/profile/profile_file.hpp"
#include "firmware/tcp_address.hpp"

namespace firebreak {

namespace {

/// Longer waits are typing errors, and adding them to an instant must not overflow.
constexpr Duration longest = std::chrono::hours(24 * 7);
constexpr std::int64_t max_unit =
    247;  // Modbus Application Protocol 1.1b3 and serial line 1.02, 2.2

class SiteReader {
public:
    SiteReader(const std::string& path, const std::vector<std::string>& folders,
               Complaints& complaints)
        : path_(path), folders_(folders), complaints_(complaints) {}

    SitePlan read() {
        const auto file = ConfigFile::load(path_, complaints_);
        if (!file.parsed()) return std::move(plan_);
        auto root = file.root();
        plan_.site = root.name("site");
        plan_.agent = root.name("agent");
        plan_.heartbeat = wait(root, "heartbeat", plan_.heartbeat, std::chrono::hours(1));
        plan_.publish_every = wait(root, "publish_every", plan_.publish_every);
        read_hosts(root);
        read_broker(root);
        for (auto& row : root.rows("bus")) read_bus(row);
        for (auto& row : root.rows("device")) read_device(row);
        for (auto& row : root.rows("alarm")) read_alarm(row);
        for (auto& row : root.rows("outlet")) read_outlet(row);
        if (!root.has("device")) root.complain("", "no [[device]]: say what this agent reads");
        root.finish();
        return std::move(plan_);
    }

private:
    Duration wait(Section& section, std::string_view key, Duration fallback,
                  Duration most = longest, Duration least = std::chrono::milliseconds(1));
    bool fresh(Section& row, std::string_view kind, std::set<std::string>& names,
               const std::string& name);
    void read_hosts(Section& root);
    void read_broker(Section& root);
    std::string read_password(Section& broker);
    void read_bus(Section& row);
    void read_device(Section& row);
    void read_base(Section& row, DevicePlan& device);
    void read_alarm(Section& row);
    ConditionPlan read_condition(Section& row);
    void read_comparison(Section& row, ConditionPlan& condition);
    void read_outlet(Section& row);
    const Profile* profile(Section& row, const std::string& name);
    std::optional<std::size_t> device(Section& row);
    const Register* measure(Section& row, std::size_t device, std::string& name);
    void complain_unknown(Section& row, std::string_view key, const std::string& nothing,
                          std::string_view name, const std::vector<std::string_view>& known);

    const std::string& path_;
    const std::vector<std::string>& folders_;
    Complaints& complaints_;
    SitePlan plan_;
    std::map<std::string, std::optional<Profile>> profiles_;
    std::set<std::string> bus_names_, device_names_, alarm_names_, outlet_names_;
    std::set<std::tuple<std::size_t, int, int>> places_;  ///< bus, unit, base
    std::set<std::pair<std::size_t, std::string>> switched_;
};

Duration SiteReader::wait(Section& section, std::string_view key, Duration fallback, Duration most,
                          Duration least) {
    const Duration got = section.duration_or(key, fallback);
    if (got >= least && got <= most) return got;
    section.complain(
        key, fmt::format("must be from {} to {}", format_duration(least), format_duration(most)));
    return fallback;
}

bool SiteReader::fresh(Section& row, std::string_view kind, std::set<std::string>& names,
                       const std::string& name) {
    if (name.empty() || names.insert(name).second) return !name.empty();
    row.complain("name",
                 fmt::format("there is already {} named {}; give each its own name", kind, name));
    return false;
}

/// `nothing`: "there is no [[bus]]", "fire1 has no measure".
void SiteReader::complain_unknown(Section& row, std::string_view key, const std::string& nothing,
                                  std::string_view name,
                                  const std::vector<std::string_view>& known) {
    auto what = fmt::format("{} {}", nothing, name);
    if (const auto near = nearest(name, known); !near.empty()) {
        what += fmt::format("; did you mean {}?", near);
    } else if (!known.empty() && known.size() <= 8) {
        what += fmt::format("; there is {}", fmt::join(known, ", "));
    }
    row.complain(key, what);
}

void SiteReader::read_hosts(Section& root) {
    for (auto& host : root.texts("hosts")) {
        if (!is_name(host)) {
            root.complain("hosts", fmt::format("\"{}\" is no host id: use a-z 0-9 . _ -", host));
        } else if (std::find(plan_.trusted_hosts.begin(), plan_.trusted_hosts.end(), host) ==
                   plan_.trusted_hosts.end()) {
            plan_.trusted_hosts.push_back(std::move(host));
        }
    }
}

void SiteReader::read_broker(Section& root) {
    plan_.broker_url = "mqtt://127.0.0.1:1883";
    auto broker = root.table("broker");
    if (!broker) return;
    plan_.broker_url = broker->text_or("url", plan_.broker_url);
    if (!plan_.broker_url.starts_with("mqtt://") && !plan_.broker_url.starts_with("mqtts://")) {
        broker->complain("url", "must be mqtt://host:port or mqtts://host:port");
    }
    plan_.broker_username = broker->text_or("username", "");
    plan_.broker_password = broker->text_or("password", "");
    if (broker->has("password_file")) {
        if (broker->has("password")) {
            broker->complain("password_file", "give password or password_file, not both");
        }
        plan_.broker_password = read_password(*broker);
    }
    plan_.broker_ca_file = broker->text_or("ca_file", "");
    broker->finish();
}

std::string SiteReader::read_password(Section& broker) {
    const std::filesystem::path named = broker.text("password_file");
    const auto path = std::filesystem::path(path_).parent_path() / named;  // absolute ones stay
    std::ifstream in(path);
    std::string password;
    if (!std::getline(in, password) || password.empty() || password.size() > 4096) {
        broker.complain("password_file",
                        fmt::format("cannot read a password from {}: it must be the first line",
                                    path.string()));
        return "";
    }
    if (password.back() == '\r') password.pop_back();
    return password;
}

void SiteReader::read_bus(Section& row) {
    BusPlan bus;
    bus.name = row.name("name");
    fresh(row, "a bus", bus_names_, bus.name);
    const auto tcp = row.text("tcp");
    if (const auto at = parse_tcp_address(tcp)) {
        bus.host = at->host;
        bus.port = at->port;
    } else if (!tcp.empty()) {
        row.complain("tcp", "must be \"host\" or \"host:port\", like \"192.168.1.20:502\"");
    }
    bus.timeout =
        wait(row, "timeout", bus.timeout, std::chrono::seconds(30), std::chrono::milliseconds(10));
    row.finish();
    plan_.buses.push_back(std::move(bus));
}

const Profile* SiteReader::profile(Section& row, const std::string& name) {
    if (name.empty()) return nullptr;
    auto known = profiles_.find(name);
    if (known == profiles_.end()) {
        const auto path = find_profile(name, folders_);
        std::optional<Profile> loaded;
        if (path.empty()) {
            row.complain("profile",
                         fmt::format("there is no {}.toml in {}", name, fmt::join(folders_, ", ")));
        } else {
            const auto before = complaints_.size();
            auto read = load_profile(path, complaints_);
            // Its own errors stand with their places; what would follow from them is not told.
            if (complaints_.size() == before) loaded = std::move(read);
        }
        known = profiles_.emplace(name, std::move(loaded)).first;
    } else if (!known->second && find_profile(name, folders_).empty()) {
        row.complain("profile", fmt::format("there is no {}.toml", name));
    }
    return known->second ? &*known->second : nullptr;
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
    device.unit = static_cast<std::uint8_t>(row.integer_or("unit", 1, {0, max_unit}));
    const auto before = complaints_.size();
    device.period = wait(row, "period", device.period, longest, std::chrono::milliseconds(10));
    device.silent_after =
        wait(row, "silent_after", std::max(device.silent_after, 3 * device.period));
    if (device.silent_after <= device.period && complaints_.size() == before) {
        row.complain("silent_after", fmt::format("must be longer than the period of {}",
                                                 format_duration(device.period)));
    }
    const auto name = row.name("profile");
    if (const Profile* known = profile(row, name)) device.profile = *known;
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
    const auto base = row.integer_or("base", device.profile.base, {0, 65535});
    device.base = static_cast<std::uint16_t>(base);
    std::int64_t last = 0;
    for (const auto& reg : device.profile.registers) {
        last = std::max<std::int64_t>(last, reg.address + word_count(reg.type) - 1);
    }
    if (base + last > 65535) {
        row.complain("base", fmt::format("the profile's last register, {}, would stand at {}: "
                                         "addresses end at 65535",
                                         last, base + last));
        return;
    }
    std::vector<std::size_t> wanted(device.profile.registers.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
    device.blocks = plan_blocks(device.profile, wanted, device.base);
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
    if (name.empty() || plan.profile.registers.empty()) return nullptr;
    if (const Register* reg = plan.profile.find(name)) return reg;
    std::vector<std::string_view> measures;
    for (const auto& reg : plan.profile.registers) measures.push_back(reg.measure);
    complain_unknown(row, "measure",
                     fmt::format("{} (profile {}) has no measure", plan.name, plan.profile.name),
                     name, measures);
    return nullptr;
}

constexpr std::array<std::pair<std::string_view, Severity>, 4> severities = {{
    {"low", Severity::low},
    {"medium", Severity::medium},
    {"high", Severity::high},
    {"critical", Severity::critical},
}};
constexpr std::array<std::pair<std::string_view, bool>, 2> joins = {
    {{"any", false}, {"all", true}}};
constexpr std::array<std::pair<std::string_view, Compare>, 4> comparisons = {{
    {"above", Compare::above},
    {"below", Compare::below},
    {"equals", Compare::equals},
    {"differs", Compare::differs},
}};

void SiteReader::read_alarm(Section& row) {
    AlarmPlan alarm;
    alarm.name = row.name("name");
    fresh(row, "an alarm", alarm_names_, alarm.name);
    alarm.severity = row.choice_or<Severity>("severity", severities, alarm.severity);
    alarm.all = row.choice_or<bool>("join", joins, false);
    alarm.on_delay = wait(row, "on_delay", Duration::zero(), longest, Duration::zero());
    alarm.off_delay = wait(row, "off_delay", Duration::zero(), longest, Duration::zero());
    alarm.latch = row.flag_or("latch", false);
    alarm.message = row.text_or("message", "");
    auto conditions = row.rows("when");
    if (conditions.empty()) {
        row.complain("", "an alarm needs an [[alarm.when]] that says when it is met");
    }
    for (auto& when : conditions) alarm.conditions.push_back(read_condition(when));
    row.finish();
    plan_.alarms.push_back(std::move(alarm));
}

ConditionPlan SiteReader::read_condition(Section& row) {
    ConditionPlan condition;
    const auto index = device(row);
    condition.point.device = index ? plan_.devices[*index].name : row.text("device");
    if (row.flag_or("silent", false)) {
        condition.compare = Compare::silent;
        for (const auto* key : {"measure", "above", "below", "equals", "differs", "hysteresis"}) {
            if (!row.has(key)) continue;
            row.complain(key, "silent = true looks at the whole device: leave this out");
            row.text_or(key, "");
        }
    } else {
        if (index) {
            measure(row, *index, condition.point.measure);
        } else {
            condition.point.measure = row.text("measure");
        }
        read_comparison(row, condition);
    }
    row.finish();
    return condition;
}

void SiteReader::read_comparison(Section& row, ConditionPlan& condition) {
    int given = 0;
    for (const auto& [key, compare] : comparisons) {
        if (!row.has(key)) continue;
        condition.compare = compare;
        condition.limit = row.number(key);
        if (++given == 2)
            row.complain(key,
                         "a condition has one comparison; add another "
                         "[[alarm.when]] for a second");
    }
    if (given == 0) {
        row.complain("", "say above, below, equals or differs = a number, or silent = true");
    }
    condition.hysteresis = row.number_or("hysteresis", 0, {0, 1e12});
    const bool exact =
        condition.compare == Compare::equals || condition.compare == Compare::differs;
    if (exact && condition.hysteresis > 0) {
        row.complain("hysteresis", "means something with above and below only: leave it out");
    }
}

void SiteReader::read_outlet(Section& row) {
    OutletPlan outlet;
    outlet.name = row.name("name");
    fresh(row, "an outlet", outlet_names_, outlet.name);
    outlet.armed = row.flag_or("armed", false);
    if (const auto index = device(row)) {
        outlet.device = *index;
        const Register* reg = measure(row, *index, outlet.measure);
        const bool whole = reg != nullptr && !reg->bit && !reg->scale_register;
        if (reg != nullptr &&
            (!reg->writable || (reg->table != Table::coil && reg->table != Table::holding))) {
            row.complain("measure", fmt::format("{} cannot be written: its profile does not say "
                                                "writable = true for a coil or holding register",
                                                outlet.measure));
        } else if (reg != nullptr && !whole) {
            // Writing it would need the other bits or the scale as they are at that moment.
            row.complain("measure", fmt::format("{} is part of a register; an outlet must be a "
                                                "coil or a register of its own",
                                                outlet.measure));
        } else if (reg != nullptr && !switched_.insert({*index, outlet.measure}).second) {
            row.complain("measure",
                         fmt::format("another outlet already switches {}", outlet.measure));
        }
    } else {
        row.text_or("measure", "");
    }
    row.finish();
    plan_.outlets.push_back(std::move(outlet));
}

}  // namespace

SitePlan load_site(const std::string& path, const std::vector<std::string>& profile_folders,
                   Complaints& complaints) {
    return SiteReader(path, profile_folders, complaints).read();
}

}  // namespace firebreak
