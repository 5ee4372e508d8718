#include "contract/support/result.hpp"

#include <array>

namespace firebreak {

std::string_view to_string(Fault fault) {
    constexpr std::array<std::string_view, 8> names{"timeout",   "corrupt", "refused", "busy",
                                                    "port_lost", "config",  "wire",    "stale"};
    return names.at(static_cast<std::size_t>(fault));
}

}  // namespace firebreak
