// Sparkplug B payloads (Eclipse Sparkplug 3.0.0, chapter 6, its sparkplug_b.proto) written out, and
// the one command that is read: a rebirth. Pure. What is read is not trusted: at most 64 KiB, no
// allocation by what it says, Fault::wire when it is no such payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

/// The types that we use, by their numbers in the standard.
enum class SparkplugType : std::uint32_t { int64 = 4, floating = 10, boolean = 11, string = 12 };

struct SparkplugMetric {
    std::string name = {};  ///< in births; later the alias stands for it
    std::optional<std::uint64_t> alias = {};
    WallTime at{};
    SparkplugType type = SparkplugType::floating;
    /// Nothing: is_null, there is no value.
    std::variant<std::monostate, double, bool, std::int64_t, std::string> value = {};
    std::string unit = {};  ///< property engUnit, where there is one
};

struct SparkplugPayload {
    WallTime at{};
    std::optional<std::uint64_t> seq = {};  ///< 0 to 255; a death has none
    std::vector<SparkplugMetric> metrics = {};
};

[[nodiscard]] std::string encode(const SparkplugPayload& payload);

/// Whether a command asks for all births anew: metric "Node Control/Rebirth" is true.
[[nodiscard]] Result<bool> asks_rebirth(std::string_view payload);

}  // namespace firebreak
