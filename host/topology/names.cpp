#include "host/topology/names.hpp"

#include <algorithm>
#include <cctype>

#include "host/topology_file.hpp"

namespace firebreak {

// As NetBox's own form does: letters, digits, '_', '-', '.' and blanks stay, blanks and dots at
// the ends are cut, and every run of '-', '.' and blanks is one '-'.
std::string slug(std::string_view text) {
    std::string out;
    bool joins = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isspace(byte) != 0 || c == '-' || c == '.') {
            joins = true;
        } else if (byte >= 0x80 || std::isalnum(byte) != 0 || c == '_') {
            if (joins && !out.empty()) out += '-';
            joins = false;
            out += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
        }
    }
    return out;
}

std::string small(std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

void NameBook::add(const std::string& site, const std::string& name, std::size_t place) {
    if (!places_.emplace(Key(site, name), place).second) return;
    if (auto key = slug(name); !key.empty()) by_slug_[{site, std::move(key)}].push_back(place);
}

std::optional<std::size_t> NameBook::find(const std::string& site, const std::string& name) const {
    if (const auto found = places_.find({site, name}); found != places_.end()) {
        return found->second;
    }
    const auto alike = by_slug_.find({site, slug(name)});
    if (alike == by_slug_.end() || alike->second.size() > 1) return std::nullopt;
    return alike->second.front();
}

bool NameBook::is_alone(const std::string& site, const std::string& name) const {
    const auto alike = by_slug_.find({site, slug(name)});
    return alike == by_slug_.end() || alike->second.size() == 1;
}

std::string NameBook::hint_of(const std::string& site, const std::string& name) const {
    std::vector<std::string_view> names;
    for (auto at = places_.lower_bound({site, ""}); at != places_.end(); ++at) {
        if (at->first.first != site) break;
        names.push_back(at->first.second);
    }
    if (const auto said = hint(name, names); !said.empty()) return said;
    std::vector<std::string> slugs;
    for (const auto one : names) slugs.push_back(slug(one));
    const auto near = nearest(slug(name), {slugs.begin(), slugs.end()});
    const auto at = std::find(slugs.begin(), slugs.end(), near);
    if (near.empty() || at == slugs.end()) return "";
    const auto like = names[static_cast<std::size_t>(at - slugs.begin())];
    return hint(like, {like});
}

}  // namespace firebreak
