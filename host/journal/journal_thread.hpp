// The thread on which a JournalStore works: nothing the host does waits for a disk. While the disk
// fails it tries again every second and keeps a bounded backlog; what does not fit is missing, and
// a row of kind `gap` says how many. Owned by the shell; write() on the core's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "contract/support/inbox.hpp"
#include "host/journal/store.hpp"

namespace firebreak {

/// What of a record waits for the disk. Bounded; the newest that do not fit are counted.
class WaitingEntries {
public:
    WaitingEntries(std::size_t most, std::size_t most_bytes)
        : most_(most), most_bytes_(most_bytes) {}

    void add(std::vector<Entry> entries);
    [[nodiscard]] const std::vector<Entry>& waiting() const { return waiting_; }
    void written() { waiting_.clear(), bytes_ = 0, lost_ = 0; }

private:
    std::size_t most_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;  ///< of the texts that wait
    std::vector<Entry> waiting_;
    std::uint64_t lost_ = 0;
};

struct JournalKeeping {
    std::string file;
    Duration keep{};                 ///< older rows are pruned
    std::uint64_t least = 20'000;    ///< but so many stay, whatever a clock says
    std::uint64_t most = 1'000'000;  ///< and no more
};

class JournalThread {
public:
    static constexpr std::size_t most_waiting = 20'000;
    static constexpr std::size_t most_waiting_bytes = 16U << 20U;

    /// `told` hears, on this thread, what is wrong with the journal when that begins or changes,
    /// and "" when it works again; false when it could not take the word now.
    JournalThread(JournalKeeping keeping, std::unique_ptr<JournalStore> store, std::string policy,
                  std::function<bool(const std::string&)> told);
    ~JournalThread();  ///< writes what waits, if the disk takes it
    JournalThread(const JournalThread&) = delete;
    JournalThread& operator=(const JournalThread&) = delete;

    void write(std::vector<Entry> entries);

private:
    struct End {};

    void run();
    /// When to work again if nothing comes.
    Instant work(Now now);
    [[nodiscard]] Result<void> keep_house(Now now);
    [[nodiscard]] Result<void> write_waiting();

    JournalKeeping keeping_;
    std::unique_ptr<JournalStore> store_;
    std::string policy_;
    std::function<bool(const std::string&)> told_;
    WaitingEntries unposted_{most_waiting,
                             most_waiting_bytes};  ///< the core's: for a thread that hangs
    WaitingEntries backlog_{most_waiting,
                            most_waiting_bytes};  ///< the thread's: for a disk that fails
    std::string trouble_;
    std::string head_;  ///< the newest row's hash
    bool policy_kept_ = false;
    Instant pruned_at_ = Instant::min();
    Inbox<std::variant<End, std::vector<Entry>>> orders_{
        256};  // batches, each of one turn of the core
    std::thread thread_;
};

}  // namespace firebreak
