// A register's scale factor, with its exact inverse where there is one. Pure value.
// A scale such as 0.1 is no exact double but its inverse is: dividing by 10 gives the double
// nearest to 23.7, multiplying by 0.1 does not, and the odd last digit would show on the wire.
#pragma once

namespace firebreak {

class Scale {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a scale is written as its factor
    Scale(double factor = 1);
    // NOLINTNEXTLINE(google-explicit-constructor): and read as such
    operator double() const { return factor_; }

    [[nodiscard]] double apply(double raw) const {
        return inverse_ != 0 ? raw / inverse_ : raw * factor_;
    }
    [[nodiscard]] double undo(double value) const {
        return inverse_ != 0 ? value * inverse_ : value / factor_;
    }

private:
    double factor_;
    double inverse_ = 0;  ///< 0: none that is whole
};

}  // namespace firebreak
