#include "firmware/readings.hpp"

#include <algorithm>
#include <utility>

#include "firmware/profile/codec.hpp"

namespace firebreak {

namespace {

/// The words of `address` on in a block, or none when they are not all there.
std::span<const std::uint16_t> part(const Block& block, std::span<const std::uint16_t> words,
                                    std::uint32_t address, int count) {
    if (address < block.address || count <= 0) return {};
    const std::size_t from = address - block.address;
    const auto length = static_cast<std::size_t>(count);
    if (from > words.size() || length > words.size() - from) return {};
    return words.subspan(from, length);
}

Reading read_one(const DevicePlan& device, const Register& reg, const Block& block,
                 std::span<const std::uint16_t> words, Instant at) {
    const std::uint32_t base = device.base;
    const auto own = part(block, words, base + reg.address, word_count(reg));
    std::int16_t exponent = 0;
    bool complete = !own.empty();
    if (reg.scale_register) {
        const auto scale = part(block, words, base + *reg.scale_register, 1);
        complete = complete && !scale.empty();
        if (!scale.empty()) exponent = static_cast<std::int16_t>(scale.front());
    }
    Reading reading{{device.name, reg.measure}, 0.0, "", reg.unit, at};
    if (!complete) {
        reading.value = fail(Fault::corrupt, "answer too short");
        return reading;
    }
    reading.value = decode(reg, own, exponent);
    if (reading.value) reading.label = label_of(reg, own);
    return reading;
}

bool same(const Result<double>& a, const Result<double>& b) {
    if (a.has_value() != b.has_value()) return false;
    // Why a value is missing is told once a kind; the wording may differ from read to read.
    return a.has_value() ? *a == *b : a.error().fault == b.error().fault;
}

}  // namespace

std::vector<Reading> read_block(const DevicePlan& device, const Block& block,
                                std::span<const std::uint16_t> words, Instant at) {
    std::vector<Reading> readings;
    readings.reserve(block.registers.size());
    for (const std::size_t index : block.registers) {
        readings.push_back(read_one(device, device.profile->registers[index], block, words, at));
    }
    return readings;
}

Readings::Readings(const std::vector<DevicePlan>& devices, Duration publish_every, Instant start)
    : plans_(devices), publish_every_(publish_every), history_(start), next_check_(never) {
    for (const auto& plan : plans_) {
        DeviceState device;
        for (const auto& block : plan.blocks) {
            BlockState state;
            state.good = start;
            state.points.resize(block.registers.size());
            device.blocks.push_back(std::move(state));
        }
        devices_.push_back(std::move(device));
        history_.expect(plan.name, plan.silent_after);
        next_check_ = std::min(next_check_, start + plan.silent_after);
    }
}

ReadingNews Readings::take(const BusReport& report, Instant now) {
    ReadingNews news;
    // A report of another plan's life would be a bug of the shell; it must not be one of ours.
    if (report.device >= devices_.size()) return news;
    auto& device = devices_[report.device];
    if (report.block >= device.blocks.size()) return news;
    auto& block = device.blocks[report.block];
    const auto wanted = plans_[report.device].blocks[report.block].count;
    if (report.words && report.words->size() >= wanted) {
        ++device.counts.reads;
        accept(report, now, news);
        return news;
    }
    // Too few words are no answer: which of them they were cannot be known.
    block.fault = report.words ? Fault::corrupt : report.words.error().fault;
    count(device.counts, block.fault);
    if (block.missing) say_missing(report.device, report.block, now, news);
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

void Readings::accept(const BusReport& report, Instant now, ReadingNews& news) {
    const auto& plan = plans_[report.device];
    auto& block = devices_[report.device].blocks[report.block];
    block.good = std::max(block.good, report.at);
    block.missing = false;
    next_check_ = std::min(next_check_, block.good + plan.silent_after);
    history_.heard(plan.name, report.at);
    auto readings = read_block(plan, plan.blocks[report.block], *report.words, report.at);
    for (std::size_t i = 0; i < readings.size(); ++i) {
        const auto& value = readings[i].value;
        if (!value && value.error().fault != Fault::stale) ++implausible_;
        history_.add(readings[i]);
        offer(block.points[i], std::move(readings[i]), now, news);
    }
    news.devices.push_back(report.device);
}

ReadingNews Readings::note(std::size_t device, const Reading& reading, Instant now) {
    ReadingNews news;
    if (device >= devices_.size()) return news;
    const auto& plan = plans_[device];
    history_.add(reading);
    for (std::size_t b = 0; b < plan.blocks.size(); ++b) {
        const auto& registers = plan.blocks[b].registers;
        for (std::size_t i = 0; i < registers.size(); ++i) {
            if (plan.profile->registers[registers[i]].measure != reading.point.measure) continue;
            offer(devices_[device].blocks[b].points[i], reading, now, news);
        }
    }
    news.devices.push_back(device);
    return news;
}

ReadingNews Readings::expire(Instant now) {
    ReadingNews news;
    if (now < next_check_) return news;
    next_check_ = never;
    for (std::size_t d = 0; d < devices_.size(); ++d) {
        const Duration limit = plans_[d].silent_after;
        bool touched = false;
        for (std::size_t b = 0; b < devices_[d].blocks.size(); ++b) {
            auto& block = devices_[d].blocks[b];
            if (block.missing) continue;
            if (now - block.good >= limit) {
                block.missing = true;
                touched = true;
                say_missing(d, b, now, news);
            } else {
                next_check_ = std::min(next_check_, block.good + limit);
            }
        }
        if (touched) news.devices.push_back(d);
    }
    return news;
}

void Readings::say_missing(std::size_t device, std::size_t block, Instant now, ReadingNews& news) {
    const auto& plan = plans_[device];
    auto& state = devices_[device].blocks[block];
    // The last error is the best reason; when reads were good, it is only their age.
    const bool silent = history_.silent(plan.name, now);
    const Error why{silent ? state.fault : Fault::stale, silent ? "no answer" : "too old"};
    const auto& registers = plan.blocks[block].registers;
    for (std::size_t i = 0; i < registers.size(); ++i) {
        const auto& reg = plan.profile->registers[registers[i]];
        offer(state.points[i],
              Reading{{plan.name, reg.measure}, tl::unexpected<Error>(why), "", reg.unit, now}, now,
              news);
    }
}

void Readings::offer(Point& point, Reading reading, Instant now, ReadingNews& news) {
    const bool changed =
        !point.published || !same(*point.published, reading.value) || point.label != reading.label;
    if (!changed && now - point.at < publish_every_) return;
    point.published = reading.value;
    point.label = reading.label;
    point.at = now;
    news.publish.push_back(std::move(reading));
}

DeviceStatus Readings::status(std::size_t device, Instant now) const {
    DeviceStatus status = devices_[device].counts;
    status.silent = history_.silent(plans_[device].name, now);
    return status;
}

}  // namespace firebreak
