// The messages on their way to the broker, bounded. The core thread fills a free slot and frees
// none that is sent; the library's thread ends or fails a sent slot and touches no other: between
// the threads stands only a slot's stage.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "contract/message.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct Slot {
    enum Stage { free, sent, failed, had };  ///< had: by the broker, or refused by it for good
    std::atomic<Stage> stage{free};
    std::atomic<std::uintptr_t> sending{0};  ///< names this time of sending, for the library
    Message message = {};
    std::uint64_t order = 0;
    Instant since = {};
};

class Slots {
public:
    static constexpr std::size_t most = 64;

    /// Nothing when all are in use.
    [[nodiscard]] Slot* take(const Message& message, Instant now) {
        auto* slot = first(Slot::free);
        if (slot == nullptr) return nullptr;
        slot->message = message;
        slot->order = ++order_;
        slot->since = now;
        return slot;
    }
    /// The name of one more time of sending it: paho may answer for an earlier time much later.
    [[nodiscard]] std::uintptr_t begin_sending(Slot& slot) {
        const auto index = static_cast<std::uintptr_t>(&slot - slots_.data());
        slot.sending = ++sendings_ * most + index;
        slot.stage = Slot::sent;
        return slot.sending;
    }
    /// The library's thread: nothing when it has been sent anew since, or is another message by
    /// now.
    [[nodiscard]] Slot* of_sending(std::uintptr_t name) {
        auto& slot = slots_[name % most];
        return slot.sending == name && slot.stage == Slot::sent ? &slot : nullptr;
    }
    /// The earliest that died with a connection.
    [[nodiscard]] Slot* failed() { return first(Slot::failed); }

    /// The library's thread: nobody will say any more what became of what was sent.
    void fail_sent() {
        for (auto& slot : slots_) {
            auto expected = Slot::sent;
            slot.stage.compare_exchange_strong(expected, Slot::failed);
        }
    }

    [[nodiscard]] std::size_t in_flight() const {
        return static_cast<std::size_t>(
            std::count_if(slots_.begin(), slots_.end(),
                          [](const Slot& slot) { return slot.stage == Slot::sent; }));
    }

    /// Frees what is had, and keeps the tickets for take_tickets().
    void collect() {
        for (auto& slot : slots_) {
            if (slot.stage != Slot::had) continue;
            if (slot.message.ticket != 0) tickets_.push_back(slot.message.ticket);
            slot.stage = Slot::free;
        }
    }
    [[nodiscard]] std::vector<std::uint64_t> take_tickets() {
        collect();
        return std::exchange(tickets_, {});
    }

private:
    [[nodiscard]] Slot* first(Slot::Stage stage) {
        Slot* found = nullptr;
        for (auto& slot : slots_) {
            if (slot.stage != stage) continue;
            if (found == nullptr || slot.order < found->order) found = &slot;
        }
        return found;
    }

    std::array<Slot, most> slots_;
    std::uint64_t order_ = 0;
    std::uintptr_t sendings_ = 0;
    std::vector<std::uint64_t> tickets_;
};

}  // namespace firebreak
