#include "contract/payload.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "contract/payload_fields.hpp"
#include "contract/support/config_file.hpp"

namespace firebreak {
namespace {

using Json = nlohmann::json;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Writes a flat object; keys stand in the order they are given, for people who read the wire.
class Writer {
public:
    void name(std::string_view key, const std::string& name) { add(key, name); }
    void text(std::string_view key, const std::string& text, std::size_t most, std::size_t = 0) {
        add(key, clean(text, most));
    }
    /// Leaves out what would make the payload too long to be read.
    void texts(std::string_view key, const std::vector<std::string>& texts, std::size_t count,
               std::size_t most) {
        std::string list = "[";
        const auto room = max_payload_bytes - 4096 - text_.size();
        for (std::size_t i = 0; i < std::min(texts.size(), count); ++i) {
            const auto text = quoted(clean(texts[i], most));
            if (list.size() + text.size() > room) break;
            if (i > 0) list += ',';
            list += text;
        }
        add_written(key, list + ']');
    }
    void flag(std::string_view key, bool value) { add(key, value); }
    void number(std::string_view key, double value, double least, double most) {
        add(key, value >= least ? std::min(value, most) : least);
    }
    void whole(std::string_view key, std::uint64_t value) { add(key, std::min(value, max_whole)); }
    void wall(std::string_view key, WallTime value) { add(key, format_wall(value)); }
    template <class E, class Parse>
    void word(std::string_view key, E value, Parse) {
        add(key, to_string(value));
    }
    /// Whether an optional key is written: not for what is empty, zero or false.
    template <class T>
    static bool begins(std::string_view, const T& value) {
        return !(value == T{});
    }
    void add(std::string_view key, const Json& value) { add_written(key, written(value)); }
    void add_written(std::string_view key, std::string_view value) {
        text_ += text_.empty() ? "{\"" : ",\"";
        text_ += key;
        text_ += "\":";
        text_ += value;
    }
    std::string closed() { return text_ + '}'; }

private:
    /// Prose may quote a device: bytes that are not UTF-8 become U+FFFD instead of a throw.
    static std::string written(const Json& value) {
        return value.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    static std::string quoted(const std::string& text) {
        const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
            return c > ' ' && c < 0x7f && c != '"' && c != '\\';
        });
        return plain ? '"' + text + '"' : written(text);
    }
    /// Cut to `most` bytes, hence to at most as many characters; no control characters.
    static std::string clean(std::string text, std::size_t most) {
        if (text.size() > most) text.resize(most);
        std::replace_if(text.begin(), text.end(), is_control, ' ');
        return text;
    }

    std::string text_;
};

/// Reads one object with every check; what is wrong leaves a zero, the first complaint is kept.
class Reader {
public:
    Reader(const Json& object, std::string& complaint, std::string path = {})
        : object_(object), complaint_(complaint), path_(std::move(path)) {}

    void name(std::string_view key, std::string& into) {
        text(key, into, max_word);
        if (complaint_.empty() && !is_name(into)) complain(key, "must be a name");
    }
    void text(std::string_view key, std::string& into, std::size_t most, std::size_t least = 0) {
        if (const auto* value = find(key)) into = text_of(*value, key, most, least);
    }
    void texts(std::string_view key, std::vector<std::string>& into, std::size_t count,
               std::size_t most) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is_array() || value->size() > count) {
            return complain(key, "must be a list of at most " + std::to_string(count) + " texts");
        }
        for (const auto& item : *value) into.push_back(text_of(item, key, most, 1));
    }
    void flag(std::string_view key, bool& into) {
        const auto* value = find(key);
        if (value == nullptr) return;
        into = value->is_boolean() && value->get<bool>();
        if (!value->is_boolean()) complain(key, "must be true or false");
    }
    /// The parser has refused what does not fit a double, so a number here is finite.
    void number(std::string_view key, double& into, double least, double most) {
        const auto* value = find(key);
        if (value == nullptr) return;
        const double got = value->is_number() ? value->get<double>() : std::nan("");
        if (got >= least && got <= most) {
            into = got;
        } else {
            complain(key,
                     "must be a number from " + Json(least).dump() + " to " + Json(most).dump());
        }
    }
    void whole(std::string_view key, std::uint64_t& into) {
        const auto* value = find(key);
        if (value == nullptr) return;
        const auto got = value->is_number_unsigned() ? value->get<std::uint64_t>() : ~0ULL;
        if (got > max_whole) return complain(key, "must be a whole number from 0 to 2^53-1");
        into = got;
    }
    void wall(std::string_view key, WallTime& into) {
        std::string got;
        text(key, got, max_word);
        const auto time = parse_wall(got);
        if (!time) return complain(key, "must be a time like 2022-10-15T06:19:00.000Z");
        into = *time;
    }
    template <class E>
    void word(std::string_view key, E& into, std::optional<E> (*parse)(std::string_view)) {
        std::string got;
        text(key, got, max_word);
        const auto value = parse(got);
        if (!value) return complain(key, "is not one of the contract's words");
        into = *value;
    }

    [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }
    /// Whether an optional key is read; makes what it is read into.
    template <class T>
    bool begins(std::string_view key, T& into) const {
        if (has(key)) into = made(into);
        return has(key);
    }
    [[nodiscard]] bool is_null(std::string_view key) const {
        return has(key) && object_.find(key)->is_null();
    }
    /// Calls `each(name)` with a reader of this entry's siblings for every entry of `key`.
    template <class Each>
    void entries(std::string_view key, Each each) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is_object() || value->size() > max_entries) {
            return complain(key, "must be an object of not too many entries");
        }
        Reader inner(*value, complaint_, path_ + std::string(key) + '.');
        for (const auto& entry : value->items()) {
            if (!is_name(entry.key())) return complain(key, "has an entry that is no name");
            each(entry.key(), inner);
        }
    }
    /// The object at `key`; an empty one, complained about, if it is something else.
    Reader inside(std::string_view key) {
        static const Json empty = Json::object();
        const auto* value = find(key);
        const bool good = value != nullptr && value->is_object();
        if (!good) complain(key, "must be an object");
        return {good ? *value : empty, complaint_, path_ + std::string(key) + '.'};
    }

private:
    template <class T>
    static T made(const T&) {
        return T{};
    }
    template <class T>
    static std::optional<T> made(const std::optional<T>&) {
        return T{};
    }
    const Json* find(std::string_view key) {
        const auto at = object_.find(key);
        if (at != object_.end()) return &*at;
        complain(key, "is missing");
        return nullptr;
    }
    std::string text_of(const Json& value, std::string_view key, std::size_t most,
                        std::size_t least) {
        if (value.is_string()) {
            const auto& got = value.get_ref<const std::string&>();
            const auto begins = [](char c) {
                return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
            };
            const auto length =
                static_cast<std::size_t>(std::count_if(got.begin(), got.end(), begins));
            const bool printable = std::none_of(got.begin(), got.end(), is_control);
            if (printable && length >= least && length <= most) return got;
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

/// "silent" and "reads" always, troubles when they happened: 1,000 devices fit a payload.
Json device_json(const DeviceStatus& device) {
    Json out = {{"silent", device.silent}, {"reads", std::min(device.reads, max_whole)}};
    for (const auto& [key, count] : rare_tallies) {
        if (device.*count > 0) out[std::string(key)] = std::min(device.*count, max_whole);
    }
    return out;
}

template <class T, class Fill>
Result<T> parse_as(std::string_view text, Fill fill) {
    if (text.size() > max_payload_bytes) return fail(Fault::wire, "payload too large");
    // The parser does not recurse; what is nested too deep is thrown away as it is read.
    bool too_deep = false;
    const auto shallow = [&too_deep](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > max_depth;
        return depth <= max_depth;
    };
    const Json json = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
    if (too_deep) return fail(Fault::wire, "payload nested too deep");
    if (!json.is_object()) return fail(Fault::wire, "payload is not a JSON object");
    T out;
    std::string complaint;
    Reader in(json, complaint);
    fill(in, out);
    if (!complaint.empty()) return fail(Fault::wire, complaint);
    return out;
}

#define FIREBREAK_BOTH_WAYS(Type, parse_name, fields)                                  \
    std::string to_json(const Type& message) {                                         \
        Writer out;                                                                    \
        fields(out, message);                                                          \
        return out.closed();                                                           \
    }                                                                                  \
    Result<Type> parse_name(std::string_view json) {                                   \
        return parse_as<Type>(json, [](Reader& in, Type& into) { fields(in, into); }); \
    }

std::optional<Fault> parse_fault(std::string_view text) {
    for (int i = 0; i <= static_cast<int>(Fault::stale); ++i) {
        if (to_string(static_cast<Fault>(i)) == text) return static_cast<Fault>(i);
    }
    return std::nullopt;
}

}  // namespace

FIREBREAK_BOTH_WAYS(AlarmNotice, parse_alarm, alarm_fields)
FIREBREAK_BOTH_WAYS(AlarmEvent, parse_event, event_fields)
FIREBREAK_BOTH_WAYS(PostureNotice, parse_posture_notice, posture_fields)
FIREBREAK_BOTH_WAYS(Command, parse_command, command_fields)
FIREBREAK_BOTH_WAYS(Ack, parse_ack, ack_fields)
FIREBREAK_BOTH_WAYS(OperatorRequest, parse_operator_request, operator_fields)
FIREBREAK_BOTH_WAYS(ActionNotice, parse_action_notice, action_fields)
FIREBREAK_BOTH_WAYS(FloodNotice, parse_flood, flood_fields)

std::string to_json(std::initializer_list<Printed> object) {
    Writer out;
    for (const auto& [key, value] : object) {
        std::visit([&out, key = key](const auto& plain) { out.add(key, plain); }, value);
    }
    return out.closed();
}

std::string to_json(const ReadingNotice& notice) {
    Writer out;
    if (notice.value && std::isfinite(*notice.value)) {
        out.add("value", *notice.value);
    } else {
        const auto error =
            notice.value ? Error{Fault::corrupt, "not a number"} : notice.value.error();
        out.add("value", nullptr);
        out.add("missing", to_string(error.fault));
        out.text("why", error.what, max_prose);
    }
    out.add("unit", to_string(notice.unit));
    if (!notice.label.empty()) out.text("label", notice.label, max_word);
    if (notice.historical) out.flag("historical", true);
    stamp_fields(out, notice.stamp);
    return out.closed();
}

Result<ReadingNotice> parse_reading(std::string_view json) {
    return parse_as<ReadingNotice>(json, [](Reader& in, ReadingNotice& into) {
        if (in.is_null("value")) {
            Error error{Fault::corrupt, {}};
            in.word("missing", error.fault, parse_fault);
            in.text("why", error.what, max_prose);
            into.value = tl::unexpected<Error>(std::move(error));
        } else {
            constexpr auto largest = std::numeric_limits<double>::max();
            in.number("value", *into.value, -largest, largest);
        }
        in.word("unit", into.unit, parse_unit);
        if (in.has("label")) in.text("label", into.label, max_word);
        if (in.has("historical")) in.flag("historical", into.historical);
        stamp_fields(in, into.stamp);
    });
}

// A status nobody can read would look like a dead sender, so one with too many devices leaves
// some out, the silent ones last, and counts them.
std::string to_json(const Status& status) {
    Json counters = Json::object();
    for (const auto& [name, count] : status.counters) counters[name] = std::min(count, max_whole);
    Json devices = Json::object();
    std::size_t size = counters.dump().size() + 2048;  // the other keys, a signature and some room
    for (const bool silent : {true, false}) {
        for (const auto& [name, device] : status.devices) {
            if (device.silent != silent) continue;
            auto entry = device_json(device);
            size += name.size() + entry.dump().size() + 4;
            if (size <= max_payload_bytes) devices[name] = std::move(entry);
        }
    }
    const auto left_out = status.devices.size() - devices.size();
    if (left_out > 0) counters["devices.left_out"] = left_out;
    Writer out;
    status_fields(out, status);
    out.add("devices", devices);
    out.add("counters", counters);
    if (!status.heard.empty()) out.add("heard", status.heard);
    return out.closed();
}

Result<Status> parse_status(std::string_view json) {
    return parse_as<Status>(json, [](Reader& in, Status& into) {
        status_fields(in, into);
        in.entries("devices", [&](const std::string& name, Reader& devices) {
            auto& device = into.devices[name];
            auto entry = devices.inside(name);
            entry.flag("silent", device.silent);
            entry.whole("reads", device.reads);
            for (const auto& [key, count] : rare_tallies) {
                if (entry.has(key)) entry.whole(key, device.*count);
            }
        });
        in.entries("counters", [&](const std::string& name, Reader& counters) {
            counters.whole(name, into.counters[name]);
        });
        if (!in.has("heard")) return;
        in.entries("heard", [&](const std::string& boot, Reader& hosts) {
            hosts.whole(boot, into.heard[boot]);
        });
    });
}

}  // namespace firebreak
