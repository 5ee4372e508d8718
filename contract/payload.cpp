#include "contract/payload.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "contract/support/config_file.hpp"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// Characters, not bytes. What we write is cut to these, so that what we write always parses.
constexpr std::size_t max_word = 64;    // a server, an outlet, a version, an operator
constexpr std::size_t max_id = 200;     // "site/agent/alarm" and command ids
constexpr std::size_t max_prose = 512;  // cause, detail, why, blocked
constexpr std::size_t max_because = 64;
constexpr std::size_t max_entries = 4096;  // devices, counters
constexpr int max_depth = 16;
constexpr double day_s = 86'400;
constexpr double century_s = 36'525 * day_s;

// The largest whole number every JSON reader keeps exactly (RFC 7493, 2.2).
constexpr std::uint64_t max_whole = (std::uint64_t{1} << 53) - 1;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// ---- writing ----

/// Cut to `most` bytes, hence to at most as many characters; no control characters.
std::string clean(std::string text, std::size_t most) {
    if (text.size() > most) text.resize(most);
    std::replace_if(text.begin(), text.end(), is_control, ' ');
    return text;
}

std::vector<std::string> clean(std::vector<std::string> texts, std::size_t count,
                               std::size_t most) {
    if (texts.size() > count) texts.resize(count);
    for (auto& text : texts) text = clean(std::move(text), most);
    return texts;
}

/// A flat object whose keys stand in the order they were added, for people who read the wire.
class ObjectText {
public:
    ObjectText& add(std::string_view key, const Json& value) {
        text_ += text_.empty() ? "{\"" : ",\"";
        text_ += key;
        text_ += "\":";
        // Texts may quote a device: bytes that are not UTF-8 become U+FFFD instead of a throw.
        text_ += value.dump(-1, ' ', false, Json::error_handler_t::replace);
        return *this;
    }
    ObjectText& add_whole(std::string_view key, std::uint64_t value) {
        return add(key, std::min(value, max_whole));
    }
    std::string stamped(const Stamp& stamp) {
        add("boot", stamp.boot).add_whole("seq", stamp.seq).add("at", format_wall(stamp.at));
        return closed();
    }
    std::string closed() { return text_ + '}'; }

private:
    std::string text_;
};

/// "silent" and "reads" always, the others when they happened: 1,000 devices fit a payload.
Json device_json(const DeviceStatus& device) {
    Json out = {{"silent", device.silent}, {"reads", std::min(device.reads, max_whole)}};
    if (device.timeouts > 0) out["timeouts"] = std::min(device.timeouts, max_whole);
    if (device.corrupt > 0) out["corrupt"] = std::min(device.corrupt, max_whole);
    if (device.exceptions > 0) out["exceptions"] = std::min(device.exceptions, max_whole);
    return out;
}

std::string status_json(const Status& status, bool (*keep)(const DeviceStatus&)) {
    Json devices = Json::object();
    for (const auto& [name, device] : status.devices) {
        if (keep(device)) devices[name] = device_json(device);
    }
    Json counters = Json::object();
    for (const auto& [name, count] : status.counters) counters[name] = std::min(count, max_whole);
    if (const auto left = status.devices.size() - devices.size(); left > 0) {
        counters["devices.left_out"] = left;
    }
    ObjectText out;
    out.add("online", status.online).add("version", clean(status.version, max_word));
    out.add("armed", status.armed).add("heartbeat_s", status.heartbeat_s);
    out.add("up_s", status.up_s).add("devices", devices).add("counters", counters);
    return out.stamped(status.stamp);
}

// ---- reading ----

/// The keys of one object, read with every check; keeps the first complaint.
class Fields {
public:
    Fields(const Json& object, std::string& complaint, std::string path = {})
        : object_(object), complaint_(complaint), path_(std::move(path)) {}

    std::string text(std::string_view key, std::size_t most, std::size_t least = 0) {
        const auto* value = find(key, true);
        if (value == nullptr) return {};
        return text_of(*value, key, most, least);
    }
    std::string text_or_none(std::string_view key, std::size_t most) {
        const auto* value = find(key, false);
        return value == nullptr ? std::string() : text_of(*value, key, most, 0);
    }
    std::string name(std::string_view key) {
        auto got = text(key, max_word);
        if (complaint_.empty() && !is_name(got)) complain(key, "must be a name");
        return got;
    }
    std::vector<std::string> texts(std::string_view key, std::size_t count, std::size_t most) {
        const auto* value = find(key, true);
        if (value == nullptr) return {};
        if (!value->is_array() || value->size() > count) {
            complain(key, "must be a list of at most " + std::to_string(count) + " texts");
            return {};
        }
        std::vector<std::string> out;
        for (const auto& item : *value) out.push_back(text_of(item, key, most, 1));
        return out;
    }
    bool flag(std::string_view key, bool required = true) {
        const auto* value = find(key, required);
        if (value == nullptr) return false;
        if (!value->is_boolean()) complain(key, "must be true or false");
        return value->is_boolean() && value->get<bool>();
    }
    /// The parser has refused what does not fit a double, so a number here is finite.
    double number(std::string_view key, double least, double most) {
        const auto* value = find(key, true);
        if (value == nullptr) return 0;
        const double got = value->is_number() ? value->get<double>() : std::nan("");
        if (got >= least && got <= most) return got;
        complain(key, "must be a number from " + Json(least).dump() + " to " + Json(most).dump());
        return 0;
    }
    std::uint64_t whole(std::string_view key, bool required = true) {
        const auto* value = find(key, required);
        if (value == nullptr) return 0;
        const auto got = value->is_number_unsigned() ? value->get<std::uint64_t>() : max_whole + 1;
        if (got <= max_whole) return got;
        complain(key, "must be a whole number from 0 to " + std::to_string(max_whole));
        return 0;
    }
    WallTime wall(std::string_view key) {
        const auto got = parse_wall(text(key, max_word));
        if (!got) complain(key, "must be a time like 2022-10-15T06:19:00.000Z");
        return got.value_or(WallTime{});
    }
    template <class E>
    E word(std::string_view key, std::optional<E> (*parse)(std::string_view)) {
        const auto got = parse(text(key, max_word));
        if (!got) complain(key, "is not a word of this contract");
        return got.value_or(E{});
    }
    Stamp stamp() { return {name("boot"), whole("seq"), wall("at")}; }

    bool is_null(std::string_view key) {
        const auto* value = find(key, true);
        return value != nullptr && value->is_null();
    }
    /// Calls `each(name, fields of the entry, key of the entry)` for every entry of `key`.
    template <class Each>
    void entries(std::string_view key, Each each) {
        const auto* value = find(key, true);
        if (value == nullptr) return;
        if (!value->is_object() || value->size() > max_entries) {
            return complain(key, "must be an object of not too many entries");
        }
        for (const auto& [name, entry] : value->items()) {
            if (!is_name(name)) return complain(key, "has an entry that is no name");
            each(name, entry, Fields(*value, complaint_, std::string(key) + '.'));
        }
    }
    Fields inside(const Json& entry, std::string_view name) {
        if (!entry.is_object()) complain(name, "must be an object");
        return {entry, complaint_, path_ + std::string(name) + '.'};
    }

private:
    const Json* find(std::string_view key, bool required) {
        const auto at = object_.find(key);  // end() when this is no object
        if (at != object_.end()) return &*at;
        if (required) complain(key, "is missing");
        return nullptr;
    }
    std::string text_of(const Json& value, std::string_view key, std::size_t most,
                        std::size_t least) {
        if (value.is_string()) {
            auto got = value.get<std::string>();
            const auto inner = [](char c) {
                return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
            };
            const auto inners = std::count_if(got.begin(), got.end(), inner);
            const auto chars = got.size() - static_cast<std::size_t>(inners);
            if (chars >= least && chars <= most && std::none_of(got.begin(), got.end(), is_control))
                return got;
        }
        complain(key, "must be a text of " + std::to_string(least) + " to " + std::to_string(most) +
                          " printable characters");
        return {};
    }
    void complain(std::string_view key, std::string_view what) {
        if (complaint_.empty()) complaint_ = path_ + std::string(key) + ' ' + std::string(what);
    }

    const Json& object_;
    std::string& complaint_;
    std::string path_;
};

/// Before the parser allocates anything: brackets outside strings, however they are paired.
bool too_deep(std::string_view json) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_text && c == '\\') ++i;
        if (c == '"') in_text = !in_text;
        if (in_text) continue;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (depth > max_depth) return true;
    }
    return false;
}

template <class T, class Fill>
Result<T> parse_as(std::string_view text, Fill fill) {
    if (text.size() > max_payload_bytes) return fail(Fault::wire, "payload too large");
    if (too_deep(text)) return fail(Fault::wire, "payload nested too deep");
    const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return fail(Fault::wire, "payload is not a JSON object");

    std::string complaint;
    Fields fields(json, complaint);
    T out = fill(fields);
    if (!complaint.empty()) return fail(Fault::wire, complaint);
    return out;
}

std::optional<Fault> parse_fault(std::string_view text) {
    for (int i = 0; i <= static_cast<int>(Fault::stale); ++i) {
        if (to_string(static_cast<Fault>(i)) == text) return static_cast<Fault>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string to_json(const ReadingNotice& notice) {
    ObjectText out;
    if (notice.value && std::isfinite(*notice.value)) {
        out.add("value", *notice.value).add("unit", to_string(notice.unit));
    } else {
        const auto error =
            notice.value ? Error{Fault::corrupt, "not a number"} : notice.value.error();
        out.add("value", nullptr).add("unit", to_string(notice.unit));
        out.add("missing", to_string(error.fault)).add("why", clean(error.what, max_prose));
    }
    if (!notice.label.empty()) out.add("label", clean(notice.label, max_word));
    return out.stamped(notice.stamp);
}

Result<ReadingNotice> parse_reading(std::string_view json) {
    return parse_as<ReadingNotice>(json, [](Fields& in) {
        ReadingNotice out;
        out.unit = in.word("unit", parse_unit);
        out.label = in.text_or_none("label", max_word);
        if (in.is_null("value")) {
            out.value = fail(in.word("missing", parse_fault), in.text_or_none("why", max_prose));
        } else {
            constexpr auto largest = std::numeric_limits<double>::max();
            out.value = in.number("value", -largest, largest);
        }
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const AlarmNotice& notice) {
    ObjectText out;
    out.add("alarm", notice.alarm).add("phase", to_string(notice.phase));
    out.add("severity", to_string(notice.severity)).add("latched", notice.latched);
    out.add("acknowledged", notice.acknowledged).add("shelved", notice.shelved);
    out.add("cause", clean(notice.cause, max_prose)).add("since", format_wall(notice.since));
    return out.stamped(notice.stamp);
}

Result<AlarmNotice> parse_alarm(std::string_view json) {
    return parse_as<AlarmNotice>(json, [](Fields& in) {
        AlarmNotice out;
        out.alarm = in.name("alarm");
        out.phase = in.word("phase", parse_phase);
        out.severity = in.word("severity", parse_severity);
        out.latched = in.flag("latched");
        out.acknowledged = in.flag("acknowledged");
        out.shelved = in.flag("shelved");
        out.cause = in.text("cause", max_prose);
        out.since = in.wall("since");
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const AlarmEvent& event) {
    ObjectText out;
    out.add("alarm", event.alarm).add("from", to_string(event.from));
    out.add("to", to_string(event.to)).add("severity", to_string(event.severity));
    out.add("cause", clean(event.cause, max_prose));
    return out.stamped(event.stamp);
}

Result<AlarmEvent> parse_event(std::string_view json) {
    return parse_as<AlarmEvent>(json, [](Fields& in) {
        AlarmEvent out;
        out.alarm = in.name("alarm");
        out.from = in.word("from", parse_phase);
        out.to = in.word("to", parse_phase);
        out.severity = in.word("severity", parse_severity);
        out.cause = in.text("cause", max_prose);
        out.stamp = in.stamp();
        return out;
    });
}

// A status nobody can read would look like a dead sender, so one with too many devices says
// less of them: first without those that are well, then without any.
std::string to_json(const Status& status) {
    auto out = status_json(status, [](const DeviceStatus&) { return true; });
    if (out.size() <= max_payload_bytes) return out;
    out = status_json(status, [](const DeviceStatus& device) { return device.silent; });
    if (out.size() <= max_payload_bytes) return out;
    return status_json(status, [](const DeviceStatus&) { return false; });
}

Result<Status> parse_status(std::string_view json) {
    return parse_as<Status>(json, [](Fields& in) {
        Status out;
        out.online = in.flag("online");
        out.version = in.text("version", max_word);
        out.armed = in.flag("armed");
        out.heartbeat_s = in.number("heartbeat_s", 0, day_s);
        out.up_s = in.number("up_s", 0, century_s);
        in.entries("devices", [&](const std::string& name, const Json& entry, Fields devices) {
            auto device = devices.inside(entry, name);
            out.devices[name] = {device.flag("silent"), device.whole("reads"),
                                 device.whole("timeouts", false), device.whole("corrupt", false),
                                 device.whole("exceptions", false)};
        });
        in.entries("counters", [&](const std::string& name, const Json&, Fields counters) {
            out.counters[name] = counters.whole(name);
        });
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const PostureNotice& notice) {
    ObjectText out;
    out.add("target", notice.target).add("wanted", to_string(notice.wanted));
    out.add("reached", to_string(notice.reached)).add("armed", notice.armed);
    out.add("because", clean(notice.because, max_because, max_id));
    out.add("held", clean(notice.held, max_held, max_word));
    out.add("blocked", clean(notice.blocked, max_prose));
    return out.stamped(notice.stamp);
}

Result<PostureNotice> parse_posture_notice(std::string_view json) {
    return parse_as<PostureNotice>(json, [](Fields& in) {
        PostureNotice out;
        out.target = in.name("target");
        out.wanted = in.word("wanted", parse_posture);
        out.reached = in.word("reached", parse_posture);
        out.armed = in.flag("armed");
        out.because = in.texts("because", max_because, max_id);
        out.held = in.texts("held", max_held, max_word);
        out.blocked = in.text("blocked", max_prose);
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const Command& command) {
    ObjectText out;
    out.add("id", clean(command.id, max_id)).add("target", command.target);
    out.add("item", clean(command.item, max_word)).add("action", command.action);
    out.add("armed", command.armed).add("because", clean(command.because, max_id));
    return out.stamped(command.stamp);
}

Result<Command> parse_command(std::string_view json) {
    return parse_as<Command>(json, [](Fields& in) {
        Command out;
        out.id = in.text("id", max_id, 1);
        out.target = in.name("target");
        out.item = in.text("item", max_word, 1);
        out.action = in.name("action");
        out.armed = in.flag("armed");
        out.because = in.text("because", max_id);
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const Ack& ack) {
    ObjectText out;
    out.add("about", ack.about).add("id", clean(ack.id, max_id)).add("about_boot", ack.boot);
    out.add_whole("about_seq", ack.seq).add("outcome", to_string(ack.outcome));
    out.add("detail", clean(ack.detail, max_prose));
    return out.stamped(ack.stamp);
}

Result<Ack> parse_ack(std::string_view json) {
    return parse_as<Ack>(json, [](Fields& in) {
        Ack out;
        out.about = in.name("about");
        out.id = in.text("id", max_id);
        out.boot = in.name("about_boot");
        out.seq = in.whole("about_seq");
        out.outcome = in.word("outcome", parse_outcome);
        out.detail = in.text("detail", max_prose);
        out.stamp = in.stamp();
        return out;
    });
}

std::string to_json(const OperatorRequest& request) {
    ObjectText out;
    out.add("alarm", request.alarm).add("action", to_string(request.action));
    if (request.action == OperatorAction::shelve) out.add("for_s", request.for_s);
    return out.add("by", clean(request.by, max_word)).closed();
}

Result<OperatorRequest> parse_operator_request(std::string_view json) {
    return parse_as<OperatorRequest>(json, [](Fields& in) {
        OperatorRequest out;
        out.alarm = in.name("alarm");
        out.action = in.word("action", parse_operator_action);
        if (out.action == OperatorAction::shelve) {
            out.for_s = in.number("for_s", std::numeric_limits<double>::min(), day_s);
        }
        out.by = in.text("by", max_word, 1);
        return out;
    });
}

}  // namespace firebreak
