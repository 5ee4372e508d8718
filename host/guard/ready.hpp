// The servers of one backend that are up and take traffic, as far as every target on it has read
// them back. Counted and taken one by one within a round of steps, of thousands mostly in order.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger.hpp"

namespace firebreak {

class ReadySet {
public:
    ReadySet(const std::set<std::string>& names)  // NOLINT(google-explicit-constructor)
        : ReadySet(std::vector<std::string>(names.begin(), names.end())) {}
    /// In order, each once.
    explicit ReadySet(std::vector<std::string> names)
        : names_(std::move(names)), taken_(names_.size()), left_(names_.size()) {}

    [[nodiscard]] std::size_t size() const { return left_; }
    [[nodiscard]] bool contains(std::string_view item) const;
    void take(std::string_view item);
    /// How many are none of `local`.
    [[nodiscard]] std::size_t count_without(const std::set<std::string>& local) const;

    bool operator==(const ReadySet& other) const { return left() == other.left(); }

private:
    [[nodiscard]] std::optional<std::size_t> place_of(std::string_view item) const;
    [[nodiscard]] std::vector<std::string_view> left() const;

    std::vector<std::string> names_;
    std::vector<bool> taken_;
    std::size_t left_ = 0;
    mutable std::size_t last_ = 0;  ///< whom it was asked for: the next one is mostly the next
};

/// Nothing when that is not known.
using ReadyServers = std::optional<ReadySet>;

/// What every target on this backend has read back: ready only if nobody saw otherwise and no
/// order under way takes it down.
[[nodiscard]] ReadyServers ready_servers(const std::vector<const TargetLedger*>& views);

}  // namespace firebreak
