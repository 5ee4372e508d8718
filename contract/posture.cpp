#include "contract/posture.hpp"

#include "contract/enum_names.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 5> postures = {"normal", "watch", "drain", "shed", "cut"};
static_assert(word_of(postures, Posture::cut) == "cut");

constexpr std::array<std::string_view, 5> outcomes = {"done", "already", "rehearsed", "refused",
                                                      "failed"};
static_assert(word_of(outcomes, Outcome::failed) == "failed");

constexpr std::array<std::string_view, 8> actions = {
    "acknowledge", "reset",      "shelve",         "unshelve",
    "suppress",    "unsuppress", "out-of-service", "in-service"};
static_assert(word_of(actions, OperatorAction::in_service) == "in-service");

}  // namespace

std::string_view to_string(Posture posture) {
    return word_of(postures, posture);
}
std::optional<Posture> parse_posture(std::string_view text) {
    return value_of<Posture>(postures, text);
}

std::string_view to_string(Outcome outcome) {
    return word_of(outcomes, outcome);
}
std::optional<Outcome> parse_outcome(std::string_view text) {
    return value_of<Outcome>(outcomes, text);
}

std::string_view to_string(OperatorAction action) {
    return word_of(actions, action);
}
std::optional<OperatorAction> parse_operator_action(std::string_view text) {
    return value_of<OperatorAction>(actions, text);
}

}  // namespace firebreak
