// The line protocol on the operators' socket: one line of JSON asks, one answers. Pure. Parsing
// trusts nothing: size, types and words are checked. Errors: wire.
//   {"verb":"hold","target":"text","for_ms":1800000,"why":"rack work","json":false}
//   {"done":true,"said":"…","text":"…"}   or with "host":{…} in place of "text" when JSON was asked
#pragma once

#include <string>
#include <string_view>

#include "contract/support/result.hpp"
#include "host/operator/ask.hpp"

namespace firebreak {

inline constexpr std::size_t longest_request = 4096;

struct OperatorAsk {
    Ask ask;  ///< without `ticket` and `by`, which are the host's to fill in
    bool json = false;
};
[[nodiscard]] std::string to_line(const OperatorAsk& request);
[[nodiscard]] Result<OperatorAsk> parse_request(std::string_view line);

[[nodiscard]] std::string to_line(const HostAnswer& answer, bool json);

/// An answer as the verb at the other end needs it.
struct Told {
    bool done = false;
    std::string said, text;
};
[[nodiscard]] Result<Told> parse_told(std::string_view line);

}  // namespace firebreak
