// The journal's JSON: what came in, both ways, and what followed. Pure; the same value always
// gives the same text, which is what a replay compares. Errors: corrupt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/posture.hpp"
#include "host/input.hpp"
#include "host/journal/entry.hpp"

namespace firebreak {

struct Begun {
    std::string version, site, host;
    bool armed = false;
    std::string policy;  ///< SHA-256 of its recorded text
};
[[nodiscard]] std::string text_of(const Begun& begun);
[[nodiscard]] std::string text_of(const Evidence& evidence);
[[nodiscard]] std::string text_of(const Receipt& receipt);
[[nodiscard]] std::string text_of(const LinkUp& link);
[[nodiscard]] std::string text_of(const LinkDown& link);
[[nodiscard]] std::string text_of(const SentAgain& sent);
[[nodiscard]] std::string text_of(const JournalWord& word);

[[nodiscard]] std::string text_of(const Recall& recall);

/// What an operator asked, until when it holds, and what became of it.
struct Requested {
    Ask ask;
    WallTime until{};
    bool done = false;
    std::string said;
};
[[nodiscard]] std::string text_of(const Requested& request);
[[nodiscard]] Result<Requested> parse_requested(std::string_view text);

[[nodiscard]] Result<Begun> parse_begun(std::string_view text);
/// Of the kinds that a replay tells the core, but for `started` and `tick`.
[[nodiscard]] Result<HostInput> parse_input(EntryKind kind, std::string_view text);

/// Where a target stands and why, as it was decided.
struct Stand {
    std::string target;
    Posture wanted = Posture::normal;
    Posture admitted = Posture::normal;  ///< the highest rung asked for on fresh evidence
    std::vector<std::string> because;
    std::string waits;     ///< why the rung is not left though nobody votes for it, or ""
    bool expired = false;  ///< nobody has voted for it for long

    bool operator==(const Stand&) const = default;
};
[[nodiscard]] std::string text_of(const Stand& stand);
[[nodiscard]] std::string text_of(const Step& step);
[[nodiscard]] std::string drill_ended_text(const std::string& drill, const std::string& because);
[[nodiscard]] std::string capacity_text(const std::string& site, const std::string& is);
[[nodiscard]] std::string restoration_text(const std::string& note);
[[nodiscard]] std::string refusal_text(const std::string& target, const std::string& why);

/// For people, from any row's text: "target=text wanted=drain because=pangyo/room/gas".
[[nodiscard]] std::string in_words(const Entry& entry);

}  // namespace firebreak
