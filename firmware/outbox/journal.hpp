// Records that somebody must get: in order, each on the disk before it is offered, kept until the
// broker has it. Bounded: when full, the oldest that tells least goes, and is counted.
// Owned by the core. What the disk is to do comes out of take_changes().
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "firmware/store/store.hpp"

namespace firebreak {

/// What a record tells: `minor` goes first when there is no room.
enum class Weight : std::uint8_t { minor, major };

/// How long a record stays. Without a disk it is the link's once the link has taken it.
enum class Until : std::uint8_t { sent, delivered };

class Journal {
public:
    explicit Journal(std::size_t most, Until until = Until::delivered)
        : most_(most), until_(until) {}

    /// What an earlier life has left; before anything is appended.
    void restore(const std::vector<Record>& earlier);

    void append(Message message, Weight weight);

    /// The changes since the last call, for the disk.
    void take_changes(StoreOrder& into);
    /// All there is, for a disk that knows nothing.
    void take_all(StoreOrder& into);
    [[nodiscard]] bool has_news() const { return !append_.empty() || drop_.size() >= many_drops; }
    [[nodiscard]] bool has_changes() const { return !append_.empty() || !drop_.empty(); }

    /// The disk has everything that was taken, or never will: it may be offered.
    void taken_is_safe() { safe_ = taken_; }

    /// The next record nobody has been given yet, with its ticket; nothing if there is none.
    [[nodiscard]] const Message* front();
    /// The record with this ticket has been given away: it stays until delivered().
    void sent(std::uint64_t ticket);
    /// The broker has it. One that is not known any more is no news.
    void delivered(std::uint64_t ticket);

    [[nodiscard]] std::size_t size() const { return records_.size(); }
    [[nodiscard]] std::uint64_t thinned() const { return thinned_; }

private:
    struct Entry {
        Record record;
        Weight weight = Weight::major;
    };
    /// Deletions wait for the next write, or until there are so many: flash is spared.
    static constexpr std::size_t many_drops = 64;

    void make_room();
    void erase(std::size_t at);

    std::size_t most_;
    Until until_;
    std::deque<Entry> records_;  ///< by rising id
    std::uint64_t last_ = 0;     ///< id
    std::uint64_t taken_ = 0;    ///< ids up to this one were given to the disk
    std::uint64_t safe_ = 0;     ///< ids up to this one may be offered
    std::uint64_t sent_ = 0;     ///< ids up to this one were given to the link
    std::size_t minors_ = 0;
    std::vector<std::uint64_t> append_;
    std::vector<std::uint64_t> drop_;
    std::uint64_t thinned_ = 0;
};

}  // namespace firebreak
