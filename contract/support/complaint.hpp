// What is wrong with a file that people wrote: where, what, and what to do about it.
// All complaints are kept, not only the first, and printed as file:line:column: what.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firebreak {

struct Place {
    std::string file;
    int line = 1;
    int column = 1;

    auto operator<=>(const Place&) const = default;
};

/// `file:line:column`, as compilers and editors have it.
[[nodiscard]] std::string where(const Place& place);

struct Complaint {
    Place place;
    std::string what;  ///< what is wrong, and what to do
};

/// All the errors of one or more files, in the order they were found.
class Complaints {
public:
    static constexpr std::size_t most = 1000;  ///< later ones are left out; text() says so

    void add(Place place, std::string what);
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] const std::vector<Complaint>& items() const { return items_; }

    /// One `file:line:column: what` a line, sorted by place, duplicates left out.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Complaint> items_;
};

/// True for a name fit for one topic level: [a-z0-9][a-z0-9._-]{0,63}.
[[nodiscard]] bool is_name(std::string_view text);

/// The candidate nearest to `word` by edit distance, or "" when none is near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

}  // namespace firebreak
