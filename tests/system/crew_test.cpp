// A crew's worker with actuators of the test's own: what it does when, and that nothing is lost.
#include "host/actuate/crew.hpp"

#include <atomic>
#include <chrono>

#include "contract/support/inbox.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// Says what it is asked, in order.
struct Diary {
    Inbox<std::string> lines{64};
    [[nodiscard]] std::string next() {
        return lines.take(std::chrono::steady_clock::now() + 20s).value_or("nothing");
    }
};

class Noting final : public Actuator {
public:
    explicit Noting(Diary& diary) : diary_(diary) {}
    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        diary_.lines.post(target + ' ' + std::to_string(steps.size()));
        return ItemStates{{"s0", "drain"}};
    }
    void tidy_up() override { diary_.lines.post("tidies up"); }

private:
    Diary& diary_;
};

PolicyPlan one_endpoint() {
    PolicyPlan plan;
    plan.endpoints = {{"edge", "/nowhere", 2s, ExecEndpoint{}}};
    for (const char* name : {"text", "videos"}) {
        TargetPlan target;
        target.name = name;
        target.kind = TargetKind::exec;
        target.endpoint = "edge";
        target.items = {"s0"};
        plan.targets.push_back(target);
    }
    return plan;
}

}  // namespace

TEST_CASE("crew: what may wait is done once all that waits has been answered", "[system][crew]") {
    Diary diary;
    Inbox<Receipt> receipts(64);
    Crew crew(
        one_endpoint(), [&](const EndpointPlan&, int) { return std::make_unique<Noting>(diary); },
        [&](Receipt& receipt) { return receipts.post(std::move(receipt)); });
    const Step step{"id", "text", "s0", "drain", Posture::drain, "gas"};
    REQUIRE(crew.order("text", {step}));
    REQUIRE(crew.order("videos", {step}));
    CHECK(diary.next() == "text 1");
    CHECK(diary.next() == "videos 1");
    CHECK(diary.next() == "tidies up");
    for (const char* target : {"text", "videos"}) {
        const auto receipt = receipts.take(std::chrono::steady_clock::now() + 20s);
        REQUIRE(receipt);
        CHECK(receipt->target == target);
        CHECK(receipt->steps == std::vector<Step>{step});
    }
    REQUIRE(crew.order("text", {}));
    CHECK(diary.next() == "text 0");
    CHECK(diary.next() == "tidies up");
}

TEST_CASE("crew: a receipt that finds no room is offered again, whole", "[system][crew]") {
    Diary diary;
    std::atomic<int> refused = 0;
    Inbox<Receipt> receipts(64);
    Crew crew(
        one_endpoint(), [&](const EndpointPlan&, int) { return std::make_unique<Noting>(diary); },
        [&](Receipt& receipt) { return ++refused > 3 && receipts.post(std::move(receipt)); });
    const Step step{"id", "text", "s0", "drain", Posture::drain, "gas"};
    REQUIRE(crew.order("text", {step}));
    const auto receipt = receipts.take(std::chrono::steady_clock::now() + 20s);
    REQUIRE(receipt);
    CHECK(receipt->steps == std::vector<Step>{step});
    CHECK(*receipt->states == ItemStates{{"s0", "drain"}});
}
