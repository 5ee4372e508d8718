// The chain of hashes: each row's hash is over its content and the hash of the row before, so that
// none can be changed, left out or put in without all later ones. Pure.
// It proves that parts are whole, not who wrote them: compare the newest hash with the log's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/journal/entry.hpp"

namespace firebreak {

struct ChainRow {
    std::uint64_t n = 0;  ///< from 1, without gaps
    std::string boot;     ///< the life of the host that wrote it
    Entry entry;
    std::string previous;  ///< the hash of row n - 1
    std::string hash;
};

/// Before the first row: 64 zeros.
[[nodiscard]] std::string chain_begin();

/// SHA-256 over `previous`, n, steady ns, wall ms, boot, kind and text, each followed by a newline.
[[nodiscard]] std::string hash_of(const ChainRow& row);

/// The row after `last_n`, whose hash was `last`.
[[nodiscard]] ChainRow chained(std::uint64_t last_n, std::string last, std::string boot,
                               Entry entry);

/// Reads a journal from its oldest row on and says what is wrong with the first broken one.
class ChainCheck {
public:
    /// What is wrong with this row, or nothing.
    [[nodiscard]] std::optional<std::string> take(const ChainRow& row);
    /// What is wrong with the whole once every row was taken, or nothing.
    [[nodiscard]] std::optional<std::string> end() const;

    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] const std::string& head() const { return head_; }

private:
    std::uint64_t rows_ = 0;
    std::uint64_t last_n_ = 0;
    std::string head_;
    std::string unvouched_;  ///< the hash before the oldest row, until a row of pruning names it
};

/// What a row of pruning says: the last row deleted and its hash.
[[nodiscard]] std::string pruned_text(std::uint64_t until, const std::string& hash);

}  // namespace firebreak
