// The newest reading of each point, as it is to be said: numbers, of which a message is made only
// when it is offered, so that tens of thousands of points cost little. Offered again after every
// LinkUp, as other state is. Owned by the core. Nothing is offered while the link is down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/support/result.hpp"

namespace firebreak {

class NewestReadings {
public:
    /// Replaces what is known of the point, the caller's number; its boot stays the caller's.
    void put(std::uint32_t point, const Result<double>& value, const std::string& label,
             const Stamp& stamp);

    void link_up();
    void link_down();

    /// The next to be said, the same until sent() or until another comes for its point.
    [[nodiscard]] std::optional<std::uint32_t> front();
    /// The link took what front() last returned.
    void sent();

    /// As it was put, but for its unit and its boot. Only of a point that was.
    [[nodiscard]] ReadingNotice notice(std::uint32_t point) const;
    /// 0 for a point that was never put.
    [[nodiscard]] std::uint64_t seq(std::uint32_t point) const {
        return point < slots_.size() ? slots_[point].seq : 0;
    }
    /// One more than the highest number of a point.
    [[nodiscard]] std::size_t size() const { return slots_.size(); }

private:
    struct Texts {
        std::string label, why;
    };
    struct Slot {
        double value = 0;
        std::uint64_t seq = 0;
        WallTime at{};
        std::unique_ptr<Texts> texts;  ///< where there is any: few points have one
        std::optional<Fault> missing;
        bool dirty = false;
    };

    void mark(std::uint32_t point);

    std::vector<Slot> slots_;
    std::deque<std::uint32_t> waiting_;
    bool is_offered_ = false;
    bool up_ = false;
};

}  // namespace firebreak
