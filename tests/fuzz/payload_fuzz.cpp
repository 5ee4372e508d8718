// Everything that arrives over MQTT: no bytes may crash the parsers, and what they accept must
// print to something they accept again and print the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "contract/payload.hpp"
#include "contract/topic.hpp"

namespace firebreak {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

template <class T>
void round_trip(Result<T> (*parse)(std::string_view), std::string_view text) {
    const auto message = parse(text);
    if (!message) return require(message.error().fault == Fault::wire);
    const auto printed = to_json(*message);
    require(printed.size() <= max_payload_bytes);
    const auto again = parse(printed);
    require(again.has_value());
    require(to_json(*again) == printed);
}

}  // namespace
}  // namespace firebreak

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace firebreak;
    const std::string text(data, data + size);
    round_trip(parse_reading, text);
    round_trip(parse_alarm, text);
    round_trip(parse_event, text);
    round_trip(parse_status, text);
    round_trip(parse_posture_notice, text);
    round_trip(parse_command, text);
    round_trip(parse_ack, text);
    round_trip(parse_action_notice, text);
    round_trip(parse_operator_request, text);
    round_trip(parse_flood, text);
    if (const auto topic = parse_topic(text)) require(to_string(*topic) == text);
    return 0;
}
