// Every MQTT topic, built and taken apart: the only place with a slash in a topic string.
//   firebreak/1/<site>/agent/<id>/{status, reading/<device>/<measure>, alarm/<alarm>,
//                          ack/<target>, action/<action>, operator/<alarm>, event, flood}
//   firebreak/1/<site>/host/<id>/{status, posture/<target>, command/<target>, ack/<alarm>,
//                                 operator/<alarm>}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/reading.hpp"

namespace firebreak {

enum class Role { agent, host };

/// Who publishes: one program at one site.
struct Origin {
    std::string site;
    Role role = Role::agent;
    std::string id;

    auto operator<=>(const Origin&) const = default;
};

enum class Kind {
    status,
    reading,
    alarm,
    ack,
    event,
    posture,
    command,
    operator_request,
    action,
    flood
};

struct Topic {
    Origin origin;
    Kind kind = Kind::status;
    std::string name;     ///< device, alarm, target or action; empty for status, event and flood
    std::string measure;  ///< reading only

    bool operator==(const Topic&) const = default;
};

[[nodiscard]] std::string to_string(const Topic& topic);

/// Nothing for a topic that is not of contract version 1 or has a part that is no name.
[[nodiscard]] std::optional<Topic> parse_topic(std::string_view text);

/// A subscription filter: every sender of this role and kind; site "+" means all sites.
[[nodiscard]] std::string filter(std::string_view site, Role role, std::string_view id, Kind kind);

/// "site/agent/alarm", how a policy and a record name an alarm.
[[nodiscard]] std::string alarm_name(const Origin& agent, std::string_view alarm);

}  // namespace firebreak
