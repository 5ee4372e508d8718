// Enumerators and their words on the wire, one table an enum, in the enumerators' order.
// Pure. Counting starts at 0; a value outside its enum has the empty word.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace firebreak {

template <std::size_t N, class E>
[[nodiscard]] constexpr std::string_view word_of(const std::array<std::string_view, N>& words,
                                                 E value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : std::string_view();
}

template <class E, std::size_t N>
[[nodiscard]] constexpr std::optional<E> value_of(const std::array<std::string_view, N>& words,
                                                  std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) {
        if (words[i] == text) return static_cast<E>(i);
    }
    return std::nullopt;
}

}  // namespace firebreak
