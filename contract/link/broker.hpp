// Where the brokers are, and how a program proves to them who it is: [broker] of a site's or a
// policy's file. Errors are complaints at their place. Files are named relative to that file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/config_file.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

enum class MqttVersion : std::uint8_t { v5, v3_1_1 };

struct BrokerPlan {
    /// mqtt://host:port or mqtts://host:port, all of one kind; tried in turn. They must be one to
    /// those who use them: a cluster, or bridged.
    std::vector<std::string> urls = {"mqtt://127.0.0.1:1883"};
    std::string username = {};
    std::string password = {};
    std::string ca_file = {};    ///< mqtts: trust what these certificates signed and nothing else
    std::string cert_file = {};  ///< mqtts: the client's own certificate, and
    std::string key_file = {};   ///< its private key
    MqttVersion version = MqttVersion::v5;
    /// A link that is dead without a word is noticed within two and a half of these.
    Duration keep_alive = std::chrono::seconds(2);
    /// For how long a host's broker keeps what it missed; with 3.1.1 for ever, unless it is 0.
    Duration session = std::chrono::minutes(5);
    /// What stands for a dot in topics at this broker, where it cannot carry one.
    char dot = '.';

    bool operator==(const BrokerPlan&) const = default;
};

[[nodiscard]] BrokerPlan read_broker(Section section);

/// MQTT 3.1.1, table 3.1: what a CONNACK's return code says.
[[nodiscard]] std::string_view connack_text(int code);

/// One line for people; no secret in it.
[[nodiscard]] std::string describe(const BrokerPlan& plan);

}  // namespace firebreak
