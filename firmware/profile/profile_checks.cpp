#include "firmware/profile/profile_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "firmware/profile/codec.hpp"

namespace firebreak {
namespace {

std::string at(const Place& place) {
    return fmt::format("line {}", place.line);
}

void check_duplicates(const Profile& profile, Complaints& complaints) {
    std::unordered_map<std::string_view, const Register*> seen;
    for (const auto& reg : profile.registers) {
        const auto [first, is_new] = seen.emplace(reg.measure, &reg);
        if (is_new) continue;
        complaints.add(reg.place, fmt::format("measure \"{}\" is defined already at {}: give it "
                                              "another name",
                                              reg.measure, at(first->second->place)));
    }
}

std::uint32_t end_of(const Register& reg) {
    return reg.address + static_cast<std::uint32_t>(word_count(reg));
}

bool covers(const Profile& profile, Table table, std::uint32_t address) {
    return std::any_of(profile.registers.begin(), profile.registers.end(), [&](const Register& r) {
        if (r.table != table) return false;
        return (address >= r.address && address < end_of(r)) || r.scale_register == address;
    });
}

bool overlap(const Stretch& a, const Stretch& b) {
    return a.table == b.table && a.address < b.address + std::uint32_t{b.count} &&
           b.address < a.address + std::uint32_t{a.count};
}

bool touches(const Stretch& stretch, const Register& reg) {
    const auto extent = extent_of(reg);
    return stretch.table == reg.table &&
           extent.begin < stretch.address + std::uint32_t{stretch.count} &&
           stretch.address < extent.end;
}

bool holds(const Stretch& stretch, const Register& reg) {
    const auto extent = extent_of(reg);
    return stretch.table == reg.table && stretch.address <= extent.begin &&
           extent.end <= stretch.address + std::uint32_t{stretch.count};
}

bool in_whole_table(const Profile& profile, const Register& reg) {
    return std::any_of(profile.whole.begin(), profile.whole.end(),
                       [&](const Stretch& whole) { return holds(whole, reg); });
}

/// A register and its scale register come in one read, or the value could be torn.
void check_reach(const Profile& profile, const Register& reg, Complaints& complaints) {
    const auto extent = extent_of(reg);
    if (extent.end + profile.base > 65536U) {
        complaints.add(reg.place,
                       fmt::format("{} reaches beyond address 65535 (base {}): correct address, "
                                   "type or base",
                                   reg.measure, profile.base));
        return;
    }
    if (reg.type == WordType::bit) return;
    if (profile.one_at_a_time && reg.scale_register) {
        complaints.add(reg.place, fmt::format("{} and its scale register come in one read, which "
                                              "one_at_a_time forbids",
                                              reg.measure));
        return;
    }
    const auto length = extent.end - extent.begin;
    if (length > profile.max_words) {
        complaints.add(reg.place, fmt::format("{} needs a read of {} words but max_words is {}",
                                              reg.measure, length, profile.max_words));
        return;
    }
    if (profile.holes_allowed || !reg.scale_register || in_whole_table(profile, reg)) return;
    for (auto address = extent.begin; address < extent.end; ++address) {
        if (covers(profile, reg.table, address)) continue;
        complaints.add(reg.place, fmt::format("address {} between {} and its scale register is "
                                              "undefined: define it or set holes_allowed = true",
                                              address, reg.measure));
        return;
    }
}

/// A table read whole is one read, and apart from every other.
void check_whole(const Profile& profile, const Stretch& whole, Complaints& complaints) {
    const auto most = is_bit_table(whole.table) ? profile.max_bits : profile.max_words;
    if (whole.count > most) {
        complaints.add(whole.place,
                       fmt::format("a table of {} is read whole but the longest read is {}",
                                   whole.count, most));
    }
    if (whole.address + std::uint32_t{whole.count} + profile.base > 65536U) {
        complaints.add(whole.place,
                       fmt::format("reaches beyond address 65535 (base {})", profile.base));
    }
    for (const auto& other : profile.whole) {
        if (&other == &whole) break;  // the later one of two complains
        if (!overlap(other, whole)) continue;
        complaints.add(whole.place, fmt::format("overlaps the table at {} ({}) that is read whole",
                                                other.address, at(other.place)));
    }
    for (const auto& forbidden : profile.forbidden) {
        if (!overlap(forbidden, whole)) continue;
        complaints.add(whole.place, fmt::format("holds addresses that {} forbids: they cannot be "
                                                "read whole",
                                                at(forbidden.place)));
    }
}

/// A register stands in a table that is read whole or outside, and nowhere that is not read.
void check_stretches(const Profile& profile, Complaints& complaints) {
    for (const auto& whole : profile.whole) check_whole(profile, whole, complaints);
    for (const auto& reg : profile.registers) {
        for (const auto& whole : profile.whole) {
            if (!touches(whole, reg) || holds(whole, reg)) continue;
            complaints.add(reg.place, fmt::format("{} stands half in the table at {} that is read "
                                                  "whole",
                                                  reg.measure, whole.address));
        }
        for (const auto& forbidden : profile.forbidden) {
            if (!touches(forbidden, reg)) continue;
            complaints.add(
                reg.place,
                fmt::format("{} stands where nothing may be read, at {} to {}", reg.measure,
                            forbidden.address, forbidden.address + forbidden.count - 1));
        }
    }
}

/// Whether two registers that share words say different things of the same bits.
bool conflict(const Register& a, const Register& b) {
    const bool same_word = a.address == b.address && a.type == b.type && a.order == b.order;
    if (!same_word) return true;
    if (a.bit && b.bit) return *a.bit < *b.bit + b.width && *b.bit < *a.bit + a.width;
    if (!a.bit && !b.bit) return true;
    const auto& whole = a.bit ? b : a;
    return whole.labels.empty() && !whole.raw;
}

void check_overlaps(const Profile& profile, Complaints& complaints) {
    std::vector<const Register*> sorted;
    for (const auto& reg : profile.registers) sorted.push_back(&reg);
    std::stable_sort(sorted.begin(), sorted.end(), [](const Register* a, const Register* b) {
        return a->table != b->table ? a->table < b->table : a->address < b->address;
    });
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        for (std::size_t j = i + 1; j < sorted.size(); ++j) {
            const auto& a = *sorted[i];
            const auto& b = *sorted[j];
            if (b.table != a.table || b.address >= end_of(a)) break;
            if (!conflict(a, b)) continue;
            const auto& later = a.place < b.place ? b : a;
            const auto& earlier = a.place < b.place ? a : b;
            complaints.add(later.place,
                           fmt::format("{} overlaps {} ({}) with a different meaning at {} {}: "
                                       "correct an address, name different bits, or mark the "
                                       "whole word raw = true",
                                       later.measure, earlier.measure, at(earlier.place),
                                       to_string(a.table), b.address));
            break;  // one complaint a register is enough
        }
    }
}

/// A scale register may be read as a measure too, but only as the one signed word that it is.
void check_scale_registers(const Profile& profile, Complaints& complaints) {
    for (const auto& reg : profile.registers) {
        if (!reg.scale_register) continue;
        for (const auto& other : profile.registers) {
            const bool overlaps = other.table == reg.table &&
                                  *reg.scale_register >= other.address &&
                                  *reg.scale_register < end_of(other);
            if (!overlaps || (other.type == WordType::i16 && &other != &reg)) continue;
            complaints.add(reg.place, fmt::format("scale_register {} of {} overlaps {} ({})",
                                                  *reg.scale_register, reg.measure, other.measure,
                                                  at(other.place)));
            break;
        }
    }
}

void check_value(const Example& example, const Register& reg, Complaints& complaints) {
    if (example.text || (reg.type == WordType::text && !example.value)) {
        // A text is missing when nothing is left of it.
        const auto wanted = example.text.value_or("");
        const auto text = reg.type == WordType::text ? label_of(reg, example.words) : "";
        if (text == wanted) return;
        complaints.add(example.place, fmt::format("{} should be \"{}\" but reads \"{}\"",
                                                  example.measure, wanted, text));
        return;
    }
    const auto got =
        decode(reg, example.words, static_cast<std::int16_t>(example.exponent.value_or(0)));
    if (!example.value) {
        if (got) {
            complaints.add(example.place, fmt::format("{} should read as missing but reads {}",
                                                      example.measure, *got));
        }
        return;
    }
    if (!got) {
        complaints.add(example.place,
                       fmt::format("{} should be {} but is missing: {}", example.measure,
                                   *example.value, got.error().what));
        return;
    }
    // Manuals print a float's value rounded: 3.14 for 3.1400001049.
    const double slack = 1e-6 * std::max(std::abs(*example.value), 1e-3);
    if (std::abs(*got - *example.value) <= slack) return;
    complaints.add(example.place, fmt::format("{} should be {} but decodes to {}: correct the "
                                              "register or the example",
                                              example.measure, *example.value, *got));
}

}  // namespace

void check_registers(const Profile& profile, Complaints& complaints) {
    check_duplicates(profile, complaints);
    for (const auto& reg : profile.registers) check_reach(profile, reg, complaints);
    check_overlaps(profile, complaints);
    check_scale_registers(profile, complaints);
    check_stretches(profile, complaints);
}

void check_examples(const Profile& profile, Complaints& complaints) {
    for (const auto& example : profile.examples) {
        const auto* reg = profile.find(example.measure);
        if (reg == nullptr) {
            std::vector<std::string_view> known;
            for (const auto& other : profile.registers) known.push_back(other.measure);
            const auto hint = nearest(example.measure, known);
            complaints.add(
                example.place,
                fmt::format("no [[register]] has the measure \"{}\"{}", example.measure,
                            hint.empty() ? "" : fmt::format("; did you mean {}?", hint)));
            continue;
        }
        const auto words = static_cast<std::size_t>(word_count(*reg));
        if (example.words.size() != words) {
            complaints.add(example.place,
                           fmt::format("{} takes {} words, the example gives {}", example.measure,
                                       words, example.words.size()));
        } else if (example.exponent.has_value() != reg->scale_register.has_value()) {
            complaints.add(
                example.place,
                example.measure + (reg->scale_register
                                       ? " has a scale register: give its content as exponent"
                                       : " has no scale register: leave exponent out"));
        } else {
            check_value(example, *reg, complaints);
        }
    }
}

}  // namespace firebreak
