#include "host/actuate/api_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr int max_depth = 64;

Result<Json> object_of(std::string_view text) {
    // The parser does not recurse; what is nested too deep is thrown away as it is read.
    bool too_deep = false;
    const auto shallow = [&too_deep](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > max_depth;
        return depth <= max_depth;
    };
    Json json = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
    if (too_deep) return fail(Fault::corrupt, "the answer is nested too deep");
    if (!json.is_object()) return fail(Fault::corrupt, "the answer is not a JSON object");
    return json;
}

}  // namespace

Result<ItemStates> parse_item_states(std::string_view json) {
    const auto object = object_of(json);
    if (!object) return tl::unexpected(object.error());
    const auto items = object->find("items");
    if (items == object->end() || !items->is_object()) {
        return fail(Fault::corrupt, "the answer has no object \"items\"");
    }
    ItemStates out;
    for (const auto& [item, value] : items->items()) {
        const auto* state = value.get_ptr<const std::string*>();
        if (state == nullptr || !is_item_state(*state)) {
            return fail(Fault::corrupt,
                        fmt::format("the answer's \"{}\" has no state", item.substr(0, 64)));
        }
        out[item] = *state;
    }
    return out;
}

}  // namespace firebreak
