#include "firmware/alarm/trace.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

double middle(double a, double b, double c) {
    return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

}  // namespace

Trace::Trace(double window_s) : window_(window_s) {}

void Trace::restart() {
    size_ = raw_size_ = open_size_ = 0;
    first_ = 0;
    t_ = v_ = tt_ = tv_ = 0;
}

void Trace::add(double t, double value, double sigma, double period) {
    sigma_ = sigma;
    period_ = period;
    // Across a gap much longer than the window nothing is known: begin anew.
    if (raw_size_ > 0 && t - raw_[0].t > std::max(window_, 8 * period)) restart();
    if (raw_size_ == 2) {
        keep({raw_[0].t, middle(raw_[1].value, raw_[0].value, value)});
    }
    raw_[1] = raw_[0];
    raw_[0] = {t, value};
    raw_size_ = std::min(raw_size_ + 1, 2U);
}

void Trace::keep(Sample sample) {
    const double spacing = window_ / wanted;
    if (open_size_ > 0 && sample.t - open_from_ >= spacing) {
        if (size_ == room) forget(at(1).t);
        if (size_ == turn_ && turn_ < room) grow();
        ring_[(first_ + size_) & (turn_ - 1)] = open_;
        if (size_ == 0) origin_ = open_.t;
        ++size_;
        count(open_, 1);
        open_size_ = 0;
    }
    if (open_size_ == 0) open_from_ = sample.t;
    const auto n = static_cast<double>(++open_size_);
    open_.t += n == 1 ? sample.t - open_.t : (sample.t - open_.t) / n;
    open_.value += n == 1 ? sample.value - open_.value : (sample.value - open_.value) / n;
    // Slow sampling keeps enough samples for a line, even when they reach beyond the window.
    while (size_ + 1 > least && sample.t - at(0).t > window_ * (1 + 1e-9)) forget(at(1).t);
    if (++since_anew_ >= 1024) sum_anew();
}

void Trace::forget(double until) {
    while (size_ > 0 && at(0).t < until) {
        count(at(0), -1);
        first_ = (first_ + 1) & (turn_ - 1);
        --size_;
    }
}

/// Of a full ring: its samples in order, and as much room again.
void Trace::grow() {
    std::rotate(ring_.begin(), ring_.begin() + first_, ring_.begin() + turn_);
    first_ = 0;
    turn_ *= 2;
}

void Trace::count(const Sample& sample, double sign) {
    const double t = sample.t - origin_;
    t_ += sign * t;
    v_ += sign * sample.value;
    tt_ += sign * t * t;
    tv_ += sign * t * sample.value;
}

/// Rounding piles up and the origin falls behind: both ends here, every so often.
void Trace::sum_anew() {
    since_anew_ = 0;
    t_ = v_ = tt_ = tv_ = 0;
    if (size_ == 0) return;
    origin_ = at(0).t;
    for (std::size_t i = 0; i < size_; ++i) count(at(i), 1);
}

std::optional<Line> Trace::line() const {
    if (size_ + 1 < least || open_size_ == 0) return std::nullopt;
    Line line;
    line.samples = size_ + 1;
    line.span = open_.t - at(0).t;
    // The median has taken one sample's time off the span, the rest may be jitter.
    if (line.span < 0.6 * window_) return std::nullopt;
    const double t = open_.t - origin_;
    const auto n = static_cast<double>(line.samples);
    const double mean_t = (t_ + t) / n;
    const double mean_v = (v_ + open_.value) / n;
    const double spread = tt_ + t * t - n * mean_t * mean_t;
    if (!(spread > 1e-12)) return std::nullopt;
    line.slope = (tv_ + t * open_.value - n * mean_t * mean_v) / spread;
    // A sample that averages several readings is quieter by the root of their number.
    const double merged = std::max(1.0, period_ > 0 ? window_ / wanted / period_ : 1.0);
    const double sigma = sigma_ / std::sqrt(merged);
    line.error = sigma / std::sqrt(spread);
    line.value = mean_v + line.slope * (t - mean_t);
    const double lever = (t - mean_t) * line.error;
    line.value_error = std::sqrt(sigma * sigma / n + lever * lever);
    return line;
}

bool Trace::one_step() const {
    const auto through = line();
    if (!through) return false;
    // What the line rises, not the ends: a dip lifts the line and leaves the ends where they are.
    const double rise = through->slope * through->span;
    // A step in the middle of an average shows as two, side by side.
    const std::size_t wide = size_ + 1 >= 8 ? 2 : 1;
    double most = 0;
    for (std::size_t i = 0; i + wide <= size_; ++i) {
        const double next = i + wide < size_ ? at(i + wide).value : open_.value;
        const double step = next - at(i).value;
        if (step * rise > 0) most = std::max(most, std::abs(step));
    }
    return most > 0.65 * std::abs(rise);
}

std::optional<double> Trace::before() const {
    if (!line()) return std::nullopt;
    std::array<double, room> values{};
    const std::size_t half = std::max<std::size_t>(1, (size_ + 1) / 2);
    for (std::size_t i = 0; i < half; ++i) values[i] = at(i).value;
    const auto mid = values.begin() + static_cast<std::ptrdiff_t>(half / 2);
    std::nth_element(values.begin(), mid, values.begin() + static_cast<std::ptrdiff_t>(half));
    return *mid;
}

}  // namespace firebreak
