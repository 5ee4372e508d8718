// Lists as RFC 4180, NetBox's export and spreadsheets write them: a header, then rows; cells are
// separated by what separates the header's (comma, semicolon or tab), trimmed, and in quotes may
// hold separators, line ends and doubled quotes. Pure. All errors are kept, each with its line
// and column; a row with another number of cells than the header is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/complaint.hpp"

namespace firebreak {

struct CsvCell {
    std::string text;
    Place place;
};

class CsvTable {
public:
    static CsvTable parse(std::string_view text, const std::string& file, Complaints& complaints);

    /// False when it is in no encoding that can be read, which was complained of.
    [[nodiscard]] bool readable() const { return readable_; }
    /// Which column has one of these names; the case and blanks of a header do not matter.
    [[nodiscard]] std::optional<std::size_t> column(
        const std::vector<std::string_view>& names) const;
    [[nodiscard]] const std::vector<std::vector<CsvCell>>& rows() const { return rows_; }
    [[nodiscard]] const std::vector<CsvCell>& header() const { return header_; }

private:
    bool readable_ = false;
    std::vector<CsvCell> header_;
    std::vector<std::vector<CsvCell>> rows_;
};

}  // namespace firebreak
