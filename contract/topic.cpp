#include "contract/topic.hpp"

#include "contract/enum_names.hpp"
#include "contract/support/config_file.hpp"

namespace firebreak {
namespace {

constexpr std::string_view root = "firebreak";
constexpr std::string_view version = "1";

constexpr std::array<std::string_view, 2> roles = {"agent", "host"};
constexpr std::array<std::string_view, 10> kinds = {"status", "reading", "alarm",   "ack",
                                                    "event",  "posture", "command", "operator",
                                                    "action", "flood"};
static_assert(word_of(kinds, Kind::flood) == "flood");

/// Topic levels after the kind: none, a name, or a name and a measure.
constexpr std::size_t levels_below(Kind kind) {
    if (kind == Kind::status || kind == Kind::event || kind == Kind::flood) return 0;
    return kind == Kind::reading ? 2 : 1;
}

constexpr bool speaks(Role role, Kind kind) {
    switch (kind) {
        case Kind::status:
        case Kind::ack:
        case Kind::operator_request:
            return true;
        case Kind::reading:
        case Kind::alarm:
        case Kind::event:
        case Kind::action:
        case Kind::flood:
            return role == Role::agent;
        case Kind::posture:
        case Kind::command:
            return role == Role::host;
    }
    return false;
}

std::string join(std::initializer_list<std::string_view> levels) {
    std::string out;
    for (const auto level : levels) {
        if (!out.empty()) out += '/';
        out += level;
    }
    return out;
}

/// Takes the next level off `rest`; nothing once there is none.
std::optional<std::string_view> next_level(std::optional<std::string_view>& rest) {
    if (!rest) return std::nullopt;
    const auto slash = rest->find('/');
    const auto level = rest->substr(0, slash);
    rest = slash == std::string_view::npos ? std::nullopt : std::optional(rest->substr(slash + 1));
    return level;
}

std::optional<std::string> next_name(std::optional<std::string_view>& rest) {
    const auto level = next_level(rest);
    if (!level || !is_name(*level)) return std::nullopt;
    return std::string(*level);
}

}  // namespace

std::string to_string(const Topic& topic) {
    auto out = join({root, version, topic.origin.site, word_of(roles, topic.origin.role),
                     topic.origin.id, word_of(kinds, topic.kind)});
    if (levels_below(topic.kind) > 0) out += '/' + topic.name;
    if (levels_below(topic.kind) > 1) out += '/' + topic.measure;
    return out;
}

std::optional<Topic> parse_topic(std::string_view text) {
    std::optional<std::string_view> rest = text;
    if (next_level(rest) != root || next_level(rest) != version) return std::nullopt;
    const auto site = next_name(rest);
    const auto role = value_of<Role>(roles, next_level(rest).value_or(""));
    const auto id = next_name(rest);
    const auto kind = value_of<Kind>(kinds, next_level(rest).value_or(""));
    if (!site || !role || !id || !kind || !speaks(*role, *kind)) return std::nullopt;

    Topic topic{{*site, *role, *id}, *kind, {}, {}};
    const auto below = levels_below(*kind);
    if (below > 0) {
        const auto name = next_name(rest);
        if (!name) return std::nullopt;
        topic.name = *name;
    }
    if (below > 1) {
        const auto measure = next_name(rest);
        if (!measure) return std::nullopt;
        topic.measure = *measure;
    }
    if (rest) return std::nullopt;
    return topic;
}

std::string filter(std::string_view site, Role role, std::string_view id, Kind kind) {
    auto out = join({root, version, site, word_of(roles, role), id, word_of(kinds, kind)});
    for (std::size_t i = 0; i < levels_below(kind); ++i) out += "/+";
    return out;
}

std::string alarm_name(const Origin& agent, std::string_view alarm) {
    return join({agent.site, agent.id, alarm});
}

}  // namespace firebreak
