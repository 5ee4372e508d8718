#include "sim/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace firebreak {
namespace {

constexpr std::uint8_t report_server_id = 0x11;
constexpr std::uint8_t encapsulated_interface = 0x2B;
constexpr std::uint8_t read_identification = 0x0E;
constexpr std::uint8_t running = 0xFF;
/// All three categories, each as a stream; single objects are not served (6.21).
constexpr std::uint8_t conformity = 0x03;
constexpr std::size_t longest_text = 100;  // two of them and the rest fit a PDU

std::string vendor_name(const DevicePlan& plan) {
    const auto& title = plan.profile->title;
    return title.substr(0, std::min(title.find(' '), longest_text));
}

std::string product_name(const DevicePlan& plan) {
    return plan.profile->title.substr(0, longest_text);
}

struct Object {
    std::uint8_t id = 0;
    std::string text;
};

/// In order of id. 0x87 and 0x88 are the list of devices behind this one and the first of them, as
/// Huawei's UPS have it (EDOC1000110696; Network UPS Tools asks for it): no other maker's master
/// looks at private objects.
std::vector<Object> objects_of(const DevicePlan& plan) {
    const auto code = product_code(plan).substr(0, longest_text / 2);
    return {
        {0x00, vendor_name(plan)},
        {0x01, code},
        {0x02, FIREBREAK_VERSION},
        {0x04, product_name(plan)},
        {0x87, {"\0\0\0\1", 4}},
        {0x88, fmt::format("1={};2={};3=V1;4={:.32};5=1;6=0", code, FIREBREAK_VERSION, plan.name)},
    };
}

std::uint8_t last_of_category(std::uint8_t category) {
    return category == 1 ? 0x02 : category == 2 ? 0x7F : 0xFF;
}

Bytes illegal_value() {
    return {encapsulated_interface | 0x80U, 3};
}

void append(Bytes& bytes, const std::string& text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

}  // namespace

std::string product_code(const DevicePlan& plan) {
    const auto& name = plan.profile->name;
    const auto dash = name.find('-');
    auto code = dash == std::string::npos ? name : name.substr(dash + 1);
    std::transform(code.begin(), code.end(), code.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return code;
}

Bytes server_id(const DevicePlan& plan) {
    const auto name = product_name(plan);
    Bytes pdu{report_server_id, static_cast<std::uint8_t>(name.size() + 2), plan.unit, running};
    append(pdu, name);
    return pdu;
}

Bytes device_identification(const DevicePlan& plan, std::span<const std::uint8_t> request) {
    if (request.size() != 4 || request[1] != read_identification) return illegal_value();
    const auto category = request[2];
    if (category < 1 || category > 3) return illegal_value();
    const auto last = last_of_category(category);
    const auto all = objects_of(plan);
    // From the object asked for on; from the first when there is none of that id (6.21).
    auto from = std::find_if(all.begin(), all.end(), [&](const Object& object) {
        return object.id == request[3] && object.id <= last;
    });
    if (from == all.end()) from = all.begin();
    Bytes pdu{encapsulated_interface, read_identification, category, conformity, 0, 0, 0};
    for (; from != all.end() && from->id <= last; ++from) {
        if (pdu.size() + 2 + from->text.size() > 253) {
            pdu[4] = 0xFF;  // more follows
            pdu[5] = from->id;
            break;
        }
        ++pdu[6];
        pdu.push_back(from->id);
        pdu.push_back(static_cast<std::uint8_t>(from->text.size()));
        append(pdu, from->text);
    }
    return pdu;
}

}  // namespace firebreak
