#include "sim/rtu_requests.hpp"

#include <random>

#include "firmware/bus/rtu.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr Instant t0 = Instant{} + 1h;
const Bytes read_one{3, 0, 0, 0, 1};

/// A line on which a character takes 1 ms and 4 ms of silence end a frame.
RtuRequests line() {
    return {1ms, 4ms};
}

}  // namespace

TEST_CASE("rtu requests: one written at once still takes its characters' time", "[sim][serial]") {
    auto requests = line();
    requests.add(wrap_rtu(5, read_one), t0);
    const auto request = requests.next(t0);
    REQUIRE(request);
    CHECK(request->unit == 5);
    CHECK(request->pdu == read_one);
    CHECK(request->end == t0 + 8ms);
    CHECK_FALSE(requests.next(t0));
    CHECK(requests.deadline() == never);
}

TEST_CASE("rtu requests: each function that masters use is known by its length", "[sim][serial]") {
    for (const Bytes& pdu :
         {Bytes{1, 0, 0, 0, 1}, Bytes{5, 0, 0, 0xFF, 0}, Bytes{6, 0, 0, 0, 1},
          Bytes{15, 0, 0, 0, 9, 2, 1, 1}, Bytes{16, 0, 0, 0, 2, 4, 0, 1, 0, 2}, Bytes{0x11},
          Bytes{23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 1}, Bytes{0x2B, 14, 1, 0}}) {
        auto requests = line();
        requests.add(wrap_rtu(1, pdu), t0);
        const auto request = requests.next(t0);  // not only after a silence
        REQUIRE(request);
        CHECK(request->pdu == pdu);
    }
}

TEST_CASE("rtu requests: an unknown function ends by silence", "[sim][serial]") {
    auto requests = line();
    requests.add(wrap_rtu(1, Bytes{0x41, 1, 2}), t0);
    CHECK_FALSE(requests.next(t0));
    REQUIRE(requests.deadline() == t0 + 6ms + 4ms);
    const auto request = requests.next(requests.deadline());
    REQUIRE(request);
    CHECK(request->pdu == Bytes{0x41, 1, 2});
}

TEST_CASE("rtu requests: what has a wrong CRC is dropped, and the next one is heard",
          "[sim][serial]") {
    auto requests = line();
    auto bad = wrap_rtu(1, read_one);
    bad.back() = static_cast<std::uint8_t>(~bad.back());
    requests.add(bad, t0);
    CHECK_FALSE(requests.next(t0 + 1ms));
    CHECK_FALSE(requests.next(t0 + 12ms));
    CHECK(requests.deadline() == never);
    requests.add(wrap_rtu(2, read_one), t0 + 20ms);
    const auto request = requests.next(t0 + 20ms);
    REQUIRE(request);
    CHECK(request->unit == 2);
}

TEST_CASE("rtu requests: one that comes in pieces is put together", "[sim][serial]") {
    auto requests = line();
    const auto frame = wrap_rtu(1, read_one);
    for (std::size_t i = 0; i < frame.size(); ++i) {
        CHECK_FALSE(requests.next(t0 + static_cast<std::int64_t>(i) * 1ms));
        requests.add(std::span(frame).subspan(i, 1), t0 + static_cast<std::int64_t>(i) * 1ms);
    }
    CHECK(requests.next(t0 + 8ms));
}

TEST_CASE("rtu requests: babble of any length and kind is survived and forgotten",
          "[sim][serial]") {
    auto requests = line();
    std::mt19937 random(20221015);
    auto now = t0;
    for (int i = 0; i < 2000; ++i) {
        Bytes bytes(random() % 300);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        requests.add(bytes, now);
        while (requests.next(now)) {
        }
        now += 2s;
        while (requests.next(now)) {
        }
        CHECK(requests.deadline() == never);
    }
    requests.add(wrap_rtu(1, read_one), now);
    CHECK(requests.next(now));
}
