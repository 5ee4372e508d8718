// Waits for something to become true, for tests of real processes and sockets.
// The deadline is generous: it bounds a failing test and is no claim about speed.
#pragma once

#include <chrono>
#include <thread>

namespace firebreak {

template <class Predicate>
[[nodiscard]] bool eventually(Predicate predicate,
                              std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace firebreak
