#include "host/topology/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace firebreak {
namespace {

class CsvReader {
public:
    CsvReader(std::string_view text, const std::string& file, Complaints& complaints)
        : text_(text), at_{file, 1, 1}, complaints_(complaints) {
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // spreadsheets write a BOM
    }

    [[nodiscard]] bool done() const { return text_.empty(); }

    std::vector<CsvCell> row() {
        std::vector<CsvCell> cells;
        for (;;) {
            cells.push_back(cell());
            if (text_.starts_with(',')) {
                step();
                continue;
            }
            while (text_.starts_with('\r')) step();
            if (!text_.empty()) step();  // the line's end
            return cells;
        }
    }

private:
    CsvCell cell() {
        CsvCell cell{"", at_};
        if (text_.starts_with('"')) return quoted(std::move(cell));
        while (!text_.empty() && text_.front() != ',' && text_.front() != '\n') {
            if (text_.front() != '\r') cell.text += text_.front();
            step();
        }
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
        if (!text_.empty() && std::string_view(",\r\n").find(text_.front()) == std::string::npos) {
            complaints_.add(at_, "text after a closing quote: double the quotes within a cell");
            while (!text_.empty() && text_.front() != ',' && text_.front() != '\n') step();
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
    CsvReader reader(text, file, complaints);
    while (!reader.done()) {
        auto row = reader.row();
        const bool blank = row.size() == 1 && row.front().text.empty();
        if (blank) continue;
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
