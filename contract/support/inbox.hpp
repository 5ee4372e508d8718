// The one way into a thread that owns state: bounded, many writers, one reader.
// Owns the project's only mutex. A full inbox refuses and counts; it never blocks a writer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "contract/support/time.hpp"

namespace firebreak {

template <class T>
class Inbox {
public:
    explicit Inbox(std::size_t capacity) : capacity_(capacity) {}

    /// False when full, which is counted: then the item is still the caller's.
    bool post(T&& item) {
        {
            const std::lock_guard lock(mutex_);
            if (items_.size() >= capacity_) {
                ++dropped_;
                return false;
            }
            items_.push_back(std::move(item));
        }
        ready_.notify_one();
        return true;
    }

    /// The oldest item, or nothing once `deadline` has passed.
    std::optional<T> take(Instant deadline) {
        std::unique_lock lock(mutex_);
        const auto has_item = [this] { return !items_.empty(); };
        if (deadline == never) {
            ready_.wait(lock, has_item);
        } else if (!ready_.wait_until(lock, deadline, has_item)) {
            return std::nullopt;
        }
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    /// The oldest item if there is one; never waits.
    std::optional<T> take_now() { return take(Instant::min()); }

    [[nodiscard]] std::uint64_t dropped() const {
        const std::lock_guard lock(mutex_);
        return dropped_;
    }

private:
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<T> items_;
    std::uint64_t dropped_ = 0;
};

}  // namespace firebreak
