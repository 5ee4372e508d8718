#include "host/actuate/nut_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace firebreak {
namespace {

constexpr std::size_t most_shown = 120;

/// Words with "…" taken apart and \x taken as x (RFC 9271, 3.1). A quote that does not end ends
/// with the line.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    bool quoted = false;
    bool begun = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        char c = line[i];
        if (c == '"') {
            quoted = !quoted;
            if (quoted) words.emplace_back();
            begun = quoted;
            continue;
        }
        if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
            begun = false;
            continue;
        }
        if (!begun) words.emplace_back();
        begun = true;
        if (c == '\\' && i + 1 < line.size()) c = line[++i];
        words.back() += c;
    }
    return words;
}

std::string shown(std::string_view line) {
    std::string out(line.substr(0, most_shown));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return out;
}

tl::unexpected<Error> error_of(std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 2 || words[0] != "ERR") {
        return fail(Fault::corrupt, "not an answer of upsd: " + shown(line));
    }
    const bool unheard = words[1] == "DATA-STALE" || words[1] == "DRIVER-NOT-CONNECTED";
    return fail(unheard ? Fault::stale : Fault::refused, shown(line.substr(line.find("ERR") + 4)));
}

bool has_word(std::string_view text, std::string_view wanted) {
    const auto words = words_of(text);
    return std::find(words.begin(), words.end(), wanted) != words.end();
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

std::optional<NutItem> parse_nut_item(std::string_view item) {
    const auto colon = item.find(':');
    NutItem out{std::string(item.substr(0, colon)), ""};
    if (colon != std::string_view::npos) {
        out.outlet = item.substr(colon + 1);
        const bool number = !out.outlet.empty() && out.outlet.size() < 4 &&
                            std::all_of(out.outlet.begin(), out.outlet.end(),
                                        [](char c) { return c >= '0' && c <= '9'; });
        if (!number || out.outlet.front() == '0') return std::nullopt;
    }
    if (out.ups.empty()) return std::nullopt;
    return out;
}

std::string nut_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string nut_command(const NutItem& item, std::string_view action) {
    if (action == "fsd") return "FSD " + item.ups;
    const auto of = item.outlet.empty() ? "" : "outlet." + item.outlet + '.';
    return fmt::format("INSTCMD {} {}load.{}", item.ups, of, action);
}

std::string outlet_variable(const NutItem& item) {
    return item.outlet.empty() ? "outlet.status" : "outlet." + item.outlet + ".status";
}

Result<void> parse_nut_done(std::string_view line) {
    const auto words = words_of(line);
    if (!words.empty() && words[0] == "OK") return {};
    return error_of(line);
}

Result<std::optional<std::string>> parse_nut_value(std::string_view line, std::string_view ups,
                                                   std::string_view variable) {
    const auto words = words_of(line);
    if (words.size() == 4 && words[0] == "VAR" && words[1] == ups && words[2] == variable) {
        return words[3];
    }
    auto error = error_of(line);
    if (error.value().what.starts_with("VAR-NOT-SUPPORTED")) return std::nullopt;
    return error;
}

std::string state_of(const NutItem& item, const std::optional<std::string>& ups,
                     const std::optional<std::string>& outlet) {
    const auto switched = outlet ? lower(*outlet) : "";
    if (!item.outlet.empty()) {
        return switched == "on" || switched == "off" ? switched : std::string(cannot_tell);
    }
    if (ups && has_word(*ups, "FSD")) return "fsd";
    if (switched == "off" || (ups && has_word(*ups, "OFF"))) return "off";
    const bool feeds =
        ups && (has_word(*ups, "OL") || has_word(*ups, "OB") || has_word(*ups, "BYPASS"));
    return feeds || switched == "on" ? "on" : std::string(cannot_tell);
}

}  // namespace firebreak
