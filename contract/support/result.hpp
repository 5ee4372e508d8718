// Expected trouble as a value: Result<T> and the one Fault enum.
// A Fault is defined by what the caller must do next, not by where it came from.
// Bugs are not Faults: they abort and the service manager restarts the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace firebreak {

enum class Fault : std::uint8_t {
    timeout,    ///< nobody answered in time: try again later, back off
    corrupt,    ///< an answer came that cannot be trusted: drop it, try again
    refused,    ///< the peer said no: asking again the same way will not help
    busy,       ///< the peer or a queue is full: try again soon
    port_lost,  ///< the wire itself is gone: reopen it with back-off
    config,     ///< a person must change a file
    wire,       ///< a message broke the contract: count it, log it once, drop it
    stale,      ///< the evidence is too old to act on
};

/// Lower-case name of a fault, as written in logs and payloads.
[[nodiscard]] std::string_view to_string(Fault fault);

struct [[nodiscard]] Error {
    Fault fault;
    std::string what;
    int code = 0;  ///< a Modbus exception's, where one came; else 0

    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Fault fault, std::string what) {
    return tl::unexpected<Error>(Error{fault, std::move(what), 0});
}

/// Adds context on the way up: `within(e, "reading ups1")` -> "reading ups1: no answer".
[[nodiscard]] inline tl::unexpected<Error> within(Error error, std::string_view context) {
    error.what = std::string(context) + ": " + error.what;
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace firebreak
