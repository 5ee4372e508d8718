#include "contract/support/inbox.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("inbox: items come out in the order they went in", "[contract][inbox]") {
    Inbox<int> inbox(3);
    CHECK(inbox.post(1));
    CHECK(inbox.post(2));
    CHECK(inbox.take(never) == 1);
    CHECK(inbox.post(3));
    CHECK(inbox.take_now() == 2);
    CHECK(inbox.take_now() == 3);
    CHECK_FALSE(inbox.take_now());
}

TEST_CASE("inbox: a full inbox refuses and counts, and takes again after a take",
          "[contract][inbox]") {
    Inbox<int> inbox(2);
    CHECK(inbox.post(1));
    CHECK(inbox.post(2));
    CHECK_FALSE(inbox.post(3));
    CHECK_FALSE(inbox.post(4));
    CHECK(inbox.dropped() == 2);
    CHECK(inbox.take_now() == 1);
    CHECK(inbox.post(5));
    CHECK(inbox.take_now() == 2);
    CHECK(inbox.take_now() == 5);
    CHECK(inbox.dropped() == 2);
}

TEST_CASE("inbox: a deadline that has passed still yields an item that is there",
          "[contract][inbox]") {
    Inbox<int> inbox(2);
    CHECK_FALSE(inbox.take(Instant{}));
    inbox.post(7);
    CHECK(inbox.take(Instant{}) == 7);
}

TEST_CASE("inbox: items that cannot be copied pass through", "[contract][inbox]") {
    Inbox<std::unique_ptr<int>> inbox(1);
    CHECK(inbox.post(std::make_unique<int>(5)));
    auto taken = inbox.take(never);
    REQUIRE(taken.has_value());
    CHECK(**taken == 5);
}

TEST_CASE("inbox: many writers and one reader lose nothing but what was refused",
          "[contract][inbox]") {
    constexpr int writers = 4;
    constexpr int each = 2'000;
    constexpr int last = -1;
    Inbox<int> inbox(64);
    std::vector<std::thread> threads;
    std::atomic<int> accepted = 0;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            for (int i = 0; i < each; ++i) {
                if (inbox.post(writer * each + i)) ++accepted;
            }
            while (!inbox.post(int{last})) std::this_thread::yield();
        });
    }
    std::vector<int> newest(writers, last);
    int taken = 0;
    for (int ended = 0; ended < writers;) {
        const int item = inbox.take(never).value();
        if (item == last) {
            ++ended;
            continue;
        }
        ++taken;
        auto& seen = newest.at(static_cast<std::size_t>(item / each));
        REQUIRE(item > seen);  // each writer's items keep their order
        seen = item;
    }
    for (auto& thread : threads) thread.join();
    CHECK(taken == accepted);
    CHECK(inbox.dropped() >= static_cast<std::uint64_t>(writers * each - taken));
    CHECK_FALSE(inbox.take_now());
}

TEST_CASE("inbox: what finds no room is still the caller's", "[inbox]") {
    Inbox<std::string> inbox(1);
    const std::string text(100, 'x');
    std::string first = text;
    std::string second = text;
    CHECK(inbox.post(std::move(first)));
    CHECK_FALSE(inbox.post(std::move(second)));
    CHECK(second == text);
    CHECK(inbox.dropped() == 1);
}
