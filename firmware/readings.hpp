// Bus reports to readings: decodes blocks, keeps the history, tells which readings people should
// hear of and which devices went silent. Owned by the core; no I/O; time is an argument.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/reading.hpp"
#include "contract/status.hpp"
#include "firmware/alarm/history.hpp"
#include "firmware/bus/report.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// Every register of one block. Words that are too few read as missing.
[[nodiscard]] std::vector<Reading> read_block(const DevicePlan& device, const Block& block,
                                              std::span<const std::uint16_t> words, Instant at);

/// What a report or the passing of time brought.
struct ReadingNews {
    std::vector<Reading> publish;      ///< changed, gone missing, or due again
    std::vector<std::size_t> devices;  ///< whose alarms should be judged
};

class Readings {
public:
    /// `devices` must outlive this.
    Readings(const std::vector<DevicePlan>& devices, Duration publish_every, Instant start);

    /// `block` is what was read; null: it is no longer asked for, and only counts.
    [[nodiscard]] ReadingNews take(const BusReport& report, const Block* block, Instant now);

    /// A value known by other means than a block read: the read-back of a write.
    [[nodiscard]] ReadingNews note(std::size_t device, const Reading& reading, Instant now);

    /// Points without a good answer for too long go missing.
    [[nodiscard]] ReadingNews expire(Instant now);
    [[nodiscard]] Instant next_deadline() const { return next_check_; }

    /// As History::await().
    void await(const std::string& name, Instant since, Duration silent_after) {
        history_.await(name, since, silent_after);
    }

    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] DeviceStatus status(std::size_t device, Instant now) const;
    /// Readings that were there and could not be used: out of range, or words that do not fit.
    [[nodiscard]] std::uint64_t implausible() const { return implausible_; }

private:
    /// A point, and what people were last told of it as far as it decides whether to tell them
    /// anew.
    struct Point {
        double said = 0;
        Instant said_at{};
        std::unique_ptr<std::string> label;  ///< as said, where there ever was one
        Instant good{};                      ///< last good answer, or the start
        PointIndex index = 0;                ///< in the history, once wanted
        bool is_said = false;
        std::optional<Fault> said_missing;  ///< why `said` is none
        std::optional<Fault> failed;        ///< why the last read gave none
        bool missing = false;               ///< has been said to be
        bool wanted = false;
    };
    struct DeviceState {
        DeviceStatus counts;
        std::vector<Point> points;  ///< as in Profile::registers
    };

    static void count(DeviceStatus& counts, Fault fault);
    void accept(const BusReport& report, const Block& block, Instant now, ReadingNews& news);
    [[nodiscard]] Duration stale_after(std::size_t device, std::size_t reg) const;
    void say_missing(std::size_t device, std::size_t reg, Instant now, ReadingNews& news);
    /// Whether people should hear this of the point, which then counts as told.
    [[nodiscard]] bool is_news(std::size_t device, std::size_t reg, const Result<double>& value,
                               const std::string& label, Instant now);

    const std::vector<DevicePlan>& plans_;
    Duration publish_every_;
    std::vector<DeviceState> devices_;
    History history_;
    Instant next_check_;  ///< not later than the first point's expiry
    std::uint64_t implausible_ = 0;
};

}  // namespace firebreak
