#include "host/actuate/stand_ins.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace firebreak {
namespace {

/// Printable ASCII without blanks: it stands in logs, postures and the journal.
bool is_plain(std::string_view name) {
    return !name.empty() && name.size() <= longest_stand_in &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

ItemStates believed_of(ItemStates shown, const std::vector<std::string>& items) {
    const std::set<std::string_view> own(items.begin(), items.end());
    std::size_t others = 0;
    std::erase_if(shown, [&](const auto& entry) {
        if (own.contains(entry.first)) return false;
        return !is_plain(entry.first) || ++others > most_stand_ins;
    });
    return shown;
}

}  // namespace firebreak
