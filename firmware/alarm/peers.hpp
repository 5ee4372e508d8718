// What a group does as a whole: the median of its live members and how far they spread about it,
// robust to dead and lying ones. Worked out once a round, asked by every member. Pure arithmetic on
// numbers that the watch puts in; allocates at start only.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace firebreak {

/// How one member stands to the others.
struct Standing {
    double median = 0;  ///< of the others
    double spread = 0;  ///< of all about their median, as a standard deviation (1.4826 MAD)
    std::size_t peers = 0;
};

class Peers {
public:
    static constexpr std::size_t least = 3;  ///< live others, else there is no evidence

    explicit Peers(std::size_t members);

    void begin();
    void put(double value);  ///< at most as many as there are members
    void end();

    /// `own`: the asker's value, which is among those put in. Nothing with too few others.
    [[nodiscard]] std::optional<Standing> standing(double own) const;
    /// Of all live members; nothing with too few.
    [[nodiscard]] std::optional<double> median() const;

private:
    std::vector<double> values_;
    std::vector<double> away_;
    /// The three in the middle of them, by size: all that a median without one of them can be of.
    double lower_ = 0, middle_ = 0, upper_ = 0;
    double spread_ = 0;
};

}  // namespace firebreak
