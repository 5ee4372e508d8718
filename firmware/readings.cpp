#include "firmware/readings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "firmware/profile/codec.hpp"

namespace firebreak {

namespace {

Reading reading_of(const DevicePlan& device, Sample sample, Instant at) {
    const auto& reg = device.profile->registers[sample.reg];
    return {
        {device.name, reg.measure}, std::move(sample.value), std::move(sample.label), reg.unit, at};
}

/// Farther from what was said last than the deadband: so a slow drift adds up and is told.
bool is_beyond(double value, double said, const PublishPlan& how) {
    const double band = how.is_percent ? std::abs(said) * how.deadband / 100 : how.deadband;
    constexpr double rounding = 1e-9;  // a step of just the deadband, in decimals, is within it
    return std::abs(value - said) > band * (1 + rounding);
}

}  // namespace

std::vector<Reading> read_block(const DevicePlan& device, const Block& block,
                                std::span<const std::uint16_t> words, Instant at) {
    std::vector<Reading> readings;
    readings.reserve(block.registers.size());
    for (auto& sample : decode_block(*device.profile, device.base, block, words)) {
        readings.push_back(reading_of(device, std::move(sample), at));
    }
    return readings;
}

Readings::Readings(const std::vector<DevicePlan>& devices, Duration publish_every, Instant start)
    : plans_(devices), publish_every_(publish_every), history_(start), next_check_(never) {
    std::size_t points = 0;
    for (const auto& plan : plans_) {
        for (const auto& block : plan.blocks) points += block.registers.size();
    }
    history_.reserve(points);
    devices_.reserve(plans_.size());
    for (std::size_t d = 0; d < plans_.size(); ++d) {
        const auto& plan = plans_[d];
        auto& device = devices_.emplace_back();
        device.points.resize(plan.profile->registers.size());
        history_.expect(plan.name, plan.silent_after);
        for (const auto& block : plan.blocks) {
            for (const auto reg : block.registers) {
                const auto& row = plan.profile->registers[reg];
                const PointId name{plan.name, row.measure};
                auto& point = device.points[reg];
                point.wanted = true;
                point.good = start;
                point.index = history_.resolve(name, row.unit);
                const auto limit = stale_after(d, reg);
                if (limit > plan.silent_after) history_.expect(name, limit);
                next_check_ = std::min(next_check_, start + limit);
            }
        }
    }
}

/// A point that is read seldom is good for longer than its device may be silent.
Duration Readings::stale_after(std::size_t device, std::size_t reg) const {
    const auto& plan = plans_[device];
    const auto period = period_of(plan.profile->registers[reg], plan.period);
    return std::max(plan.silent_after, 3 * period);
}

ReadingNews Readings::take(const BusReport& report, const Block* block, Instant now) {
    ReadingNews news;
    // A report of another plan's life would be a bug of the shell; it must not be one of ours.
    if (report.device >= devices_.size()) return news;
    auto& device = devices_[report.device];
    device.counts.missed += report.missed;
    const bool good = report.words && (block == nullptr || report.words->size() >= block->count);
    if (good) {
        ++device.counts.reads;
        history_.heard(plans_[report.device].name, report.at);
        if (block != nullptr) accept(report, *block, now, news);
        return news;
    }
    // Too few words are no answer: which of them they were cannot be known.
    const auto fault = report.words ? Fault::corrupt : report.words.error().fault;
    count(device.counts, fault);
    if (block == nullptr) return news;
    for (const auto reg : block->registers) {
        device.points[reg].failed = fault;
        if (device.points[reg].missing) say_missing(report.device, reg, now, news);
    }
    return news;
}

void Readings::count(DeviceStatus& counts, Fault fault) {
    switch (fault) {
        case Fault::corrupt:
            ++counts.corrupt;
            break;
        case Fault::refused:
        case Fault::busy:
            ++counts.exceptions;
            break;
        default:
            ++counts.timeouts;  // nobody answered, for whatever reason
            break;
    }
}

void Readings::accept(const BusReport& report, const Block& block, Instant now, ReadingNews& news) {
    const auto& plan = plans_[report.device];
    auto& points = devices_[report.device].points;
    for (auto& sample : decode_block(*plan.profile, plan.base, block, *report.words)) {
        auto& point = points[sample.reg];
        point.good = std::max(point.good, report.at);
        point.missing = false;
        point.failed.reset();
        next_check_ = std::min(next_check_, point.good + stale_after(report.device, sample.reg));
        if (!sample.value && sample.value.error().fault != Fault::stale) ++implausible_;
        history_.add(point.index, sample.value, sample.label, report.at);
        if (!is_news(report.device, sample.reg, sample.value, sample.label, now)) continue;
        news.publish.push_back(reading_of(plan, std::move(sample), report.at));
    }
    news.devices.push_back(report.device);
}

ReadingNews Readings::note(std::size_t device, const Reading& reading, Instant now) {
    ReadingNews news;
    if (device >= devices_.size()) return news;
    const auto& registers = plans_[device].profile->registers;
    history_.add(reading);
    for (std::size_t reg = 0; reg < registers.size(); ++reg) {
        auto& point = devices_[device].points[reg];
        if (!point.wanted || registers[reg].measure != reading.point.measure) continue;
        if (!is_news(device, reg, reading.value, reading.label, now)) continue;
        news.publish.push_back(reading);
    }
    news.devices.push_back(device);
    return news;
}

ReadingNews Readings::expire(Instant now) {
    ReadingNews news;
    if (now < next_check_) return news;
    next_check_ = never;
    for (std::size_t d = 0; d < devices_.size(); ++d) {
        bool touched = false;
        auto& points = devices_[d].points;
        for (std::size_t reg = 0; reg < points.size(); ++reg) {
            auto& point = points[reg];
            if (!point.wanted || point.missing) continue;
            const auto end = point.good + stale_after(d, reg);
            if (now >= end) {
                point.missing = true;
                touched = true;
                say_missing(d, reg, now, news);
            } else {
                next_check_ = std::min(next_check_, end);
            }
        }
        if (touched) news.devices.push_back(d);
    }
    return news;
}

void Readings::say_missing(std::size_t device, std::size_t reg, Instant now, ReadingNews& news) {
    const auto& plan = plans_[device];
    const auto& row = plan.profile->registers[reg];
    auto& point = devices_[device].points[reg];
    // The last error is the best reason; when reads were good, it is only their age.
    const bool refused = point.failed == Fault::refused;
    const bool silent = history_.silent(plan.name, now);
    const Error why{point.failed && (silent || refused) ? *point.failed
                    : silent                            ? Fault::timeout
                                                        : Fault::stale,
                    refused  ? "the device refuses it"
                    : silent ? "no answer"
                             : "too old",
                    0};
    const Result<double> none = tl::unexpected<Error>(why);
    if (!is_news(device, reg, none, "", now)) return;
    news.publish.push_back(Reading{{plan.name, row.measure}, none, "", row.unit, now});
}

bool Readings::is_news(std::size_t device, std::size_t reg, const Result<double>& value,
                       const std::string& label, Instant now) {
    auto& point = devices_[device].points[reg];
    const auto& all = plans_[device].publish;
    const auto how = all.empty() ? PublishPlan{} : all[reg];
    // Why a value is missing is told once a kind; the wording may differ from read to read.
    const auto missing = value ? std::nullopt : std::optional(value.error().fault);
    const double number = value.value_or(0);
    const bool same_label = point.label ? *point.label == label : label.empty();
    const bool same = point.is_said && point.said_missing == missing && same_label &&
                      !is_beyond(number, point.said, how);
    if (same && now - point.said_at < how.every.value_or(publish_every_)) return false;
    point.said = number;
    point.said_missing = missing;
    point.is_said = true;
    point.said_at = now;
    if (!same_label) point.label = std::make_unique<std::string>(label);
    return true;
}

DeviceStatus Readings::status(std::size_t device, Instant now) const {
    DeviceStatus status = devices_[device].counts;
    status.silent = history_.silent(plans_[device].name, now);
    return status;
}

}  // namespace firebreak
