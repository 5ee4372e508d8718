#include "firmware/site_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "contract/metrics/exporter.hpp"
#include "contract/trust_file.hpp"
#include "firmware/site_reader.hpp"

namespace firebreak {

SitePlan SiteReader::read() {
    const auto file = ConfigFile::load(path_, complaints_);
    if (!file.parsed()) return std::move(plan_);
    auto root = file.root();
    plan_.site = root.name("site");
    plan_.agent = root.name("agent");
    // Beside the site file unless it is absolute; else where the service manager provides one.
    if (root.has("state")) {
        const std::filesystem::path named = root.text("state");
        plan_.state_folder = (std::filesystem::path(path_).parent_path() / named).string();
    }
    plan_.heartbeat = wait(root, "heartbeat", plan_.heartbeat, std::chrono::hours(1));
    plan_.publish_every = wait(root, "publish_every", plan_.publish_every);
    plan_.backlog = static_cast<std::size_t>(
        root.integer_or("backlog", static_cast<std::int64_t>(plan_.backlog), {0, 1'000'000}));
    read_hosts(root);
    read_flood(root);
    read_broker(root);
    plan_.trust = read_trust(root);
    for (auto& row : root.rows("bus")) read_bus(row);
    for (auto& row : root.rows("device")) read_device(row);
    for (auto& row : root.rows("publish")) read_publish(row);
    for (auto& row : root.rows("group")) read_group(row);
    for (auto& row : root.rows("alarm")) read_alarm(row, {});
    read_rules(root);
    add_host_silent(root);
    check_alarms();
    for (auto& row : root.rows("outlet")) read_outlet(row);
    for (auto& row : root.rows("action")) read_action(row);
    if (!root.has("device")) root.complain("", "no [[device]]: say what this agent reads");
    root.finish();
    return std::move(plan_);
}

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

void SiteReader::read_flood(Section& root) {
    auto table = root.table("flood");
    if (!table) return;
    auto& flood = plan_.flood;
    const auto number = [&](const char* key, std::size_t fallback) {
        return static_cast<std::size_t>(
            table->integer_or(key, static_cast<std::int64_t>(fallback), {1, 500}));
    };
    flood.begins_above = number("begins_above", flood.begins_above);
    flood.ends_below = number("ends_below", flood.ends_below);
    flood.within =
        wait(*table, "within", flood.within, std::chrono::hours(24), std::chrono::seconds(10));
    if (flood.ends_below > flood.begins_above)
        table->complain("ends_below",
                        "a flood would end before it begins: let it be no more than "
                        "begins_above");
    table->finish();
}

void SiteReader::read_broker(Section& root) {
    if (auto broker = root.table("broker")) plan_.broker = firebreak::read_broker(*broker);
    plan_.metrics = read_metrics(root, "127.0.0.1:9464");
    if (auto table = root.table("home_assistant")) {
        plan_.home_assistant = table->name_or("prefix", "homeassistant");
        table->finish();
    }
}

SitePlan load_site(const std::string& path, const std::vector<std::string>& profile_folders,
                   Complaints& complaints, const Board& board) {
    return SiteReader(path, profile_folders, board, complaints).read();
}

}  // namespace firebreak
