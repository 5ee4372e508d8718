#include "host/journal/words.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const Step& step) {
    return {{"id", step.id},
            {"target", step.target},
            {"item", step.item},
            {"action", step.action},
            {"posture", to_string(step.posture)},
            {"because", step.because}};
}

/// An object's members; what is missing or of another type makes the whole corrupt.
class Members {
public:
    explicit Members(std::string_view text)
        : json_(Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false)) {
        good_ = json_.is_object();
    }
    explicit Members(Json json) : json_(std::move(json)) { good_ = json_.is_object(); }

    [[nodiscard]] bool has(const char* key) const { return good_ && json_.contains(key); }
    std::string text(const char* key) {
        const auto* found = at(key);
        const auto* text = found == nullptr ? nullptr : found->get_ptr<const std::string*>();
        good_ = good_ && text != nullptr;
        return text == nullptr ? "" : *text;
    }
    bool flag(const char* key) {
        const auto* found = at(key);
        good_ = good_ && found != nullptr && found->is_boolean();
        return good_ && found->get<bool>();
    }
    const Json* at(const char* key) {
        const auto found = good_ ? json_.find(key) : json_.end();
        good_ = good_ && found != json_.end();
        return good_ ? &*found : nullptr;
    }
    void spoil() { good_ = false; }
    std::uint64_t count(const char* key) {
        const auto* found = at(key);
        good_ = good_ && found != nullptr && found->is_number_unsigned();
        return good_ ? found->get<std::uint64_t>() : 0;
    }
    Duration milliseconds(const char* key) {
        const auto* found = at(key);
        good_ = good_ && found != nullptr && found->is_number_integer();
        return good_ ? std::chrono::milliseconds(found->get<std::int64_t>()) : Duration::zero();
    }
    WallTime wall(const char* key) {
        const auto wall = parse_wall(text(key));
        good_ = good_ && wall.has_value();
        return wall.value_or(WallTime{});
    }
    [[nodiscard]] bool good() const { return good_; }

private:
    Json json_;
    bool good_ = false;
};

tl::unexpected<Error> unreadable(EntryKind kind) {
    return fail(Fault::corrupt,
                "a row of kind " + std::string(to_string(kind)) + " cannot be read");
}

std::optional<Fault> parse_fault(std::string_view text) {
    for (const auto fault : {Fault::timeout, Fault::corrupt, Fault::refused, Fault::busy,
                             Fault::port_lost, Fault::config, Fault::wire, Fault::stale}) {
        if (to_string(fault) == text) return fault;
    }
    return std::nullopt;
}

Step step_of(Members members) {
    Step step{members.text("id"),     members.text("target"), members.text("item"),
              members.text("action"), Posture::normal,        members.text("because")};
    step.posture = parse_posture(members.text("posture")).value_or(Posture::normal);
    return step;
}

Result<HostInput> receipt_of(Members members) {
    Receipt receipt{members.text("target"), {}, ItemStates{}};
    if (const auto* steps = members.at("steps")) {
        for (const auto& step : *steps) receipt.steps.push_back(step_of(Members(step)));
    }
    if (members.has("fault")) {
        const auto fault = parse_fault(members.text("fault"));
        if (!fault) members.spoil();
        receipt.states = fail(fault.value_or(Fault::corrupt), members.text("why"));
    } else if (const auto* states = members.at("states")) {
        for (const auto& [item, state] : states->items()) {
            const auto* text = state.get_ptr<const std::string*>();
            if (text == nullptr) return unreadable(EntryKind::receipt);
            receipt.states->emplace(item, *text);
        }
    }
    if (members.has("feedback")) {
        if (const auto* feedback = members.at("feedback")) {
            Members figures(*feedback);
            receipt.feedback =
                Feedback{figures.count("waiting"), figures.count("tries"),
                         figures.count("failures"), figures.milliseconds("period_ms")};
            if (figures.has("own_tries")) {
                receipt.feedback->own = {figures.count("own_waiting"), figures.count("own_tries"),
                                         figures.count("own_failures")};
            }
            if (!figures.good()) members.spoil();
        }
    }
    if (!members.good()) return unreadable(EntryKind::receipt);
    return receipt;
}

Hold hold_of(Members& members) {
    Hold hold{members.text("target"), members.text("why"), members.text("by"),
              members.wall("until"), members.milliseconds("left_ms")};
    return hold;
}

Result<HostInput> recall_of(Members members) {
    Recall recall{{}, members.text("disarmed_by")};
    if (const auto* holds = members.at("holds")) {
        for (const auto& each : *holds) {
            Members hold(each);
            recall.holds.push_back(hold_of(hold));
            if (!hold.good()) members.spoil();
        }
    }
    if (!members.good()) return unreadable(EntryKind::recalled);
    return recall;
}

std::int64_t milliseconds(Duration duration) {
    return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

void append_words(std::string& out, const Json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    out += text == nullptr ? dump(value) : *text;
}

}  // namespace

std::string text_of(const Begun& begun) {
    return dump({{"version", begun.version},
                 {"site", begun.site},
                 {"host", begun.host},
                 {"armed", begun.armed},
                 {"policy", begun.policy}});
}

std::string text_of(const Evidence& evidence) {
    return dump({{"topic", evidence.topic}, {"payload", evidence.payload}});
}

std::string text_of(const Receipt& receipt) {
    Json json = {{"target", receipt.target}, {"steps", Json::array()}};
    for (const auto& step : receipt.steps) json["steps"].push_back(json_of(step));
    if (receipt.states) {
        json["states"] = Json::object();
        for (const auto& [item, state] : *receipt.states) json["states"][item] = state;
    } else {
        json["fault"] = to_string(receipt.states.error().fault);
        json["why"] = receipt.states.error().what;
    }
    if (const auto& feedback = receipt.feedback) {
        json["feedback"] = {{"waiting", feedback->waiting},
                            {"tries", feedback->tries},
                            {"failures", feedback->failures},
                            {"period_ms", milliseconds(feedback->period)}};
        if (feedback->own != Feedback::Own{}) {
            json["feedback"].update({{"own_waiting", feedback->own.waiting},
                                     {"own_tries", feedback->own.tries},
                                     {"own_failures", feedback->own.failures}});
        }
    }
    return dump(json);
}

std::string text_of(const LinkUp& link) {
    return dump({{"up", true}, {"resumed", link.resumed}, {"broker", link.broker}});
}

std::string text_of(const LinkDown& link) {
    return dump({{"up", false}, {"why", link.why}});
}

std::string text_of(const SentAgain& sent) {
    return dump({{"target", sent.target}});
}

std::string text_of(const JournalWord& word) {
    return dump({{"trouble", word.trouble}});
}

std::string text_of(const Recall& recall) {
    Json json = {{"holds", Json::array()}, {"disarmed_by", recall.disarmed_by}};
    for (const auto& hold : recall.holds) {
        json["holds"].push_back({{"target", hold.target},
                                 {"why", hold.why},
                                 {"by", hold.by},
                                 {"until", format_wall(hold.until)},
                                 {"left_ms", milliseconds(hold.left)}});
    }
    return dump(json);
}

std::string text_of(const Requested& request) {
    const auto& ask = request.ask;
    return dump({{"verb", to_string(ask.verb)},
                 {"target", ask.target},
                 {"by", ask.by},
                 {"why", ask.why},
                 {"for_ms", milliseconds(ask.length)},
                 {"until", format_wall(request.until)},
                 {"done", request.done},
                 {"said", request.said}});
}

Result<Requested> parse_requested(std::string_view text) {
    Members members(text);
    Requested request;
    const auto verb = parse_ask_verb(members.text("verb"));
    request.ask.verb = verb.value_or(AskVerb::status);
    request.ask.target = members.text("target");
    request.ask.by = members.text("by");
    request.ask.why = members.text("why");
    request.ask.length = members.milliseconds("for_ms");
    request.until = members.wall("until");
    request.done = members.flag("done");
    request.said = members.text("said");
    if (!members.good() || !verb) return unreadable(EntryKind::request);
    return request;
}

Result<Begun> parse_begun(std::string_view text) {
    Members members(text);
    Begun begun{members.text("version"), members.text("site"), members.text("host"),
                members.flag("armed"), members.text("policy")};
    if (!members.good()) return unreadable(EntryKind::started);
    return begun;
}

Result<HostInput> parse_input(EntryKind kind, std::string_view text) {
    Members members(text);
    HostInput input = LinkDown{};
    if (kind == EntryKind::recalled) return recall_of(std::move(members));
    if (kind == EntryKind::request) {
        return parse_requested(text).map([](Requested asked) { return HostInput(asked.ask); });
    }
    if (kind == EntryKind::receipt) return receipt_of(std::move(members));
    if (kind == EntryKind::evidence) {
        auto topic = members.text("topic");
        input = Evidence{std::move(topic), members.text("payload")};
    } else if (kind == EntryKind::journal) {
        input = JournalWord{members.text("trouble")};
    } else if (kind == EntryKind::again) {
        input = SentAgain{members.text("target")};
    } else if (kind == EntryKind::link && members.flag("up")) {
        const bool resumed = members.flag("resumed");
        input = LinkUp{members.text("broker"), resumed};
    } else if (kind == EntryKind::link) {
        input = LinkDown{members.text("why")};
    } else {
        members.spoil();
    }
    if (!members.good()) return unreadable(kind);
    return input;
}

std::string text_of(const Stand& stand) {
    Json json = {{"target", stand.target},
                 {"wanted", to_string(stand.wanted)},
                 {"admitted", to_string(stand.admitted)},
                 {"because", stand.because}};
    if (!stand.waits.empty()) json["waits"] = stand.waits;
    if (stand.expired) json["expired"] = true;
    return dump(json);
}

std::string text_of(const Step& step) {
    return dump(json_of(step));
}

std::string drill_ended_text(const std::string& drill, const std::string& because) {
    return dump({{"drill", drill}, {"ended", because}});
}

std::string capacity_text(const std::string& site, const std::string& is) {
    return dump({{"capacity", site}, {"is", is}});
}

std::string restoration_text(const std::string& note) {
    return dump({{"restoration", note}});
}

std::string refusal_text(const std::string& target, const std::string& why) {
    return dump({{"target", target}, {"why", why}});
}

std::string in_words(const Entry& entry) {
    const auto json = Json::parse(entry.text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return entry.text;
    std::string out;
    for (const auto& [key, value] : json.items()) {
        if (value.empty() || (value.is_string() && value.get_ref<const std::string&>().empty())) {
            continue;
        }
        if (!out.empty()) out += ' ';
        out += key + '=';
        append_words(out, value);
    }
    return out;
}

}  // namespace firebreak
