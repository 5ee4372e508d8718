// Names as people write them in one list and in another: "Pangyo (DC 1)" is "pangyo-dc-1". Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firebreak {

/// NetBox's slug: small letters; blanks and dots become one '-', other ASCII punctuation but '_'
/// is dropped. Letters of other alphabets stay.
[[nodiscard]] std::string slug(std::string_view text);

/// "R1" is "r1": of ASCII letters.
[[nodiscard]] std::string small(std::string_view text);

/// Names of one kind, each at a site ("" where they have none), and the place of what bears it.
class NameBook {
public:
    /// A second one of just that name is left out.
    void add(const std::string& site, const std::string& name, std::size_t place);

    /// As it stands there; else the only one with its slug.
    [[nodiscard]] std::optional<std::size_t> find(const std::string& site,
                                                  const std::string& name) const;
    /// No other name there has its slug.
    [[nodiscard]] bool is_alone(const std::string& site, const std::string& name) const;
    /// "; did you mean …?" of the site's names, or "".
    [[nodiscard]] std::string hint_of(const std::string& site, const std::string& name) const;

private:
    using Key = std::pair<std::string, std::string>;
    std::map<Key, std::size_t> places_;
    std::map<Key, std::vector<std::size_t>> by_slug_;
};

}  // namespace firebreak
