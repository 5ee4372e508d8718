#include "host/journal/chain.hpp"

#include <fmt/format.h>

#include <utility>

#include "contract/digest.hpp"
#include "contract/enum_names.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 15> kinds = {
    "started", "recalled", "evidence", "receipt",   "link",    "journal", "operator", "again",
    "tick",    "decision", "order",    "rehearsal", "refusal", "gap",     "pruned"};
static_assert(word_of(kinds, EntryKind::pruned) == "pruned");

}  // namespace

std::string_view to_string(EntryKind kind) {
    return word_of(kinds, kind);
}
std::optional<EntryKind> parse_entry_kind(std::string_view text) {
    return value_of<EntryKind>(kinds, text);
}

std::string chain_begin() {
    return std::string(64, '0');
}

std::string hash_of(const ChainRow& row) {
    const auto steady = std::chrono::nanoseconds(row.entry.at.steady.time_since_epoch()).count();
    return sha256(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", row.previous, row.n, steady,
                              row.entry.at.wall.time_since_epoch().count(), row.boot,
                              to_string(row.entry.kind), row.entry.text));
}

ChainRow chained(std::uint64_t last_n, std::string last, std::string boot, Entry entry) {
    ChainRow row{last_n + 1, std::move(boot), std::move(entry), std::move(last), ""};
    row.hash = hash_of(row);
    return row;
}

std::string pruned_text(std::uint64_t until, const std::string& hash) {
    return fmt::format(R"({{"until":{},"hash":"{}"}})", until, hash);
}

std::optional<std::string> ChainCheck::take(const ChainRow& row) {
    if (rows_ == 0 && row.previous != chain_begin()) unvouched_ = row.previous;
    if (rows_ > 0 && row.n != last_n_ + 1) {
        return fmt::format("row {} follows row {}: rows are missing", row.n, last_n_);
    }
    if (rows_ > 0 && row.previous != head_) {
        return fmt::format("row {} does not continue row {}: one of them was changed", row.n,
                           last_n_);
    }
    if (row.hash != hash_of(row))
        return fmt::format("row {} was changed after it was written", row.n);
    if (row.entry.kind == EntryKind::pruned &&
        row.entry.text.find('"' + unvouched_ + '"') != std::string::npos) {
        unvouched_.clear();
    }
    ++rows_;
    last_n_ = row.n;
    head_ = row.hash;
    return std::nullopt;
}

std::optional<std::string> ChainCheck::end() const {
    if (unvouched_.empty()) return std::nullopt;
    return "the oldest rows are missing, and no row says that they were pruned";
}

}  // namespace firebreak
