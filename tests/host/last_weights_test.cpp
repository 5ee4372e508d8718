// What servers drained by weight are to get back, out of the rows of a journal.
#include "host/journal/last_weights.hpp"

#include "host/journal/words.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

PolicyPlan policy() {
    PolicyPlan plan;
    TargetPlan text;
    text.name = "text";
    text.drain_by_weight = true;
    text.items = {"a", "b"};
    TargetPlan videos;
    videos.name = "videos";
    videos.items = {"a"};
    plan.targets = {text, videos};
    return plan;
}

std::string row(const std::string& target, const ItemStates& states) {
    return text_of(Receipt{target, {}, states});
}

}  // namespace

TEST_CASE("last weights: the newest receipt that tells an item's weight counts",
          "[host][journal]") {
    LastWeights last(policy());
    CHECK_FALSE(last.complete());
    CHECK(last.take(row("videos", {{"a", "ready@5"}})));  // is not drained by weight
    CHECK(last.take(text_of(Receipt{"text", {}, fail(Fault::timeout, "no answer")})));
    CHECK(last.take(row("text", {{"a", "drain@77"}, {"b", "drain"}, {"foreign", "ready@9"}})));
    CHECK(last.take(R"({"target":"text","states":)"));  // cut short
    CHECK_FALSE(last.take(row("text", {{"a", "ready@30"}, {"b", "ready@20"}})));
    CHECK(last.complete());
    CHECK(last.weights() == ServerWeights{{{"text", "a"}, 77}, {{"text", "b"}, 20}});
}

TEST_CASE("last weights: what no receipt tells is not known, and not sought for ever",
          "[host][journal]") {
    LastWeights last(policy());
    int taken = 0;
    while (last.take(row("text", {{"a", "drain"}, {"b", "drain@0"}}))) ++taken;
    CHECK(taken == 63);
    CHECK(last.weights().empty());
    PolicyPlan none;
    CHECK(LastWeights(none).complete());
}
