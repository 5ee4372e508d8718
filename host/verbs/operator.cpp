#include <fmt/format.h>

#include <memory>

#include "host/operator/socket.hpp"
#include "host/operator/wire.hpp"
#include "host/policy_file.hpp"
#include "host/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::string config, length, why;
    bool json = false, all = false;
    std::vector<std::string> words;
};

/// Whoever asked for JSON gets it whatever comes of it.
int refused(AskVerb verb, const Given& given, const std::string& why, int code) {
    if (given.json) {
        fmt::print("{}\n", to_line(HostAnswer{0, verb, false, why, std::nullopt}, true));
    } else {
        fmt::print(stderr, "{}\n", why);
    }
    return code;
}

/// Where the host of this policy can be asked. What else is wrong with the file is not asked here:
/// the running host has read it in its time.
std::string socket_of(const std::string& config) {
    Complaints complaints;
    auto socket = load_policy(config, complaints).operators.socket;
    if (socket.empty() && !complaints.empty()) fmt::print(stderr, "{}", complaints.text());
    return socket;
}

int ask(AskVerb verb, const Given& given) {
    const auto socket = socket_of(given.config);
    if (socket.empty()) {
        return refused(verb, given,
                       "this policy has no [operator] socket: its host cannot be asked", 2);
    }
    OperatorAsk request;
    request.json = given.json;
    request.ask.verb = verb;
    request.ask.why = given.why;
    if (!given.words.empty()) request.ask.target = given.words.front();
    const bool one_or_all =
        verb == AskVerb::hold || verb == AskVerb::resume || verb == AskVerb::restore;
    if (one_or_all && given.all == !given.words.empty()) {
        return refused(verb, given, "name one target, or say --all", 2);
    }
    if (verb == AskVerb::hold) {
        const auto length = parse_duration(given.length);
        if (!length) return refused(verb, given, "--for: give a duration, like 30m", 2);
        request.ask.length = *length;
    }
    const auto line = ask_host(socket, to_line(request));
    if (!line) return refused(verb, given, line.error().what, 1);
    const auto told = parse_told(*line);
    if (!told) return refused(verb, given, told.error().what, 1);
    if (given.json) {
        fmt::print("{}\n", *line);
    } else if (told->done) {
        fmt::print("{}{}", told->text, told->said.empty() ? "" : told->said + '\n');
    } else {
        fmt::print(stderr, "{}\n", told->said);
    }
    return told->done ? 0 : 1;
}

Verb& add(Program& program, AskVerb verb, const std::string& help,
          const std::shared_ptr<Given>& given) {
    return program
        .verb(std::string(to_string(verb)), help, [verb, given] { return ask(verb, *given); })
        .option("--config", "policy file, whose [operator] names the socket", given->config, true)
        .flag("--json", "the answer as a line of JSON", given->json);
}

}  // namespace

void add_operator(Program& program) {
    const auto given = std::make_shared<Given>();
    auto& words = given->words;
    add(program, AskVerb::status, "How a running host stands: agents, alarms, targets", given);
    add(program, AskVerb::plan, "What it would do next, and what holds that back", given);
    add(program, AskVerb::why, "Why a target is where it is", given)
        .words("TARGET", "a target of the policy", words, 1, 1);
    add(program, AskVerb::hold, "Do nothing to a target, neither down nor up, for a time", given)
        .option("--for", "for how long, at most 8d", given->length, true)
        .option("--why", "why, for the record", given->why, true)
        .flag("--all", "every target", given->all)
        .words("TARGET", "a target of the policy", words, 0, 1);
    add(program, AskVerb::resume, "End a hold", given)
        .flag("--all", "every hold", given->all)
        .words("TARGET", "a target of the policy", words, 0, 1);
    add(program, AskVerb::arm, "Act, where the policy permits an operator to say so", given)
        .option("--why", "why, for the record", given->why);
    add(program, AskVerb::disarm, "Only rehearse, also after a restart, until armed again", given)
        .option("--why", "why, for the record", given->why);
    add(program, AskVerb::restore, "Bring back now what only calm_for delays", given)
        .option("--why", "why, for the record", given->why)
        .flag("--all", "every target that may come back", given->all)
        .words("TARGET", "a target of the policy", words, 0, 1);
    add(program, AskVerb::drill, "Do one of the policy's drills, and undo it", given)
        .option("--why", "why, for the record", given->why)
        .words("NAME", "a [[drill]] of the policy", words, 1, 1);
}

}  // namespace firebreak
