#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "contract/payload.hpp"
#include "firmware/scan.hpp"

namespace firebreak {
namespace {

std::optional<int> unit_number(std::string_view text) {
    int number = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || at != end || text.empty()) return std::nullopt;
    if (number < 0 || number > 255) return std::nullopt;
    return number;
}

std::vector<std::string> model_texts(const UnitFound& found) {
    std::vector<std::string> texts;
    for (const auto& model : found.models) {
        texts.push_back(fmt::format("{}@{}", model.id, model.address));
    }
    return texts;
}

std::vector<std::string> fit_texts(const UnitFound& found) {
    std::vector<std::string> texts;
    for (const auto& fit : found.fits) texts.push_back(fit.profile);
    return texts;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> parse_units(std::string_view text) {
    std::vector<std::uint8_t> units;
    while (true) {
        const auto part = text.substr(0, text.find(','));
        const auto dash = part.find('-');
        const auto first = unit_number(part.substr(0, dash));
        const auto last =
            dash == std::string_view::npos ? first : unit_number(part.substr(dash + 1));
        if (!first || !last || *first > *last) return std::nullopt;
        for (int unit = *first; unit <= *last; ++unit) {
            const auto number = static_cast<std::uint8_t>(unit);
            if (std::find(units.begin(), units.end(), number) == units.end()) {
                units.push_back(number);
            }
        }
        if (part.size() == text.size()) return units;
        text.remove_prefix(part.size() + 1);
    }
}

std::string scan_text(const UnitFound& found) {
    auto text = fmt::format("\n# unit {}: answers ({})\n", found.unit, found.answer);
    for (const auto& each : found.identity) text += fmt::format("#   {}\n", each);
    if (!found.models.empty()) {
        text += fmt::format("#   SunSpec models {}\n", fmt::join(model_texts(found), ", "));
    }
    for (const auto& fit : found.fits) {
        text += fmt::format("#   may be {}: {} measures read well\n", fit.profile, fit.measures);
    }
    if (found.fits.empty()) text += "#   no profile fits\n";
    return text;
}

std::string scan_json(const UnitFound& found) {
    return to_json({{"unit", std::uint64_t{found.unit}},
                    {"answer", found.answer},
                    {"identity", found.identity},
                    {"sunspec", model_texts(found)},
                    {"profiles", fit_texts(found)}}) +
           '\n';
}

std::string scan_toml(const UnitFound& found, std::string_view bus) {
    if (found.fits.empty()) return "";
    const auto& best = found.fits.front();
    auto text =
        fmt::format("[[device]]\nname = \"unit{}\"\nprofile = \"{}\"\nbus = \"{}\"\nunit = {}\n",
                    found.unit, best.profile, bus, found.unit);
    if (!found.models.empty()) text += fmt::format("base = {}\n", best.base);
    return text;
}

}  // namespace firebreak
