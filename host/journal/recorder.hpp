// What of the core's inputs is written down: what changed something at once, and of what only
// repeats (heartbeats, unchanged read-backs, ticks that decide nothing) the newest of each, as of
// the last tick and since, just before the next thing that is. Nothing is written while nothing
// happens; a replay decides the same at the same times. Pure; bounded by agents and targets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/journal/entry.hpp"

namespace firebreak {

class Recorder {
public:
    /// When nobody takes what is recorded, the newest are left out.
    static constexpr std::size_t most_untaken = 1U << 16U;

    explicit Recorder(bool on) : on_(on) {}

    [[nodiscard]] bool on() const { return on_; }

    void keep(EntryKind kind, Now at, std::string text);
    /// Only the newest of this name, and only when something is kept.
    void repeat(const std::string& name, EntryKind kind, Now at, std::string text);

    /// During a tick something was decided.
    void decided(EntryKind kind, std::string text);
    void ticked(Now at);

    [[nodiscard]] std::vector<Entry> take() { return std::exchange(out_, {}); }

private:
    struct Repeated {
        std::uint64_t order = 0;
        Entry entry;
    };

    using Newest = std::map<std::string, Repeated>;  ///< by name

    void put(Entry entry);
    void put_all(Newest& newest);

    bool on_;
    std::uint64_t counted_ = 0;
    Newest before_;  ///< as they were at the last tick
    std::optional<Entry> tick_;
    Newest since_;
    std::vector<Entry> decided_;
    std::vector<Entry> out_;
};

}  // namespace firebreak
