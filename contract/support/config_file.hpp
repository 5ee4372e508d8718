// TOML files that people write, read with every error kept: file, line, column, what to do.
// A Section marks the keys it was asked for; finish() complains about all the others.
// Reading never stops at an error: a bad or missing key complains and yields its fallback.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/support/complaint.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

template <class T>
struct Bounds {
    T least = std::numeric_limits<T>::lowest();
    T most = std::numeric_limits<T>::max();
};

/// One TOML table. Cheap to copy; valid while its ConfigFile lives.
class Section {
public:
    struct Source;  // hides toml++

    Section(std::shared_ptr<const Source> source, const void* table, Complaints& complaints);

    /// Asking whether a key is there is not reading it: finish() still complains about it.
    [[nodiscard]] bool has(std::string_view key) const;

    [[nodiscard]] bool is_table(std::string_view key) const;

    // Required keys: a missing or ill-typed one complains and yields "", 0 or zero.
    std::string text(std::string_view key);
    double number(std::string_view key, Bounds<double> bounds = {});
    std::int64_t integer(std::string_view key, Bounds<std::int64_t> bounds = {});
    Duration duration(std::string_view key);
    /// A name fit for a topic level: [a-z0-9][a-z0-9._-]{0,63}.
    std::string name(std::string_view key);

    // Optional keys.
    std::string text_or(std::string_view key, std::string_view fallback);
    double number_or(std::string_view key, double fallback, Bounds<double> bounds = {});
    std::optional<double> maybe_number(std::string_view key);
    std::int64_t integer_or(std::string_view key, std::int64_t fallback,
                            Bounds<std::int64_t> bounds = {});
    std::optional<std::int64_t> maybe_integer(std::string_view key,
                                              Bounds<std::int64_t> bounds = {});
    Duration duration_or(std::string_view key, Duration fallback);
    bool flag_or(std::string_view key, bool fallback);
    std::string name_or(std::string_view key, std::string_view fallback);
    std::vector<std::string> texts(std::string_view key);      ///< [] when missing
    std::vector<std::int64_t> integers(std::string_view key);  ///< [] when missing
    std::vector<double> numbers(std::string_view key);         ///< [] when missing

    /// The value of `key` among `choices`; complains with the list of what is allowed.
    template <class E>
    E choice_or(std::string_view key, std::span<const std::pair<std::string_view, E>> choices,
                E fallback);

    std::optional<Section> table(std::string_view key);  ///< [key]; nothing when missing
    std::vector<Section> rows(std::string_view key);     ///< [[key]]; [] when missing
    /// The keys of this table in file order, for tables with free keys (marks them as asked).
    std::vector<std::string> keys();

    /// Where `key` stands, or where the table opens when it is missing or empty.
    [[nodiscard]] Place place(std::string_view key = "") const;
    void complain(std::string_view key, std::string what);
    /// Of a key that was complained about and is not read: finish() leaves it alone.
    void ignore(std::string_view key) { static_cast<void>(ask(key)); }

    /// Complains about every key nobody asked for, with the nearest known one as a hint.
    void finish();

private:
    const void* ask(std::string_view key);
    template <class Convert>
    auto read(std::string_view key, Convert convert);
    template <class Convert>
    auto need(std::string_view key, std::string_view example, Convert convert);
    template <class Convert>
    auto read_list(std::string_view key, Convert convert);
    std::optional<std::string> choice_text(std::string_view key);
    void complain_choice(std::string_view key, std::string_view got,
                         const std::vector<std::string_view>& allowed);

    std::shared_ptr<const Source> source_;
    const void* table_;
    Complaints* complaints_;
    std::shared_ptr<std::map<std::string, bool, std::less<>>> asked_;  // key → was read
};

/// A whole file; a file that cannot be read or parsed complains and yields an empty root.
class ConfigFile {
public:
    /// Reads at most 4 MiB; larger files complain.
    static ConfigFile load(const std::string& path, Complaints& complaints);
    static ConfigFile parse(std::string_view text, const std::string& name, Complaints& complaints);

    [[nodiscard]] Section root() const;
    /// False when the text was not TOML: the reader should not complain further.
    [[nodiscard]] bool parsed() const { return parsed_; }

private:
    std::shared_ptr<const Section::Source> source_;
    Complaints* complaints_ = nullptr;
    bool parsed_ = false;
};

template <class E>
E Section::choice_or(std::string_view key, std::span<const std::pair<std::string_view, E>> choices,
                     E fallback) {
    const auto got = choice_text(key);
    if (!got) return fallback;
    std::vector<std::string_view> allowed;
    for (const auto& [name, value] : choices) {
        if (name == *got) return value;
        allowed.push_back(name);
    }
    complain_choice(key, *got, allowed);
    return fallback;
}

}  // namespace firebreak
