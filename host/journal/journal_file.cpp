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

/// Comments, so that what is recorded remains a policy's text.
constexpr std::string_view list_begins = "\n# the list ";
constexpr std::string_view list_follows = ", as it was read:\n#|";

std::string with_list(std::string recorded, std::string_view key, std::string_view list) {
    recorded.append(list_begins).append(key).append(list_follows);
    for (const char c : list) {
        recorded += c;
        if (c == '\n') recorded += "#|";
    }
    return recorded;
}

RecordedPolicy parts_of_recorded(std::string_view text) {
    RecordedPolicy parts;
    for (;;) {  // the last one first: within a list no line begins like this
        const auto begin = text.rfind(list_begins);
        if (begin == std::string_view::npos) break;
        const auto key = begin + list_begins.size();
        const auto key_end = text.find(list_follows, key);
        if (key_end == std::string_view::npos) break;
        auto& list = parts.lists[std::string(text.substr(key, key_end - key))];
        const auto lines = text.substr(key_end + list_follows.size());
        for (std::size_t at = 0; at < lines.size(); ++at) {
            list += lines[at];
            if (lines[at] == '\n' && lines.substr(at + 1).starts_with("#|")) at += 2;
        }
        text = text.substr(0, begin);
    }
    parts.policy = text;
    return parts;
}

}  // namespace firebreak
