#include "contract/action.hpp"

#include "contract/enum_names.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 3> states = {"unknown", "off", "on"};

}  // namespace

std::string_view to_string(Switched state) {
    return word_of(states, state);
}

std::optional<Switched> parse_switched(std::string_view text) {
    return value_of<Switched>(states, text);
}

}  // namespace firebreak
