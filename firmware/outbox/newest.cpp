#include "firmware/outbox/newest.hpp"

#include <utility>

namespace firebreak {

void NewestReadings::put(std::uint32_t point, const Result<double>& value, const std::string& label,
                         const Stamp& stamp) {
    if (slots_.size() <= point) slots_.resize(point + 1);
    auto& slot = slots_[point];
    slot.value = value.value_or(0);
    slot.missing = value ? std::nullopt : std::optional(value.error().fault);
    slot.seq = stamp.seq;
    slot.at = stamp.at;
    slot.texts.reset();
    if (!value || !label.empty()) {
        slot.texts = std::make_unique<Texts>(Texts{label, value ? "" : value.error().what});
    }
    mark(point);
    // Replaced between front() and sent(): what was sent is no longer what is known.
    if (is_offered_ && waiting_.front() == point) is_offered_ = false;
}

void NewestReadings::mark(std::uint32_t point) {
    if (!std::exchange(slots_[point].dirty, true)) waiting_.push_back(point);
}

void NewestReadings::link_up() {
    up_ = true;
    is_offered_ = false;
    // The broker may have lost its memory: everything it should retain is said again.
    for (std::uint32_t point = 0; point < slots_.size(); ++point) {
        if (slots_[point].seq != 0) mark(point);
    }
}

void NewestReadings::link_down() {
    up_ = false;
    is_offered_ = false;
}

std::optional<std::uint32_t> NewestReadings::front() {
    is_offered_ = up_ && !waiting_.empty();
    if (!is_offered_) return std::nullopt;
    return waiting_.front();
}

void NewestReadings::sent() {
    if (!std::exchange(is_offered_, false)) return;
    slots_[waiting_.front()].dirty = false;
    waiting_.pop_front();
}

ReadingNotice NewestReadings::notice(std::uint32_t point) const {
    const auto& slot = slots_[point];
    ReadingNotice notice;
    notice.value = slot.value;
    if (slot.texts) notice.label = slot.texts->label;
    if (slot.missing) notice.value = fail(*slot.missing, slot.texts->why);
    notice.stamp.seq = slot.seq;
    notice.stamp.at = slot.at;
    return notice;
}

}  // namespace firebreak
