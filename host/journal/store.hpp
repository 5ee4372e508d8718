// The journal's file: rows of a chain in SQLite, only ever appended to, but for the oldest, which
// are pruned. On the disk before append() returns. One writer; readers may be other processes.
// Errors: busy: no room, try again; refused: not writable; corrupt: moved aside, begun anew;
// config: another process writes it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "host/journal/chain.hpp"

namespace firebreak {

class JournalStore {
public:
    virtual ~JournalStore() = default;

    /// From now on nobody else writes it, as long as this stands; the others do it unasked.
    [[nodiscard]] virtual Result<void> claim() = 0;

    /// All of them or none; gives the newest row's hash.
    [[nodiscard]] virtual Result<std::string> append(const std::vector<Entry>& entries) = 0;

    /// Keeps the text of a policy under its SHA-256, once, and gives that.
    [[nodiscard]] virtual Result<std::string> keep_policy(const std::string& text) = 0;

    /// Deletes rows that are older than `before`, but always leaves the newest `least`: a clock
    /// that jumps must not cost the record. At most `most` are left, however young.
    [[nodiscard]] virtual Result<void> prune(Now now, WallTime before, std::uint64_t least,
                                             std::uint64_t most) = 0;
};

/// For the life `boot` of a host. The file at `path` is made if missing, its folder too. Always
/// gives a store: one that cannot be opened says so at each call and tries again then. `owner` is
/// what another host is told that names the same file.
[[nodiscard]] std::unique_ptr<JournalStore> make_journal_store(std::string path, std::string boot,
                                                               std::string owner = "");

/// Reads a journal, whether or not its host runs: rows from `first` on, oldest first, until `take`
/// says false.
[[nodiscard]] Result<void> read_journal(const std::string& path, std::uint64_t first,
                                        const std::function<bool(const ChainRow&)>& take);
/// The texts of its rows of kind `operator`, oldest first; none when there is no journal yet.
[[nodiscard]] Result<void> read_requests(const std::string& path,
                                         const std::function<void(const std::string&)>& take);
/// The texts of its rows of kind `receipt`, newest first, until `take` says false; of the newest
/// 100,000 rows only, and none when there is no journal yet.
[[nodiscard]] Result<void> read_receipts(const std::string& path,
                                         const std::function<bool(const std::string&)>& take);
/// The number of the newest row; 0: none.
[[nodiscard]] Result<std::uint64_t> newest_row(const std::string& path);
/// A policy's text by its SHA-256, checked against it.
[[nodiscard]] Result<std::string> recorded_policy(const std::string& path,
                                                  const std::string& digest);

}  // namespace firebreak
