// The newest load and runtime of every UPS that the host watches, and what its overload curve has
// left. One thread owns it. Readings bear no signature: they choose what is shed of what an alarm
// asks to shed, and start nothing. A reading that is missing, stale or of an earlier life of the
// agent is none, and what is not known asks for nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "host/power/shed_need.hpp"
#include "host/power/watched_ups.hpp"
#include "host/situation.hpp"

namespace firebreak {

/// What is known of one UPS.
struct UpsView {
    std::optional<UpsState> state;
    std::string unknown;  ///< why there is no state, or part of it is missing; "" all is known
    Instant read_at{};    ///< the load
};

class UpsWatch {
public:
    /// `plans` must outlive this.
    UpsWatch(const std::vector<WatchedUps>& plans, Duration evidence_max_age);

    [[nodiscard]] bool wants(const Topic& topic) const;
    /// Whether it tells of more than a UPS is rated for: from then on every one of them counts.
    bool heard(const Topic& topic, const ReadingNotice& notice, Instant now);

    /// Since when each UPS is on battery: asked before view().
    void look(const Situation& situation, Instant now);
    [[nodiscard]] UpsView view(std::size_t place, const Situation& situation, Instant now) const;
    /// When a reading becomes too old.
    [[nodiscard]] Instant next_deadline(Instant now) const;
    [[nodiscard]] std::vector<std::string> topics() const;

private:
    struct Heard {
        std::optional<ReadingNotice> notice;
        Instant at{};
    };
    struct Ups {
        const WatchedUps* plan = nullptr;
        OverloadClock clock;
        Heard load, runtime;
        std::optional<Instant> on_battery_since;
        double runtime_kw = 0;  ///< the load when the runtime was said
    };

    /// Which reading of a UPS a topic is, if any.
    [[nodiscard]] static Heard Ups::*asked(const WatchedUps& plan, const Topic& topic);
    [[nodiscard]] static Duration carried_on(Duration runtime, const Ups& ups, double load_kw,
                                             Instant now);
    [[nodiscard]] std::string why_not(const Ups& ups, const Heard& heard, const PointId& point,
                                      const Situation& situation, Instant now) const;

    std::vector<Ups> upss_;
    Duration evidence_max_age_;
};

/// kW, whichever of kW, W and per cent of the capacity it is in; nothing for other units and for
/// what no load can be.
[[nodiscard]] std::optional<double> load_kw(const ReadingNotice& notice, double capacity_kw);

}  // namespace firebreak
