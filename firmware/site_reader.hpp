// Reads a site file block by block; the parts stand in site_file, site_wiring, site_publish,
// site_groups, site_alarms, site_conditions, site_rules, site_alarm_checks and site_outputs.
// Internal to them.
// One use: construct, read(). Every error is kept with its place.
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

/// Where an alarm stands: in the site's own file, or in a rule set with its roles.
struct AlarmScope {
    const std::map<std::string, Group>* roles = nullptr;  ///< null: the site's groups
    std::string prefix = {};                              ///< of the names of a rule set
    BeliefPlan belief = {};                               ///< of the alarm's conditions
    Group each = {};                                      ///< the group that a template is for
    std::optional<std::string> unbound = {};              ///< a role that the site does not bind
};

/// One name a member, unique in the group: what tells it from the others.
[[nodiscard]] std::vector<std::string> member_names(const GroupPlan& group);

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
    void read_flood(Section& root);
    void read_broker(Section& root);
    void read_bus(Section& row);
    void read_wire(Section& row, BusPlan& bus);
    void read_line(Section& row, const std::string& port, LinePlan& line);
    void read_device(Section& row);
    void read_base(Section& row, DevicePlan& device);
    void read_publish(Section& row);
    static PublishPlan read_deadband(Section& row);
    std::vector<std::size_t> wanted(Section& row, const DevicePlan& device);
    void complain_no_measure(Section& row, std::string_view key, const DevicePlan& device,
                             const std::string& name);
    void read_group(Section& row);
    void gather(Section& row, GroupPlan& group);
    Group group(Section& row, std::string_view key, AlarmScope& scope);
    void read_alarm(Section& row, AlarmScope scope);
    void read_annunciation(Section& row, const AlarmScope& scope, Annunciation& how);
    void read_ack_within(Section& row, AlarmPlan& alarm);
    void add_host_silent(Section& root);
    void read_join(Section& row, AlarmPlan& alarm);
    void expand(Section& row, AlarmPlan alarm, const AlarmScope& scope, const Place& place);
    void read_condition(Section& row, AlarmScope& scope, std::vector<ConditionPlan>& conditions);
    std::vector<PointId> read_points(Section& row, AlarmScope& scope, ConditionPlan& condition);
    void read_quantity(Section& row, AlarmScope& scope, ConditionPlan& condition);
    Difference read_difference(Section& row, AlarmScope& scope);
    static Overload read_overload(Section& row);
    void read_comparison(Section& row, ConditionPlan& condition,
                         const std::vector<PointId>& points);
    void convert(Section& row, const std::string& unit, ConditionPlan& condition);
    void read_proof(Section& row, const AlarmScope& scope, ConditionPlan& condition);
    static void read_belief(Section& row, BeliefPlan& belief);
    [[nodiscard]] const Register* register_of(const PointId& point) const;
    double in_points_unit(Section& row, std::string_view key, const std::vector<PointId>& points);
    double labelled(Section& row, const std::vector<PointId>& points);
    [[nodiscard]] std::string find_rules(const std::string& name) const;
    void read_rules(Section& root);
    void read_rule_set(const std::string& name, Section& binding);
    Group bind(Section& binding, const std::string& role);
    [[nodiscard]] std::size_t kinds_of(const AlarmPlan& alarm) const;
    void prune(std::size_t first);
    void check_alarms();
    void complain_no_alarm(const std::string& name, const std::vector<std::string_view>& names,
                           const Place& place);
    void check_kinds(const AlarmPlan& alarm, const Place& place);
    void check_cycles(const std::map<std::string, std::set<std::string>, std::less<>>& asks,
                      const std::map<std::string, Place, std::less<>>& places);
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
    std::set<std::string> group_names_;
    std::map<std::string, Group> groups_;
    std::vector<Place> alarm_places_;                     ///< of each alarm's name
    std::map<std::string, std::string> dropped_;          ///< of the present rule set: why
    std::set<std::tuple<std::size_t, int, int>> places_;  ///< bus, unit, base
    std::set<std::pair<std::size_t, std::string>> switched_;
};

}  // namespace firebreak
