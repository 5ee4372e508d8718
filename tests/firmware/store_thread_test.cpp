#include "firmware/store/store_thread.hpp"

#include <atomic>
#include <future>
#include <vector>

#include "tests/catch.hpp"

namespace firebreak {
namespace {

/// A disk that works when it is let.
class SlowDisk final : public Store {
public:
    SlowDisk(std::vector<std::uint64_t>& written, std::shared_future<void> gate)
        : written_(written), gate_(std::move(gate)) {}
    Remembered load() override { return {}; }
    Result<void> write(const StoreOrder& order) override {
        gate_.wait();
        if (order.append.empty()) return fail(Fault::busy, "full");
        written_.push_back(order.append[0].id);
        return {};
    }

private:
    std::vector<std::uint64_t>& written_;
    std::shared_future<void> gate_;
};

StoreOrder order(std::uint64_t id) {
    StoreOrder out;
    out.append.push_back({id, {"t", "p", false}});
    return out;
}

}  // namespace

TEST_CASE("store thread: the caller does not wait for the disk, and has each report once",
          "[firmware][store]") {
    std::promise<void> gate;
    std::promise<void> first;
    std::promise<void> second;
    std::atomic<int> reports = 0;
    std::vector<std::uint64_t> written;
    StoreThread thread(std::make_unique<SlowDisk>(written, gate.get_future().share()),
                       [&] { (++reports == 1 ? first : second).set_value(); });
    thread.write(order(1));
    CHECK_FALSE(thread.take_report());  // the disk has not moved
    gate.set_value();
    first.get_future().wait();
    const auto good = thread.take_report();
    REQUIRE(good);
    CHECK(good->has_value());
    CHECK_FALSE(thread.take_report());
    thread.write({});
    second.get_future().wait();
    const auto bad = thread.take_report();
    REQUIRE(bad);
    REQUIRE_FALSE(*bad);
    CHECK(bad->error().fault == Fault::busy);
}

TEST_CASE("store thread: what was given before its end is written", "[firmware][store]") {
    std::promise<void> gate;
    gate.set_value();
    std::vector<std::uint64_t> written;
    {
        StoreThread(std::make_unique<SlowDisk>(written, gate.get_future().share()), [] {
        }).write(order(7));
    }
    CHECK(written == std::vector<std::uint64_t>{7});
}

}  // namespace firebreak
