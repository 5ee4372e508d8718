// Reads a site file block by block; the parts stand in site_file, site_wiring, site_alarms and
// site_outputs. Internal to them. One use: construct, read(). Every error is kept with its place.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "contract/support/config_file.hpp"
#include "firmware/board.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// Longer waits are typing errors, and adding them to an instant must not overflow.
inline constexpr Duration longest_wait = std::chrono::hours(24 * 7);

class SiteReader {
public:
    SiteReader(const std::string& path, const std::vector<std::string>& folders, const Board& board,
               Complaints& complaints)
        : path_(path), folders_(folders), board_(board), complaints_(complaints) {}

    SitePlan read();

private:
    Duration wait(Section& section, std::string_view key, Duration fallback,
                  Duration most = longest_wait, Duration least = std::chrono::milliseconds(1));
    bool fresh(Section& row, std::string_view kind, std::set<std::string>& names,
               const std::string& name);
    void read_hosts(Section& root);
    void read_broker(Section& root);
    std::string read_password(Section& broker);
    void read_bus(Section& row);
    void read_wire(Section& row, BusPlan& bus);
    void read_line(Section& row, const std::string& port, LinePlan& line);
    void read_device(Section& row);
    void read_base(Section& row, DevicePlan& device);
    std::vector<std::size_t> wanted(Section& row, const DevicePlan& device);
    void complain_no_measure(Section& row, std::string_view key, const DevicePlan& device,
                             const std::string& name);
    void read_alarm(Section& row);
    ConditionPlan read_condition(Section& row);
    void read_comparison(Section& row, ConditionPlan& condition);
    void read_outlet(Section& row);
    void read_action(Section& row);
    void read_action_alarms(Section& row, ActionPlan& action);
    const Register* switched(Section& row, std::size_t device, std::string& measure);
    std::shared_ptr<const Profile> profile(Section& row, const std::string& name);
    std::optional<std::size_t> device(Section& row);
    const Register* measure(Section& row, std::size_t device, std::string& name);
    void complain_unknown(Section& row, std::string_view key, const std::string& nothing,
                          std::string_view name, const std::vector<std::string_view>& known);

    const std::string& path_;
    const std::vector<std::string>& folders_;
    const Board& board_;
    Complaints& complaints_;
    SitePlan plan_;
    std::map<std::string, std::shared_ptr<const Profile>> profiles_;  ///< null: missing or wrong
    std::set<std::string> bus_names_, device_names_, alarm_names_, outlet_names_, action_names_;
    std::set<std::tuple<std::size_t, int, int>> places_;  ///< bus, unit, base
    std::set<std::pair<std::size_t, std::string>> switched_;
};

}  // namespace firebreak
