// What is on a bus: asks one unit who it is and which shipped profiles fit it. Pure but for the
// Bus it is given, which it only reads; one request after another, a bounded number of them.
// Trusts no byte of an answer; texts are printable ASCII.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/bus/bus.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// A model in a SunSpec chain. `address` is that of its ID word: the base of its profile.
struct SunSpecModel {
    std::uint16_t id = 0;
    std::uint16_t address = 0;
    std::uint16_t length = 0;

    bool operator==(const SunSpecModel&) const = default;
};

/// A profile whose registers all read, with plausible values.
struct Fit {
    std::string profile;
    std::uint16_t base = 0;
    std::size_t measures = 0;  ///< how many had a value: the more, the less by chance

    bool operator==(const Fit&) const = default;
};

struct UnitFound {
    std::uint8_t unit = 1;
    std::string answer;  ///< to the first question: "words", "exception 2, illegal address"
    std::vector<SunSpecModel> models;
    /// Maker, model and so on, as "key=value" in the order the device gave them.
    std::vector<std::string> identity;
    std::vector<Fit> fits;  ///< the likeliest first
};

using Profiles = std::vector<std::shared_ptr<const Profile>>;

/// Whether anybody answers as `unit`: an exception is an answer, a gateway's "no answer" is none.
/// The error is why nobody does; port_lost and config mean that asking others is in vain.
[[nodiscard]] Result<std::string> knock(Bus& bus, std::uint8_t unit);

/// Everything about a unit that answered the knock.
[[nodiscard]] UnitFound identify(Bus& bus, std::uint8_t unit, std::string answer,
                                 const Profiles& profiles);

/// Walks the chain of models where the marker "SunS" stands; empty where it does not.
[[nodiscard]] std::vector<SunSpecModel> find_sunspec(Bus& bus, std::uint8_t unit);

/// Objects of a device identification's answer (V1.1b3, 6.21), and where to go on, 0: nowhere.
struct Identification {
    std::vector<std::string> objects;
    std::uint8_t next = 0;
};
[[nodiscard]] std::optional<Identification> parse_identification(std::span<const std::uint8_t> pdu);

/// "1-247", "1,2,16-31": the units in that order, each once; nothing for anything else.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> parse_units(std::string_view text);

/// For people: a paragraph a unit, as a comment that may stand in a site file. For the site file:
/// the likeliest [[device]], "" when none fits. For machines: a line of JSON.
[[nodiscard]] std::string scan_text(const UnitFound& found);
[[nodiscard]] std::string scan_json(const UnitFound& found);
[[nodiscard]] std::string scan_toml(const UnitFound& found, std::string_view bus);

}  // namespace firebreak
