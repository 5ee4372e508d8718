#include "firmware/alarm/chatter.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {
const Instant t0{1000h};
}

TEST_CASE("chatter: three times within a minute chatters, three in a minute and a second do not",
          "[firmware][alarm]") {
    for (const auto& [second, third, chatters] :
         {std::tuple{10s, 20s, true}, {59s, 59s, true}, {30s, 60s, false}, {1s, 61s, false}}) {
        Chatter chatter;
        chatter.came(t0);
        chatter.came(t0 + second);
        CHECK_FALSE(chatter.chatters());
        chatter.came(t0 + third);
        CHECK(chatter.chatters() == chatters);
    }
}

TEST_CASE("chatter: it ends a minute after the last time and not before", "[firmware][alarm]") {
    Chatter chatter;
    for (const auto at : {0s, 1s, 2s, 50s}) chatter.came(t0 + at);
    CHECK(chatter.next_deadline() == t0 + 110s);
    chatter.tick(t0 + 110s - 1ns);
    CHECK(chatter.chatters());
    chatter.tick(t0 + 110s);
    CHECK_FALSE(chatter.chatters());
    CHECK(chatter.next_deadline() == never);
    chatter.came(t0 + 111s);  // one more is not three
    CHECK_FALSE(chatter.chatters());
}
