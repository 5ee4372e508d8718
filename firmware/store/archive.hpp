// What the disk is to be told, and when: one order at a time, only when something changed. While
// the disk fails the agent goes on in memory, and tells it everything once it may work again. Owned
// by the core; takes time, does no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/store/store.hpp"

namespace firebreak {

class Archive {
public:
    /// `well`: false when what there was could not be read or written.
    explicit Archive(bool well) : behind_(!well) {}

    /// What an earlier life has kept: the disk knows it.
    void restore(const std::vector<KeptText>& kept);

    /// The newest text of this name.
    void keep(const std::string& name, std::string text);

    /// What the disk is to do next; nothing while it works or has nothing to do. Records are the
    /// `Source`'s, which gives them to an order and may then offer what is safe.
    template <class Source>
    [[nodiscard]] std::optional<StoreOrder> take_order(Source& records, Instant now) {
        if (busy_) return std::nullopt;
        StoreOrder order;
        if (behind_) {
            if (now < retry_) {
                records.take_changes(order);  // nobody waits for a disk that fails
                records.taken_is_safe();
                changed_.clear();
                return std::nullopt;
            }
            records.take_all(order);
            give_all(order);
        } else {
            if (!records.has_changes()) flush_ = never;
            if (records.has_changes() && flush_ == never) flush_ = now + flush_after;
            if (changed_.empty() && !records.has_news() && now < flush_) return std::nullopt;
            records.take_changes(order);
            give_changes(order);
        }
        flush_ = never;
        if (order.empty()) return std::nullopt;
        busy_ = true;
        return order;
    }

    /// What became of the last order. Gives what is worth a log line: trouble, or its end.
    [[nodiscard]] std::optional<std::string> take(const Result<void>& report, Instant now);

    [[nodiscard]] bool is_busy() const { return busy_; }
    [[nodiscard]] bool is_behind() const { return behind_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    [[nodiscard]] Instant next_deadline() const {
        if (busy_) return never;
        return behind_ ? retry_ : flush_;
    }

private:
    static constexpr Duration retry_after = std::chrono::seconds(30);
    /// What is only to be deleted waits so long for company: flash is spared.
    static constexpr Duration flush_after = std::chrono::seconds(10);

    void give_all(StoreOrder& order);
    void give_changes(StoreOrder& order);

    std::map<std::string, std::string> kept_;
    std::set<std::string> changed_;
    bool busy_ = false;
    bool behind_ = false;
    Instant retry_ = Instant::min();
    Instant flush_ = never;
    std::uint64_t failures_ = 0;
    std::string told_;  ///< the trouble, so that it is said once and not every 30 s
};

}  // namespace firebreak
