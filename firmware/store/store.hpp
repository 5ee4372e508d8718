// What an agent must know again after a power cut: small texts by name, and records in order that
// nobody has taken yet. Made whole or not at all, on the disk before write() returns.
// One thread at a time. Trouble is a Fault; a file that is corrupt is moved aside, never deleted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/message.hpp"
#include "contract/support/result.hpp"

namespace firebreak {

/// A message that somebody must get, numbered in the order in which it was said.
struct Record {
    std::uint64_t id = 0;
    Message message;

    bool operator==(const Record&) const = default;
};

using KeptText = std::pair<std::string, std::string>;  ///< name, text

/// One change of the store, made in the order of its parts.
struct StoreOrder {
    bool whole = false;  ///< first forget everything: what follows is all there is
    std::vector<KeptText> keep;
    std::vector<Record> append;
    std::vector<std::uint64_t> drop;

    [[nodiscard]] bool empty() const {
        return !whole && keep.empty() && append.empty() && drop.empty();
    }
};

/// What an earlier life has left.
struct Remembered {
    std::vector<KeptText> kept;
    std::vector<Record> records;        ///< in order
    std::vector<std::string> troubles;  ///< to be said aloud; empty when all is well
};

class Store {
public:
    virtual ~Store() = default;

    /// What it holds; call it once, first.
    [[nodiscard]] virtual Remembered load() = 0;

    /// busy: no room, try again; refused: not writable; corrupt: moved aside, a new file is
    /// there and empty. After any of them the next order must be a `whole` one.
    virtual Result<void> write(const StoreOrder& order) = 0;
};

/// In the file at `path`, made if missing, its folder too. Always gives a store: one that cannot be
/// opened says so in load() and at each write, and tries again then.
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(std::string path);

}  // namespace firebreak
