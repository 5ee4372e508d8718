#include "host/actuate/slurm_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>

#include "host/hostlist.hpp"

namespace firebreak {
namespace {

constexpr std::string_view kept = "; before: ";
constexpr std::string_view unsaid = "(no reason)";
constexpr std::size_t most_reason = 250;  // a reason is for people, and stands in every listing

/// What follows this host's mark, or nothing: this is asked of every node, several times.
std::optional<std::string_view> after_mark(std::string_view reason, std::string_view host) {
    constexpr std::string_view mark = "firebreak ";
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

/// "IDLE*+DRAIN" into the words of it.
void add_states(SlurmNode& node, std::string_view states) {
    node.state.reserve(4);
    while (!states.empty()) {
        const auto end = std::min(states.find('+'), states.size());
        std::string state(states.substr(0, end));
        while (!state.empty() && state.find_last_of("*~#!%$@^-") == state.size() - 1) {
            node.responds = node.responds && state.back() != '*';
            state.pop_back();
        }
        if (state == "NOT_RESPONDING") node.responds = false;
        node.state.push_back(std::move(state));
        states.remove_prefix(std::min(end + 1, states.size()));
    }
}

SlurmNode node_of(std::string_view line) {
    constexpr std::string_view reason = " Reason=";
    SlurmNode node;
    const auto at = line.find(reason);
    add_states(node, field(line.substr(0, at), " State="));
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
        if (node.state.empty()) {
            return fail(Fault::corrupt, "a node without a state: " + plain(line.substr(0, 120)));
        }
        nodes[std::string(word(line.substr(begins.size())))] = std::move(node);
    }
    return nodes;
}

Result<SlurmNodes> parse_groups(std::string_view answer, std::size_t most) {
    SlurmNodes nodes;
    while (!answer.empty()) {
        const auto line = next_line(answer);
        if (line.empty()) continue;
        const auto first = line.find('|');
        const auto second = first == std::string_view::npos ? first : line.find('|', first + 1);
        if (first == 0 || second == std::string_view::npos) {
            return fail(Fault::corrupt, "not a group of nodes: " + plain(line.substr(0, 120)));
        }
        SlurmNode node;
        std::string states(line.substr(0, first));
        std::transform(states.begin(), states.end(), states.begin(), [](unsigned char letter) {
            return static_cast<char>(std::toupper(letter));
        });
        add_states(node, states);
        node.in_partition = true;
        const auto reason = line.substr(second + 1);
        if (reason != "none") node.reason = reason;
        const auto names = expand_hostlist(line.substr(first + 1, second - first - 1), most);
        if (!names) return fail(Fault::corrupt, names.error().what);
        for (const auto& name : *names) nodes.insert_or_assign(name, node);
    }
    return nodes;
}

std::string slurm_reason(std::string_view host, const Step& step, std::string_view before) {
    auto reason = fmt::format("firebreak {} {}: ", host, step.action);
    const auto tail = before.empty() ? "" : fmt::format("{}{}", kept, before);
    // The tail says whose it was: what else is said gives way to it.
    const auto used = reason.size() + tail.size();
    const auto room = used < most_reason ? most_reason - used : 0;
    return plain(reason.append(step.because, 0, room).append(tail));
}

std::string reason_of_others(const SlurmNode& node) {
    return node.reason.empty() ? std::string(unsaid) : node.reason;
}

std::string reason_before(std::string_view reason) {
    const auto at = reason.find(kept);
    return at == std::string_view::npos ? "" : std::string(reason.substr(at + kept.size()));
}

std::string state_of(const SlurmNode& node, const HostMarks& marks) {
    const auto is = [&](std::initializer_list<std::string_view> states) {
        return std::any_of(node.state.begin(), node.state.end(), [&](const auto& state) {
            return std::find(states.begin(), states.end(), state) != states.end();
        });
    };
    const bool off = is({"POWERED_DOWN", "POWERING_DOWN", "POWER_DOWN"});
    const bool down = is({"DOWN", "FAIL"});
    const bool drained = is({"DRAIN", "DRAINED", "DRAINING"});
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
        const int seen = off ? 3 : down ? 2 : drained ? 1 : 0;
        constexpr std::string_view words[] = {"ready", "drain", "maint", "off"};
        if (seen > 0) return marked_state(words[std::min(rung, seen)], whose);
    } else if (down || drained) {
        return marked_state(down ? "maint" : "drain", Whose::others);
    }
    // Powered down for want of work wakes for the next job: it is not put down.
    const bool works = is({"IDLE", "ALLOCATED", "MIXED", "ALLOC", "COMPLETING"});
    return works && node.responds && !off ? "ready" : "down";
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
