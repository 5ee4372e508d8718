// What an operator sees in a terminal. Pure.
#pragma once

#include <string>

#include "host/operator/ask.hpp"

namespace firebreak {

/// `status`, `plan` or `why`, in lines of at most some 100 columns where words allow it.
[[nodiscard]] std::string table(const HostView& host, AskVerb verb);

}  // namespace firebreak
