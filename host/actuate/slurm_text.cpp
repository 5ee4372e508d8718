#include "host/actuate/slurm_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "host/hostlist.hpp"

namespace firebreak {
namespace {

constexpr std::string_view kept = "; before: ";
constexpr std::string_view unsaid = "(no reason)";
constexpr std::size_t most_reason = 250;  // a reason is for people, and stands in every listing

constexpr std::string_view mark = "firebreak ";

/// What follows this host's mark, or nothing: this is asked of every node, several times.
std::optional<std::string_view> after_mark(std::string_view reason, std::string_view host) {
    if (!reason.starts_with(mark)) return std::nullopt;
    reason.remove_prefix(mark.size());
    if (!reason.starts_with(host)) return std::nullopt;
    reason.remove_prefix(host.size());
    if (!reason.starts_with(' ')) return std::nullopt;
    return reason.substr(1);
}

/// Up to the next blank.
std::string_view word(std::string_view text) {
    return text.substr(0, text.find(' '));
}

/// A field's value, where `name`, like " State=", stands; a Reason may hold blanks and is read
/// apart.
std::string_view field(std::string_view line, std::string_view name) {
    const auto at = line.find(name);
    return at == std::string_view::npos ? "" : word(line.substr(at + name.size()));
}

/// Takes the first line off the text.
std::string_view next_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

/// Whether this is one of the words, however it is written.
bool is_one_of(std::string_view state, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return std::equal(state.begin(), state.end(), word.begin(), word.end(), [](char a, char b) {
            return std::toupper(static_cast<unsigned char>(a)) == b;
        });
    });
}

/// "IDLE*+DRAIN", or in small letters.
void add_states(SlurmNode& node, std::string_view states) {
    while (!states.empty()) {
        const auto end = std::min(states.find('+'), states.size());
        auto state = states.substr(0, end);
        while (!state.empty() && state.find_last_of("*~#!%$@^-") == state.size() - 1) {
            if (state.back() == '*') node.responds = false;
            state.remove_suffix(1);
        }
        if (is_one_of(state, {"IDLE", "ALLOCATED", "MIXED", "ALLOC", "COMPLETING"})) {
            node.works = true;
        } else if (is_one_of(state, {"DRAIN", "DRAINED", "DRAINING"})) {
            node.drained = true;
        } else if (is_one_of(state, {"DOWN", "FAIL"})) {
            node.down = true;
        } else if (is_one_of(state, {"POWERED_DOWN", "POWERING_DOWN", "POWER_DOWN"})) {
            node.off = true;
        } else if (is_one_of(state, {"NOT_RESPONDING"})) {
            node.responds = false;
        }
        states.remove_prefix(std::min(end + 1, states.size()));
    }
}

/// Nothing for a line without a state.
std::optional<SlurmNode> node_of(std::string_view line) {
    constexpr std::string_view reason = " Reason=";
    SlurmNode node;
    const auto at = line.find(reason);
    const auto states = field(line.substr(0, at), " State=");
    if (states.empty()) return std::nullopt;
    add_states(node, states);
    node.in_partition = line.substr(0, at).find(" Partitions=") != std::string_view::npos;
    if (at == std::string_view::npos) return node;
    auto text = line.substr(at + reason.size());
    text = text.substr(0, text.rfind(" ["));  // "[root@2026-11-26T18:05:25]"
    node.reason = text;
    return node;
}

/// Control characters and quotes would only confuse what prints a reason.
std::string plain(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\'' || c == '"'; }, '_');
    return out;
}

/// Up to the next bar, which is taken off, too; nothing when there is none.
std::optional<std::string_view> next_field(std::string_view& line) {
    const auto bar = line.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    const auto field = line.substr(0, bar);
    line.remove_prefix(bar + 1);
    return field;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return seconds;
}

/// `dated`: with the field of when the reason was given.
Result<SlurmNodes> groups_of(std::string_view answer, std::size_t most, bool dated) {
    SlurmNodes nodes;
    while (!answer.empty()) {
        const auto line = next_line(answer);
        if (line.empty()) continue;
        auto rest = line;
        const auto states = next_field(rest);
        const auto list = next_field(rest);
        const auto since = dated ? next_field(rest) : "0";
        const auto reason_at = since ? seconds_of(*since) : std::nullopt;
        if (!states || states->empty() || !list || !reason_at) {
            return fail(Fault::corrupt, "not a group of nodes: " + plain(line.substr(0, 120)));
        }
        SlurmNode node;
        add_states(node, *states);
        node.in_partition = true;
        node.reason_at = *reason_at;
        if (dated || rest != "none") node.reason = rest;
        auto names = expand_hostlist(*list, most);
        if (!names) return fail(Fault::corrupt, names.error().what);
        nodes.reserve(nodes.size() + names->size());
        for (auto& name : *names) nodes.insert_or_assign(std::move(name), node);
    }
    return nodes;
}

}  // namespace

Result<SlurmNodes> parse_nodes(std::string_view answer) {
    SlurmNodes nodes;
    nodes.reserve(static_cast<std::size_t>(std::count(answer.begin(), answer.end(), '\n')));
    while (!answer.empty()) {
        const auto line = next_line(answer);
        constexpr std::string_view begins = "NodeName=";
        if (line.empty() || line.ends_with(" not found")) continue;
        if (!line.starts_with(begins)) {
            return fail(Fault::corrupt, "not a node: " + plain(line.substr(0, 120)));
        }
        auto node = node_of(line);
        if (!node) {
            return fail(Fault::corrupt, "a node without a state: " + plain(line.substr(0, 120)));
        }
        nodes[std::string(word(line.substr(begins.size())))] = *std::move(node);
    }
    return nodes;
}

Result<SlurmNodes> parse_groups(std::string_view answer, std::size_t most) {
    return groups_of(answer, most, /*dated=*/false);
}

Result<SlurmNodes> parse_dated_groups(std::string_view answer, std::size_t most) {
    return groups_of(answer, most, /*dated=*/true);
}

std::string slurm_reason(std::string_view host, const Step& step, std::string_view before) {
    auto reason = fmt::format("firebreak {} {}: ", host, step.action);
    const auto tail = before.empty() ? "" : fmt::format("{}{}", kept, before);
    // The tail says whose it was: what else is said gives way to it.
    const auto used = reason.size() + tail.size();
    const auto room = used < most_reason ? most_reason - used : 0;
    return plain(reason.append(step.because, 0, room).append(tail));
}

bool bears_a_mark(const SlurmNode& node) {
    return node.reason.starts_with(mark);
}

std::string reason_of_others(const SlurmNode& node) {
    return node.reason.empty() ? std::string(unsaid) : node.reason;
}

std::string reason_before(std::string_view reason) {
    const auto at = reason.find(kept);
    return at == std::string_view::npos ? "" : std::string(reason.substr(at + kept.size()));
}

std::string state_of(const SlurmNode& node, const HostMarks& marks) {
    auto whose = Whose::ours;
    auto asked = after_mark(node.reason, marks.host);
    for (auto peer = marks.peers.begin(); !asked && peer != marks.peers.end(); ++peer) {
        asked = after_mark(node.reason, *peer);
        if (asked) whose = Whose::peers;
    }
    if (asked) {
        // What we asked for, as far as it has come: a drained node may be powered down by Slurm
        // itself, and a node that died drained shall come back no further than it was set.
        const auto rung = depth_of(asked->substr(0, asked->find(':')));
        const int seen = node.off ? 3 : node.down ? 2 : node.drained ? 1 : 0;
        constexpr std::string_view words[] = {"ready", "drain", "maint", "off"};
        if (seen > 0) return marked_state(words[std::min(rung, seen)], whose);
    } else if (node.down || node.drained) {
        auto state = marked_state(node.down ? "maint" : "drain", Whose::others);
        return node.reason.empty() && !node.down ? state.append(unmarked) : state;
    }
    // Powered down for want of work wakes for the next job: it is not put down.
    return node.works && node.responds && !node.off ? "ready" : "down";
}

std::vector<std::string> comma_lists(std::string_view lines, std::size_t most_bytes) {
    std::vector<std::string> lists;
    while (!lines.empty()) {
        const auto line = next_line(lines);
        if (line.empty()) continue;
        if (lists.empty() || lists.back().size() + 1 + line.size() > most_bytes) {
            lists.emplace_back(line);
        } else {
            lists.back().append(",").append(line);
        }
    }
    return lists;
}

}  // namespace firebreak
