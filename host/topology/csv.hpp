// Comma-separated values as RFC 4180 and NetBox's export write them: a header, then rows; cells
// in quotes may hold commas, line ends and doubled quotes. Pure. All errors are kept, each with
// its line and column; a row with another number of cells than the header is left out.
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

    /// Which column has one of these names; the case and blanks of a header do not matter.
    [[nodiscard]] std::optional<std::size_t> column(
        const std::vector<std::string_view>& names) const;
    [[nodiscard]] const std::vector<std::vector<CsvCell>>& rows() const { return rows_; }
    [[nodiscard]] const std::vector<CsvCell>& header() const { return header_; }

private:
    std::vector<CsvCell> header_;
    std::vector<std::vector<CsvCell>> rows_;
};

}  // namespace firebreak
