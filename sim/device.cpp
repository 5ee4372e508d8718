#include "sim/device.hpp"

#include <algorithm>
#include <utility>

#include "firmware/profile/codec.hpp"

namespace firebreak {

Device::Device(const DevicePlan& plan) : plan_(plan) {
    lay_out();
    choose_exponents();
    for (const auto& reg : plan_.profile->registers) put_rest(reg);
}

void Device::lay_out() {
    std::array<std::vector<std::uint32_t>, 4> addresses;
    const auto define = [&](Table table, std::uint32_t address, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            addresses[static_cast<std::size_t>(table)].push_back(plan_.base + address + i);
        }
    };
    for (const auto& reg : plan_.profile->registers) {
        define(reg.table, reg.address, static_cast<std::uint32_t>(word_count(reg)));
        if (reg.scale_register) define(reg.table, *reg.scale_register, 1);
    }
    // A table that is read whole answers for all of itself, whatever the profile names in it.
    for (const auto& whole : plan_.profile->whole) define(whole.table, whole.address, whole.count);
    for (std::size_t i = 0; i < images_.size(); ++i) images_[i] = Image(std::move(addresses[i]));
}

/// A scale register gets the finest of 10^-2, 10^-1 and 1 with which the plausible range of all
/// its registers still fits their types; without ranges nobody can tell, and it stays 1.
void Device::choose_exponents() {
    for (const auto& scaled : plan_.profile->registers) {
        if (!scaled.scale_register) continue;
        auto& chosen = *image(scaled.table).at(std::uint32_t{plan_.base} + *scaled.scale_register);
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
                chosen = static_cast<std::uint16_t>(exponent);
                break;
            }
        }
    }
}

std::int16_t Device::exponent_of(const Register& reg) const {
    if (!reg.scale_register) return 0;
    const auto* word = image(reg.table).at(std::uint32_t{plan_.base} + *reg.scale_register);
    return static_cast<std::int16_t>(*word);
}

Words Device::words_of(const Register& reg) const {
    Words words(static_cast<std::size_t>(word_count(reg)));
    image(reg.table).read(address_of(reg), words);
    return words;
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

/// The title is the only name a profile has; the maker comes first in it.
std::string Device::rest_text(const Register& reg) const {
    const auto& title = plan_.profile->title;
    if (reg.measure.ends_with("serial")) return plan_.name;
    if (reg.measure.ends_with("mfr")) return title.substr(0, title.find(' '));
    return title;
}

void Device::put_rest(const Register& reg) {
    if (reg.type != WordType::text) return put(reg, rest_value(reg));
    auto words = words_of(reg);
    if (encode_text(reg, rest_text(reg), words)) image(reg.table).write(address_of(reg), words);
}

void Device::put(const Register& reg, double value) {
    auto words = words_of(reg);
    // A value that does not fit leaves the register as it was: a real device clips or sticks too.
    if (!encode(reg, value, words, exponent_of(reg))) return;
    image(reg.table).write(address_of(reg), words);
}

void Device::look_up(const World& world) {
    shown_.clear();
    for (const auto& reg : plan_.profile->registers) {
        PointId point{plan_.name, reg.measure};
        const auto* curve = world.curve(point);
        if (curve != nullptr || world.signal(point)) {
            shown_.push_back({&reg, std::move(point), curve});
        }
    }
    known_points_ = world.points();
}

void Device::refresh(const World& world, std::span<const FaultAim> stuck) {
    if (known_points_ != world.points()) look_up(world);
    for (const auto& [reg, point, curve] : shown_) {
        const auto is_held = [&, held = reg](const FaultAim& aim) {
            return aim.touches(held->table, address_of(*held),
                               static_cast<std::uint32_t>(word_count(*held)));
        };
        if (std::any_of(stuck.begin(), stuck.end(), is_held)) continue;
        const auto value = curve == nullptr ? world.signal(point) : curve->at(world.now());
        if (value) put(*reg, *value);
    }
}

/// A forbidden stretch touched at all, or one that is read whole touched in part.
bool Device::is_off_limits(Table table, std::uint32_t address, std::uint32_t count) const {
    const auto touches = [&](const Stretch& stretch) {
        const auto begin = std::uint32_t{plan_.base} + stretch.address;
        return stretch.table == table && address < begin + stretch.count && begin < address + count;
    };
    const auto& whole = plan_.profile->whole;
    const auto& forbidden = plan_.profile->forbidden;
    return std::any_of(forbidden.begin(), forbidden.end(), touches) ||
           std::any_of(whole.begin(), whole.end(), [&](const Stretch& stretch) {
               return touches(stretch) && (std::uint32_t{plan_.base} + stretch.address != address ||
                                           stretch.count != count);
           });
}

/// Words of the longest register that begins here; 1 where none does.
int Device::longest_at(Table table, std::uint32_t address) const {
    int longest = 1;
    for (const auto& reg : plan_.profile->registers) {
        if (reg.table == table && address_of(reg) == address) {
            longest = std::max(longest, word_count(reg));
        }
    }
    return longest;
}

Exception Device::read(Table table, std::uint16_t address, std::uint16_t count, Words& into) const {
    const auto& profile = *plan_.profile;
    const auto most = is_bit_table(table) ? profile.max_bits : profile.max_words;
    if (count == 0 || count > most) return Exception::illegal_value;
    if (profile.one_at_a_time && count > longest_at(table, address)) {
        return Exception::illegal_value;
    }
    if (std::uint32_t{address} + count > 65536 || is_off_limits(table, address, count)) {
        return Exception::illegal_address;
    }
    into.resize(count);
    const auto defined = image(table).read(address, into);
    // A device that lets reads span holes answers zeros there, as APC's cards do.
    const bool answers = profile.holes_allowed ? defined > 0 : defined == count;
    return answers ? Exception::none : Exception::illegal_address;
}

Exception Device::write(Table table, std::uint16_t address, const Words& words, World& world) {
    const std::uint32_t begin = address;
    const auto end = static_cast<std::uint32_t>(begin + words.size());
    std::vector<bool> taken(words.size(), false);
    std::vector<std::pair<const Register*, double>> values;
    for (const auto& reg : plan_.profile->registers) {
        const auto first = address_of(reg);
        const auto last = first + static_cast<std::uint32_t>(word_count(reg));
        if (!reg.writable || reg.table != table || last <= begin || end <= first) continue;
        auto patched = words_of(reg);
        for (auto at = std::max(first, begin); at < std::min(last, end); ++at) {
            const auto word = words[at - begin];
            patched[at - first] = is_bit_table(table) ? std::uint16_t{word != 0} : word;
            taken[at - begin] = true;
        }
        const auto value = decode(reg, patched, exponent_of(reg));
        if (!value) return Exception::illegal_value;
        values.emplace_back(&reg, *value);
    }
    // Read-only, or nothing there.
    if (!std::all_of(taken.begin(), taken.end(), [](bool each) { return each; })) {
        return Exception::illegal_address;
    }
    for (const auto& [reg, value] : values) {
        world.write({plan_.name, reg->measure}, value);
        put(*reg, value);
    }
    return Exception::none;
}

}  // namespace firebreak
