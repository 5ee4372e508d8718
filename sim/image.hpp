// The defined words of one Modbus table: a few stretches of addresses, found by halving. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "firmware/profile/profile.hpp"

namespace firebreak {

class Image {
public:
    Image() = default;
    /// Defines these addresses, in any order, with zeros.
    explicit Image(std::vector<std::uint32_t> addresses);

    /// Null: not defined.
    [[nodiscard]] std::uint16_t* at(std::uint32_t address);
    [[nodiscard]] const std::uint16_t* at(std::uint32_t address) const;

    /// Fills `into` with the words from `address` on, zeros where none is defined, and tells how
    /// many are.
    std::size_t read(std::uint32_t address, std::span<std::uint16_t> into) const;

    /// Only where defined.
    void write(std::uint32_t address, std::span<const std::uint16_t> words);

private:
    struct Stretch {
        std::uint32_t begin = 0;
        Words words;
    };
    [[nodiscard]] std::size_t index_of(std::uint32_t address) const;

    std::vector<Stretch> stretches_;  ///< in order, none touching the next
};

}  // namespace firebreak
