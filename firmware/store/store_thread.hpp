// The thread on which a Store works, so that a slow disk delays nothing but what waits for it.
// Owned by the shell; write() and take_report() on the core thread. Ends after the last order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <variant>

#include "contract/support/inbox.hpp"
#include "firmware/store/store.hpp"

namespace firebreak {

class StoreThread {
public:
    /// `done` is called on its thread after each order.
    StoreThread(std::unique_ptr<Store> store, std::function<void()> done);
    ~StoreThread();
    StoreThread(const StoreThread&) = delete;
    StoreThread& operator=(const StoreThread&) = delete;

    /// One at a time: not before the last one's report has been taken.
    void write(StoreOrder order);
    [[nodiscard]] std::optional<Result<void>> take_report() { return reports_.take_now(); }

private:
    struct End {};

    void run();

    std::unique_ptr<Store> store_;
    std::function<void()> done_;
    Inbox<std::variant<End, StoreOrder>> orders_{2};
    Inbox<Result<void>> reports_{2};
    std::thread thread_;
};

}  // namespace firebreak
