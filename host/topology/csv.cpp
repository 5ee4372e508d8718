#include "host/topology/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace firebreak {
namespace {

constexpr std::string_view delimiters = ",;\t";

/// What separates the cells of a header: of those outside quotes the most frequent.
char delimiter_of(std::string_view text) {
    std::array<std::size_t, delimiters.size()> count{};
    bool quoted = false;
    bool any = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '\n' && any) break;
        any = any || std::isspace(static_cast<unsigned char>(c)) == 0;
        if (const auto at = delimiters.find(c); at != std::string_view::npos) ++count[at];
    }
    const auto* most = std::max_element(count.begin(), count.end());
    return delimiters[static_cast<std::size_t>(most - count.begin())];
}

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

void trim(std::string& text) {
    while (!text.empty() && is_space(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_space));
}

class CsvReader {
public:
    CsvReader(std::string_view text, const std::string& file, Complaints& complaints)
        : text_(text), at_{file, 1, 1}, complaints_(complaints) {
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // spreadsheets write a BOM
        delimiter_ = delimiter_of(text_);
    }

    [[nodiscard]] bool done() const { return text_.empty(); }

    std::vector<CsvCell> row() {
        std::vector<CsvCell> cells;
        for (;;) {
            cells.push_back(cell());
            trim(cells.back().text);
            if (text_.starts_with(delimiter_)) {
                step();
                continue;
            }
            while (text_.starts_with('\r')) step();
            if (!text_.empty()) step();  // the line's end
            return cells;
        }
    }

private:
    [[nodiscard]] bool cell_ends() const {
        return text_.empty() || text_.front() == delimiter_ || text_.front() == '\n';
    }

    void skip_blanks() {
        while (!cell_ends() && is_space(text_.front())) step();
    }

    CsvCell cell() {
        skip_blanks();
        CsvCell cell{"", at_};
        if (text_.starts_with('"')) return quoted(std::move(cell));
        for (; !cell_ends(); step()) cell.text += text_.front();
        return cell;
    }

    CsvCell quoted(CsvCell cell) {
        step();
        for (;;) {
            if (text_.empty()) {
                complaints_.add(cell.place, "a quote that is never closed: end the cell with \"");
                return cell;
            }
            if (!text_.starts_with('"')) {
                cell.text += text_.front();
                step();
            } else if (text_.starts_with("\"\"")) {
                cell.text += '"';
                step();
                step();
            } else {
                step();
                break;
            }
        }
        skip_blanks();
        if (!cell_ends()) {
            complaints_.add(at_, "text after a closing quote: double the quotes within a cell");
            while (!cell_ends()) step();
        }
        return cell;
    }

    void step() {
        if (text_.front() == '\n') {
            ++at_.line;
            at_.column = 1;
        } else {
            ++at_.column;
        }
        text_.remove_prefix(1);
    }

    std::string_view text_;
    Place at_;
    Complaints& complaints_;
    char delimiter_ = ',';
};

std::string plain(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) out += static_cast<char>(std::tolower(byte));
    }
    return out;
}

}  // namespace

CsvTable CsvTable::parse(std::string_view text, const std::string& file, Complaints& complaints) {
    CsvTable table;
    // Spreadsheets write "Unicode text" as UTF-16: with a mark, or seen by its zeros.
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
        text.find('\0') != std::string_view::npos) {
        complaints.add({file, 1, 1}, "this is no UTF-8 (it may be UTF-16): save it as UTF-8");
        return table;
    }
    table.readable_ = true;
    CsvReader reader(text, file, complaints);
    while (!reader.done()) {
        auto row = reader.row();
        const auto is_blank = [](const auto& cell) { return cell.text.empty(); };
        if (std::all_of(row.begin(), row.end(), is_blank)) continue;  // spreadsheets leave some
        if (table.header_.empty()) {
            table.header_ = std::move(row);
        } else if (row.size() != table.header_.size()) {
            complaints.add(row.front().place, fmt::format("{} cells, but the header has {}",
                                                          row.size(), table.header_.size()));
        } else {
            table.rows_.push_back(std::move(row));
        }
    }
    return table;
}

std::optional<std::size_t> CsvTable::column(const std::vector<std::string_view>& names) const {
    for (const auto name : names) {
        for (std::size_t i = 0; i < header_.size(); ++i) {
            if (plain(header_[i].text) == plain(name)) return i;
        }
    }
    return std::nullopt;
}

}  // namespace firebreak
