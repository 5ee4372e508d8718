#include "host/operator/wire.hpp"

#include <nlohmann/json.hpp>

#include "contract/enum_names.hpp"
#include "host/operator/tables.hpp"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 9> verbs = {"status", "plan",   "why",     "hold", "resume",
                                                   "arm",    "disarm", "restore", "drill"};
static_assert(word_of(verbs, AskVerb::drill) == "drill");

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_why = 512;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json parse(std::string_view text) {
    return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

std::string text_at(const Json& json, const char* key) {
    const auto found = json.find(key);
    const auto* text = found == json.end() ? nullptr : found->get_ptr<const std::string*>();
    return text == nullptr ? "" : *text;
}

Json json_of(const TargetView& target) {
    Json json = {{"target", target.name},
                 {"tier", target.tier},
                 {"wanted", to_string(target.wanted)},
                 {"admitted", to_string(target.admitted)},
                 {"reached", to_string(target.reached)},
                 {"because", target.because},
                 {"blocked", target.blocked},
                 {"waits", target.waits},
                 {"hold", target.hold},
                 {"pace", target.pace},
                 {"capacity", target.capacity},
                 {"calm_left_s", seconds(target.calm_left)},
                 {"held", target.held},
                 {"states", Json::object()},
                 {"votes", Json::array()},
                 {"steps", Json::array()}};
    for (const auto& [item, state] : target.states) json["states"][item] = state;
    for (const auto& vote : target.votes) {
        json["votes"].push_back({{"at_least", to_string(vote.at_least)},
                                 {"because", vote.because},
                                 {"fresh", vote.fresh}});
    }
    for (const auto& step : target.steps) {
        json["steps"].push_back({{"item", step.item},
                                 {"action", step.action},
                                 {"because", step.because},
                                 {"refused", step.refused}});
    }
    return json;
}

Json json_of(const HostView& host) {
    Json json = {{"site", host.site},
                 {"host", host.host},
                 {"armed", host.armed},
                 {"disarmed_by", host.disarmed_by},
                 {"disarmed_for_s", seconds(host.disarmed_for)},
                 {"linked", host.linked},
                 {"journal", host.journal},
                 {"drill", host.drill},
                 {"up_s", seconds(host.up)},
                 {"agents", Json::array()},
                 {"alarms", Json::array()},
                 {"targets", Json::array()},
                 {"restoration", host.restoration}};
    for (const auto& agent : host.agents) {
        json["agents"].push_back({{"agent", agent.name},
                                  {"presence", agent.presence},
                                  {"heard_ago_s", seconds(agent.heard_ago)}});
    }
    for (const auto& alarm : host.alarms) {
        json["alarms"].push_back(
            {{"alarm", alarm.name}, {"phase", alarm.phase}, {"cause", alarm.cause}});
    }
    for (const auto& target : host.targets) json["targets"].push_back(json_of(target));
    return json;
}

}  // namespace

std::string_view to_string(AskVerb verb) {
    return word_of(verbs, verb);
}
std::optional<AskVerb> parse_ask_verb(std::string_view text) {
    return value_of<AskVerb>(verbs, text);
}

std::string to_line(const OperatorAsk& request) {
    const auto for_ms = std::chrono::floor<std::chrono::milliseconds>(request.ask.length).count();
    return dump({{"verb", to_string(request.ask.verb)},
                 {"target", request.ask.target},
                 {"for_ms", for_ms},
                 {"why", request.ask.why},
                 {"json", request.json}});
}

Result<OperatorAsk> parse_request(std::string_view line) {
    if (line.size() > longest_request) return fail(Fault::wire, "the request is too long");
    const auto json = parse(line);
    if (!json.is_object()) return fail(Fault::wire, "the request is no JSON object");
    const auto verb = parse_ask_verb(text_at(json, "verb"));
    if (!verb) return fail(Fault::wire, "the request has no verb that is known here");
    OperatorAsk request;
    request.ask.verb = *verb;
    request.ask.target = text_at(json, "target");
    request.ask.why = text_at(json, "why");
    if (request.ask.target.size() > longest_name || request.ask.why.size() > longest_why) {
        return fail(Fault::wire, "the request's words are too long");
    }
    const auto length = json.find("for_ms");
    if (length != json.end()) {
        constexpr std::int64_t year = 366LL * 24 * 3600 * 1000;
        const auto ms = length->is_number_integer() ? length->get<std::int64_t>() : -1;
        if (ms < 0 || ms > year) return fail(Fault::wire, "\"for_ms\" is no length of time");
        request.ask.length = std::chrono::milliseconds(ms);
    }
    const auto as_json = json.find("json");
    request.json = as_json != json.end() && as_json->is_boolean() && as_json->get<bool>();
    return request;
}

std::string to_line(const HostAnswer& answer, bool json) {
    Json line = {{"done", answer.done}, {"said", answer.said}};
    if (answer.view && json) line["host"] = json_of(*answer.view);
    if (answer.view && !json) line["text"] = table(*answer.view, answer.verb);
    return dump(line);
}

Result<Told> parse_told(std::string_view line) {
    const auto json = parse(line);
    const auto done = json.is_object() ? json.find("done") : json.end();
    if (!json.is_object() || done == json.end() || !done->is_boolean()) {
        return fail(Fault::wire, "the host's answer cannot be read");
    }
    return Told{done->get<bool>(), text_at(json, "said"), text_at(json, "text")};
}

}  // namespace firebreak
