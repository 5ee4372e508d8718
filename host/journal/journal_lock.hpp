// One writer a journal: a lock on a file beside it, held for a life and let go by the kernel when
// that ends, however it ends. Beside it, because closing any descriptor of a database's own file
// drops SQLite's locks. Errors: config: another process holds it; refused, busy: cannot be tried.
#pragma once

#include <string>

#include "contract/support/result.hpp"

namespace firebreak {

class JournalLock {
public:
    JournalLock() = default;
    ~JournalLock();
    JournalLock(const JournalLock&) = delete;
    JournalLock& operator=(const JournalLock&) = delete;

    /// Nothing more to do when it is held already. `owner` is left in the file for whoever is
    /// refused.
    [[nodiscard]] Result<void> take(const std::string& journal, const std::string& owner);

private:
    int fd_ = -1;
};

}  // namespace firebreak
