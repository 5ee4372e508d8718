#include "contract/support/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace firebreak {

std::string where(const Place& place) {
    return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

void Complaints::add(Place place, std::string what) {
    // What is quoted from a file must neither break the line nor speak to the terminal.
    std::ranges::replace_if(
        what, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, '?');
    if (items_.size() < most) items_.push_back({std::move(place), std::move(what)});
}

std::string Complaints::text() const {
    auto sorted = items_;
    const auto key = [](const Complaint& c) { return std::tie(c.place, c.what); };
    std::ranges::sort(sorted, {}, key);
    const auto same = [&](const Complaint& a, const Complaint& b) { return key(a) == key(b); };
    sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
    std::string out;
    for (const auto& [place, what] : sorted) {
        out += where(place) + ": " + what + '\n';
    }
    return items_.size() < most ? out : out + "there may be more; correct these first\n";
}

bool is_name(std::string_view text) {
    constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz0123456789";
    return !text.empty() && text.size() <= 64 && first.find(text.front()) != first.npos &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == text.npos;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t least = 2 + word.size() / 4;
    for (const auto candidate : candidates) {
        if (word.size() > 64 || candidate.size() > 64) continue;  // the cost is their product
        std::vector<std::size_t> row(candidate.size() + 1);       // Levenshtein's, one row of it
        std::iota(row.begin(), row.end(), 0u);
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i);
            for (std::size_t j = 1; j < row.size(); ++j) {
                if (word[i - 1] != candidate[j - 1]) ++diagonal;
                diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal}));
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace firebreak
