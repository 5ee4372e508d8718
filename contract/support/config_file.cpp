#include "contract/support/config_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <tuple>

// toml++ 3.3 frees tables recursively and bounds the nesting of values but not the parts of a
// dotted key: "a.a.a…" of some megabytes ends in a stack overflow. A bound on the line and
// eight levels of values keep the depth below 8 * 2048. Without exceptions errors are values.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/toml.h>

namespace firebreak {

struct Section::Source {
    std::string file;
    toml::table root;
    bool parsed = false;
};

namespace {

constexpr std::size_t most_bytes = 4u << 20u;
constexpr std::size_t longest_line = 4096;

/// A value as it should be, or what is wrong with it.
template <class T>
using Converted = tl::expected<T, std::string>;
using Wrong = tl::unexpected<std::string>;

bool is_control(char c) {
    return (c >= 0 && c < ' ') || c == 0x7f;
}

/// `text` in quotes, fit for one line of a terminal: shortened, control bytes replaced.
std::string shown(std::string_view text) {
    constexpr std::size_t most_shown = 60;
    std::string out(text.substr(0, most_shown));
    std::ranges::replace_if(out, is_control, '?');
    return '"' + out + (text.size() > most_shown ? "…\"" : "\"");
}

const toml::table& as_table(const void* table) {
    return *static_cast<const toml::table*>(table);
}

/// toml++ gives 0:0 for what it does not know; editors count from 1.
Place place_in(const std::string& file, const toml::source_region& region) {
    return {file, std::max(1, static_cast<int>(region.begin.line)),
            std::max(1, static_cast<int>(region.begin.column))};
}

std::string found(const toml::node& node) {
    if (const auto* text = node.as_string()) return "the text " + shown(text->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (node.is_number()) return fmt::format("the number {}", *node.value<double>());
    if (node.is_array()) return "a list";
    if (node.is_table()) return "a table (a key with dots in its name needs quotes)";
    return "a date or a time";
}

Wrong not_a(std::string_view expected, const toml::node& node) {
    return Wrong(fmt::format("must be {}, not {}", expected, found(node)));
}

template <class T>
Converted<T> bounded(T value, Bounds<T> bounds) {
    if (value < bounds.least)
        return Wrong(fmt::format("must be at least {}, not {}", bounds.least, value));
    if (value > bounds.most)
        return Wrong(fmt::format("must be at most {}, not {}", bounds.most, value));
    return value;
}

Converted<double> as_number(const toml::node& node, Bounds<double> bounds) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value || !std::isfinite(*value)) return not_a("a finite number", node);
    return bounded(*value, bounds);
}

Converted<std::int64_t> as_integer(const toml::node& node, Bounds<std::int64_t> bounds) {
    const auto* value = node.as_integer();
    return value ? bounded(value->get(), bounds) : not_a("a whole number", node);
}

Converted<std::string> as_text(const toml::node& node) {
    const auto* value = node.as_string();
    if (!value) return not_a("a text in quotes", node);
    // TOML allows \u0000, where a path or a topic would end early in every C library.
    if (std::ranges::any_of(value->get(),
                            [](char c) { return is_control(c) && c != '\n' && c != '\t'; })) {
        return Wrong("holds a control character; take it out");
    }
    return value->get();
}

Converted<std::string> as_filled_text(const toml::node& node) {
    auto text = as_text(node);
    return text && text->empty() ? Wrong("is empty; write a text between the quotes") : text;
}

Converted<std::string> as_name(const toml::node& node) {
    auto text = as_text(node);
    if (!text || is_name(*text)) return text;
    return not_a("a name: a-z 0-9 . _ - after a first a-z or 0-9, at most 64 of them", node);
}

Converted<Duration> as_duration(const toml::node& node) {
    const auto* text = node.as_string();
    const auto value = text ? parse_duration(text->get()) : std::nullopt;
    if (!value) return not_a(R"(a duration such as "250ms", "30s" or "1m30s")", node);
    return *value;
}

Converted<bool> as_flag(const toml::node& node) {
    const auto* value = node.as_boolean();
    if (!value) return not_a("true or false", node);
    return value->get();
}

}  // namespace

void Complaints::add(Place place, std::string what) {
    if (items_.size() < most) items_.push_back({std::move(place), std::move(what)});
}

std::string Complaints::text() const {
    auto sorted = items_;
    const auto key = [](const Complaint& c) { return std::tie(c.place, c.what); };
    std::ranges::sort(sorted, {}, key);
    const auto repeated = std::ranges::unique(sorted, {}, key);
    sorted.erase(repeated.begin(), repeated.end());
    std::string out;
    for (const auto& [place, what] : sorted) {
        out += fmt::format("{}:{}:{}: {}\n", place.file, place.line, place.column, what);
    }
    return items_.size() < most ? out : out + "there may be more; correct these first\n";
}

Section::Section(std::shared_ptr<const Source> source, const void* table, Complaints& complaints)
    : source_(std::move(source)),
      table_(table),
      complaints_(&complaints),
      asked_(std::make_shared<std::map<std::string, bool, std::less<>>>()) {}

bool Section::has(std::string_view key) const {
    asked_->try_emplace(std::string(key), false);
    return as_table(table_).contains(key);
}

const void* Section::ask(std::string_view key) {
    asked_->insert_or_assign(std::string(key), true);
    return as_table(table_).get(key);
}

/// The value of a key, or nothing; complains when it is there and wrong.
template <class Convert>
auto Section::read(std::string_view key, Convert convert) {
    const auto* node = static_cast<const toml::node*>(ask(key));
    std::optional<typename decltype(convert(*node))::value_type> value;
    if (node == nullptr) return value;
    if (auto converted = convert(*node)) {
        value = *std::move(converted);
    } else {
        complain(key, shown(key) + ' ' + converted.error());
    }
    return value;
}

/// The same for a key that must be there.
template <class Convert>
auto Section::need(std::string_view key, std::string_view example, Convert convert) {
    if (!has(key)) {
        complain(key, fmt::format("\"{0}\" is missing; add a line {0} = {1}", key, example));
    }
    auto value = read(key, convert);
    return value ? *std::move(value) : typename decltype(value)::value_type{};
}

/// Every element of a list; a wrong one complains at its own place and is left out.
template <class Convert>
auto Section::read_list(std::string_view key, Convert convert) {
    const auto* node = static_cast<const toml::node*>(ask(key));
    std::vector<typename decltype(convert(*node))::value_type> values;
    if (node == nullptr) return values;
    const auto* list = node->as_array();
    if (list == nullptr) complain(key, shown(key) + ' ' + not_a("a list in [ ]", *node).value());
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        if (auto converted = convert(*list->get(i))) {
            values.push_back(*std::move(converted));
        } else {
            complaints_->add(
                place_in(source_->file, list->get(i)->source()),
                fmt::format("element {} of {} {}", i + 1, shown(key), converted.error()));
        }
    }
    return values;
}

std::string Section::text(std::string_view key) {
    return need(key, R"("…")", as_filled_text);
}
double Section::number(std::string_view key, Bounds<double> bounds) {
    return need(key, "1.5", [&](auto& node) { return as_number(node, bounds); });
}
std::int64_t Section::integer(std::string_view key, Bounds<std::int64_t> bounds) {
    return need(key, "1", [&](auto& node) { return as_integer(node, bounds); });
}
Duration Section::duration(std::string_view key) {
    return need(key, R"("30s")", as_duration);
}
std::string Section::name(std::string_view key) {
    return need(key, R"("a-name")", as_name);
}

std::string Section::text_or(std::string_view key, std::string_view fallback) {
    return read(key, as_text).value_or(std::string(fallback));
}
double Section::number_or(std::string_view key, double fallback, Bounds<double> bounds) {
    return read(key, [&](auto& node) { return as_number(node, bounds); }).value_or(fallback);
}
std::optional<double> Section::maybe_number(std::string_view key) {
    return read(key, [](auto& node) { return as_number(node, {}); });
}
std::int64_t Section::integer_or(std::string_view key, std::int64_t fallback,
                                 Bounds<std::int64_t> bounds) {
    return maybe_integer(key, bounds).value_or(fallback);
}
std::optional<std::int64_t> Section::maybe_integer(std::string_view key,
                                                   Bounds<std::int64_t> bounds) {
    return read(key, [&](auto& node) { return as_integer(node, bounds); });
}
Duration Section::duration_or(std::string_view key, Duration fallback) {
    return read(key, as_duration).value_or(fallback);
}
bool Section::flag_or(std::string_view key, bool fallback) {
    return read(key, as_flag).value_or(fallback);
}
std::string Section::name_or(std::string_view key, std::string_view fallback) {
    return read(key, as_name).value_or(std::string(fallback));
}
std::vector<std::string> Section::texts(std::string_view key) {
    return read_list(key, as_text);
}
std::vector<std::int64_t> Section::integers(std::string_view key) {
    return read_list(key, [](auto& node) { return as_integer(node, {}); });
}
std::vector<double> Section::numbers(std::string_view key) {
    return read_list(key, [](auto& node) { return as_number(node, {}); });
}
std::optional<std::string> Section::choice_text(std::string_view key) {
    return read(key, as_text);
}

void Section::complain_choice(std::string_view key, std::string_view got,
                              const std::vector<std::string_view>& allowed) {
    const auto near = nearest(got, allowed);
    complain(key, fmt::format("{} must be one of {}, not {}{}", shown(key),
                              fmt::join(allowed, ", "), shown(got),
                              near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

std::optional<Section> Section::table(std::string_view key) {
    return read(key, [this](const toml::node& node) -> Converted<Section> {
        if (node.is_table()) return Section(source_, node.as_table(), *complaints_);
        return not_a("one table, [name] or name = {…}", node);
    });
}

std::vector<Section> Section::rows(std::string_view key) {
    const auto* node = as_table(table_).get(key);
    if (node != nullptr && node->is_table()) {
        ask(key);
        complain(key, fmt::format("\"{0}\" may stand many times: write [[{0}]]", key));
        return {};
    }
    return read_list(key, [this](const toml::node& row) -> Converted<Section> {
        if (row.is_table()) return Section(source_, row.as_table(), *complaints_);
        return not_a("a table", row);
    });
}

std::vector<std::string> Section::keys() {
    std::vector<std::tuple<Place, std::string>> found_keys;
    for (const auto& [key, value] : as_table(table_)) {
        found_keys.emplace_back(place_in("", key.source()), key.str());
        ask(key.str());
    }
    std::ranges::sort(found_keys);
    std::vector<std::string> names;
    for (auto& [where, name] : found_keys) names.push_back(std::move(name));
    return names;
}

Place Section::place(std::string_view key) const {
    const auto& table = as_table(table_);
    const auto at = key.empty() ? table.end() : table.find(key);
    return place_in(source_->file, at == table.end() ? table.source() : at->first.source());
}

void Section::complain(std::string_view key, std::string what) {
    if (has(key)) ask(key);
    // A file that could not be read has its one complaint already.
    if (source_->parsed) complaints_->add(place(key), std::move(what));
}

void Section::finish() {
    std::vector<std::string_view> known;
    for (const auto& [name, was_read] : *asked_) known.push_back(name);
    for (const auto& [key, value] : as_table(table_)) {
        const auto asked = asked_->find(key.str());
        if (asked != asked_->end() && asked->second) continue;
        if (complaints_->size() >= Complaints::most) return;
        const auto near = nearest(key.str(), known);
        complaints_->add(
            place_in(source_->file, key.source()),
            asked != asked_->end()
                ? shown(key.str()) + " does not go with the other keys here; take it out"
            : near.empty() ? fmt::format("{} is not known here; take it out or use {}",
                                         shown(key.str()), fmt::join(known, ", "))
                           : fmt::format("{} is not known here; did you mean \"{}\"?",
                                         shown(key.str()), near));
    }
}

ConfigFile ConfigFile::load(const std::string& path, Complaints& complaints) {
    std::string text(most_bytes + 1, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    text.shrink_to_fit();
    if (text.size() > most_bytes || file.eof()) return parse(text, path, complaints);
    // Neither full nor at its end: it did not open, or it is a folder.
    complaints.add({path}, "cannot be read; name a file that is there and that this user may read");
    ConfigFile unread;
    unread.source_ = std::make_shared<Section::Source>(Section::Source{path, {}, false});
    unread.complaints_ = &complaints;
    return unread;
}

ConfigFile ConfigFile::parse(std::string_view text, const std::string& name,
                             Complaints& complaints) {
    const auto source = std::make_shared<Section::Source>(Section::Source{name, {}, false});
    std::string wrong = text.size() > most_bytes ? "is larger than 4 MiB; split it" : "";
    Place place{name};
    for (std::size_t start = 0; start < text.size(); ++place.line) {
        const auto end = std::min(text.find('\n', start), text.size());
        if (end - start > longest_line) wrong = "this line has more than 4096 bytes; break it";
        if (!wrong.empty()) break;
        start = end + 1;
    }
    if (wrong.empty()) {
        auto parsed = toml::parse(text, std::string_view(name));
        source->parsed = parsed.succeeded();
        if (parsed) {
            source->root = std::move(parsed).table();
        } else {
            place = place_in(name, parsed.error().source());
            wrong = fmt::format("{}; correct it here or just before", parsed.error().description());
        }
    }
    if (!wrong.empty()) complaints.add(std::move(place), std::move(wrong));
    ConfigFile file;
    file.parsed_ = source->parsed;
    file.source_ = source;
    file.complaints_ = &complaints;
    return file;
}

Section ConfigFile::root() const {
    return {source_, &source_->root, *complaints_};
}

bool is_name(std::string_view text) {
    constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz0123456789";
    return !text.empty() && text.size() <= 64 && first.find(text.front()) != first.npos &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == text.npos;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t least = 2 + word.size() / 4;
    for (const auto candidate : candidates) {
        if (word.size() > 64 || candidate.size() > 64) continue;  // the cost is their product
        std::vector<std::size_t> row(candidate.size() + 1);       // Levenshtein's, one row of it
        std::iota(row.begin(), row.end(), 0u);
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i);
            for (std::size_t j = 1; j < row.size(); ++j) {
                if (word[i - 1] != candidate[j - 1]) ++diagonal;
                diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal}));
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace firebreak
