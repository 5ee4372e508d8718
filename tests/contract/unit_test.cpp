#include "contract/unit.hpp"

#include <set>
#include <string>

#include "contract/alarm.hpp"
#include "contract/posture.hpp"
#include "tests/catch.hpp"

namespace firebreak {
namespace {

/// Every enumerator up to `last` has a word of its own that reads back as itself.
template <class E, class Parse>
void check_words(E last, Parse parse) {
    std::set<std::string> seen;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        const auto value = static_cast<E>(i);
        const std::string word(to_string(value));
        INFO("enumerator " << i << " is \"" << word << "\"");
        CHECK(seen.insert(word).second);
        CHECK(parse(word) == value);
    }
    CHECK(to_string(static_cast<E>(static_cast<int>(last) + 1)).empty());
    CHECK_FALSE(parse("Firing"));
    CHECK_FALSE(parse("no such word"));
    CHECK_FALSE(parse(std::string("normal\0", 7)));
}

}  // namespace

TEST_CASE("unit: every unit has one symbol and no other symbol is taken", "[contract][unit]") {
    check_words(Unit::pascal, parse_unit);
    CHECK(to_string(Unit::none).empty());
    CHECK(parse_unit("Cel") == Unit::celsius);
    CHECK(parse_unit("V") == Unit::volt);
    CHECK_FALSE(parse_unit("v"));  // UCUM's case-sensitive code
    CHECK_FALSE(parse_unit("C"));  // the coulomb
    CHECK_FALSE(parse_unit("none"));
}

TEST_CASE("unit: the words of phases, severities and postures read back as themselves",
          "[contract][unit]") {
    check_words(Phase::fading, parse_phase);
    check_words(Severity::critical, parse_severity);
    check_words(Posture::cut, parse_posture);
    check_words(Outcome::failed, parse_outcome);
    check_words(OperatorAction::in_service, parse_operator_action);
}

TEST_CASE("unit: an alarm counts as active while firing and fading only", "[contract][alarm]") {
    CHECK(is_active(Phase::firing));
    CHECK(is_active(Phase::fading));
    CHECK_FALSE(is_active(Phase::pending));
    CHECK_FALSE(is_active(Phase::clear));
    CHECK_FALSE(is_active(Phase::unknown));
}

}  // namespace firebreak
