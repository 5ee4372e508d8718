#include "host/journal/journal_file.hpp"

namespace firebreak {

void read_journal_plan(Section section, JournalPlan& journal) {
    journal.file = section.text("file");
    journal.keep = section.duration_or("keep", journal.keep);
    if (section.has("file") && journal.file.empty()) {
        section.complain("file",
                         "\"file\" must name a file, like \"/var/lib/firebreak-host/journal\"");
    }
    if (journal.keep < longest_hold) {
        section.complain("keep",
                         "\"keep\" must be at least 8d: what operators hold is read from it");
    }
    section.finish();
}

std::string recorded_text(std::string text) {
    constexpr std::string_view key = "password";
    constexpr std::string_view in_place = "\"not recorded\"";
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
        at += key.size();
        const auto equals = text.find_first_not_of(" \t\"'", at);
        if (equals == std::string::npos || text[equals] != '=') continue;
        const auto begin = text.find_first_not_of(" \t", equals + 1);
        if (begin == std::string::npos || (text[begin] != '"' && text[begin] != '\'')) continue;
        const auto line_end = std::min(text.find('\n', begin), text.size());
        // To the end of its line, but for what closes an inline table: a secret must not be
        // guessed apart from what follows it.
        const auto closes = text.find_last_of('}', line_end);
        const bool is_inline = closes != std::string::npos && closes > begin;
        text.replace(begin, (is_inline ? closes : line_end) - begin, in_place);
        at = begin + in_place.size();
    }
    return text;
}

/// A comment, so that what is recorded remains a policy's text.
constexpr std::string_view devices_follow = "\n# the list of devices, as it was read:\n#|";

std::string with_devices(std::string recorded, std::string_view devices) {
    recorded += devices_follow;
    for (const char c : devices) {
        recorded += c;
        if (c == '\n') recorded += "#|";
    }
    return recorded;
}

RecordedPolicy parts_of_recorded(std::string_view text) {
    const auto end = text.rfind(devices_follow);
    if (end == std::string_view::npos) return {std::string(text), std::nullopt};
    RecordedPolicy parts{std::string(text.substr(0, end)), ""};
    const auto list = text.substr(end + devices_follow.size());
    for (std::size_t at = 0; at < list.size(); ++at) {
        *parts.devices += list[at];
        if (list[at] == '\n' && list.substr(at + 1).starts_with("#|")) at += 2;
    }
    return parts;
}

}  // namespace firebreak
