// JSON both ways for every message of the contract. Owns the only use of nlohmann-json.
// Parsing trusts nothing: size, types, ranges and names are checked; unknown keys are ignored
// so that a later minor version may add some. Errors carry Fault::wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract/action.hpp"
#include "contract/alarm.hpp"
#include "contract/posture.hpp"
#include "contract/reading.hpp"
#include "contract/status.hpp"

namespace firebreak {

/// Larger payloads are refused unread.
inline constexpr std::size_t max_payload_bytes = 64 * 1024;

/// A posture lists at most so many held items, so a target may have no more.
inline constexpr std::size_t max_held = 512;

/// A reading as it stands on the wire; `value` is null and `missing` says why when there is none.
struct ReadingNotice {
    Result<double> value;
    std::string label;
    Unit unit = Unit::none;
    Stamp stamp;
    bool historical = false;  ///< said late, after an outage of the link

    bool operator==(const ReadingNotice&) const = default;
};

/// A flat object that a program prints for machines, of no kind that goes over the wire.
struct Printed {
    std::string_view key;
    std::variant<std::uint64_t, std::string, std::vector<std::string>> value;
};
[[nodiscard]] std::string to_json(std::initializer_list<Printed> object);

[[nodiscard]] std::string to_json(const ReadingNotice& notice);
[[nodiscard]] std::string to_json(const AlarmNotice& notice);
[[nodiscard]] std::string to_json(const AlarmEvent& event);
[[nodiscard]] std::string to_json(const Status& status);
[[nodiscard]] std::string to_json(const PostureNotice& notice);
[[nodiscard]] std::string to_json(const Command& command);
[[nodiscard]] std::string to_json(const Ack& ack);
[[nodiscard]] std::string to_json(const OperatorRequest& request);
[[nodiscard]] std::string to_json(const ActionNotice& notice);
[[nodiscard]] std::string to_json(const FloodNotice& notice);

[[nodiscard]] Result<ReadingNotice> parse_reading(std::string_view json);
[[nodiscard]] Result<AlarmNotice> parse_alarm(std::string_view json);
[[nodiscard]] Result<AlarmEvent> parse_event(std::string_view json);
[[nodiscard]] Result<Status> parse_status(std::string_view json);
[[nodiscard]] Result<PostureNotice> parse_posture_notice(std::string_view json);
[[nodiscard]] Result<Command> parse_command(std::string_view json);
[[nodiscard]] Result<Ack> parse_ack(std::string_view json);
[[nodiscard]] Result<OperatorRequest> parse_operator_request(std::string_view json);
[[nodiscard]] Result<ActionNotice> parse_action_notice(std::string_view json);
[[nodiscard]] Result<FloodNotice> parse_flood(std::string_view json);

}  // namespace firebreak
