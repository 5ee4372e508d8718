#include "sim/device.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "firmware/profile/codec.hpp"

namespace firebreak {
namespace {

/// The register's own words in an image, whatever is there.
template <class Image>
Words words_at(const Image& image, std::uint32_t address, int count) {
    Words words;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); ++i) {
        const auto found = image.find(address + i);
        words.push_back(found == image.end() ? std::uint16_t{0} : found->second);
    }
    return words;
}

}  // namespace

Device::Device(const DevicePlan& plan) : plan_(plan) {
    lay_out();
    choose_exponents();
    for (const auto& reg : plan_.profile->registers) put(reg, rest_value(reg));
}

void Device::lay_out() {
    for (const auto& reg : plan_.profile->registers) {
        for (int i = 0; i < word_count(reg); ++i) {
            image(reg.table)[address_of(reg) + static_cast<std::uint32_t>(i)] = 0;
        }
        if (reg.scale_register) {
            image(reg.table)[std::uint32_t{plan_.base} + *reg.scale_register] = 0;
        }
    }
}

/// A scale register gets the finest of 10^-2, 10^-1 and 1 with which the plausible range of all
/// its registers still fits their types; without ranges nobody can tell, and it stays 1.
void Device::choose_exponents() {
    for (const auto& scaled : plan_.profile->registers) {
        if (!scaled.scale_register) continue;
        const auto address = std::uint32_t{plan_.base} + *scaled.scale_register;
        for (const int exponent : {-2, -1}) {
            const auto fits = [&](const Register& reg) {
                if (reg.table != scaled.table || reg.scale_register != scaled.scale_register) {
                    return true;
                }
                Words words(static_cast<std::size_t>(word_count(reg)));
                const auto e = static_cast<std::int16_t>(exponent);
                return reg.least && reg.most && encode(reg, *reg.least, words, e) &&
                       encode(reg, *reg.most, words, e);
            };
            const auto& registers = plan_.profile->registers;
            if (std::all_of(registers.begin(), registers.end(), fits)) {
                image(scaled.table)[address] = static_cast<std::uint16_t>(exponent);
                break;
            }
        }
    }
}

std::int16_t Device::exponent_of(const Register& reg) const {
    if (!reg.scale_register) return 0;
    const auto found = image(reg.table).find(std::uint32_t{plan_.base} + *reg.scale_register);
    return static_cast<std::int16_t>(found->second);
}

double Device::rest_value(const Register& reg) const {
    std::vector<double> candidates = {0, 1};
    if (reg.least) candidates.push_back(*reg.least);
    if (reg.most) candidates.push_back(*reg.most);
    if (reg.least && reg.most) candidates.push_back((*reg.least + *reg.most) / 2);
    Words words(static_cast<std::size_t>(word_count(reg)));
    for (const double candidate : candidates) {
        if (encode(reg, candidate, words, exponent_of(reg)) &&
            decode(reg, words, exponent_of(reg))) {
            return candidate;
        }
    }
    return 0;
}

void Device::put(const Register& reg, double value) {
    auto& table = image(reg.table);
    auto words = words_at(table, address_of(reg), word_count(reg));
    // A value that does not fit leaves the register as it was: a real device clips or sticks too.
    if (!encode(reg, value, words, exponent_of(reg))) return;
    for (std::size_t i = 0; i < words.size(); ++i) {
        table[address_of(reg) + static_cast<std::uint32_t>(i)] = words[i];
    }
}

void Device::refresh(const World& world) {
    for (const auto& reg : plan_.profile->registers) {
        if (const auto value = world.signal({plan_.name, reg.measure})) put(reg, *value);
    }
}

Exception Device::read(Table table, std::uint16_t address, std::uint16_t count, Words& into) const {
    const auto most = is_bit_table(table) ? plan_.profile->max_bits : plan_.profile->max_words;
    if (count == 0 || count > most) return Exception::illegal_value;
    const auto& from = image(table);
    const std::uint32_t end = std::uint32_t{address} + count;
    if (end > 65536) return Exception::illegal_address;
    into.assign(count, 0);
    std::size_t defined = 0;
    for (auto it = from.lower_bound(address); it != from.end() && it->first < end; ++it) {
        into[it->first - address] = it->second;
        ++defined;
    }
    // A device that lets reads span holes answers zeros there, as APC's cards do.
    const bool answers = plan_.profile->holes_allowed ? defined > 0 : defined == count;
    return answers ? Exception::none : Exception::illegal_address;
}

Exception Device::write(Table table, std::uint16_t address, const Words& words, World& world) {
    auto patched = image(table);
    std::set<std::uint32_t> touched;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto at = address + static_cast<std::uint32_t>(i);
        patched[at] = is_bit_table(table) ? std::uint16_t{words[i] != 0} : words[i];
        touched.insert(at);
    }
    const auto all = touched;
    std::vector<std::pair<const Register*, double>> values;
    for (const auto& reg : plan_.profile->registers) {
        if (!reg.writable || reg.table != table) continue;
        const auto begin = address_of(reg);
        const auto end = begin + static_cast<std::uint32_t>(word_count(reg));
        const auto first = all.lower_bound(begin);
        if (first == all.end() || *first >= end) continue;
        const auto value =
            decode(reg, words_at(patched, begin, word_count(reg)), exponent_of(reg));
        if (!value) return Exception::illegal_value;
        values.emplace_back(&reg, *value);
        touched.erase(touched.lower_bound(begin), touched.lower_bound(end));
    }
    if (!touched.empty()) return Exception::illegal_address;  // read-only, or nothing there
    for (const auto& [reg, value] : values) {
        world.write({plan_.name, reg->measure}, value);
        put(*reg, value);
    }
    return Exception::none;
}

}  // namespace firebreak
