// What is shed by power: of the targets that a rule asks to shed so, as many items as the UPSs must
// lose. One thread owns it; no I/O. What was chosen stays chosen while its target is to be shed, so
// that nothing swings; more is chosen only once what went off should show in the reading.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/ledger.hpp"
#include "host/power/draw.hpp"
#include "host/power/shed_choice.hpp"
#include "host/power/ups_watch.hpp"

namespace firebreak {

/// A target as it bears on the choice; one each, as in the policy.
struct PowerTarget {
    bool asked = false;  ///< a rule votes, on fresh evidence, to shed it by power
    bool shed = false;   ///< it stands at shed or beyond
    const TargetLedger* ledger = nullptr;
};

/// For people: what was chosen and why.
struct PowerChoice {
    std::size_t loads = 0;
    double kw = 0;    ///< what the UPSs must lose, all together
    std::string why;  ///< of every UPS in need
    bool enough = true;
};

class PowerShed {
public:
    /// `plan` must outlive this.
    explicit PowerShed(const PolicyPlan& plan);

    /// Whether any rule sheds by power.
    [[nodiscard]] bool active() const { return !picks_.empty(); }
    [[nodiscard]] UpsWatch& watch() { return watch_; }
    [[nodiscard]] const UpsWatch& watch() const { return watch_; }

    /// Chooses more where more is needed; what was chosen anew, if anything.
    std::optional<PowerChoice> choose(const std::vector<PowerTarget>& targets,
                                      const Situation& situation, bool armed, Instant now);

    /// Items of a target that are to be off, by its place in the policy.
    [[nodiscard]] const std::set<std::string>& chosen(std::size_t target) const {
        return chosen_[target];
    }
    /// Why nothing more is chosen though it may be needed, or "".
    [[nodiscard]] const std::string& doubt() const { return doubt_; }
    /// UPSs of which not all is known, as of the last choice.
    [[nodiscard]] std::size_t unknown() const { return unknown_; }
    [[nodiscard]] Instant next_deadline(Instant now) const;

private:
    struct Pick {
        Draw draw;
        bool chosen = false;
        Instant overdue{};              ///< chosen and not off by then: it is not counted on
        Duration settle{};              ///< after that a reading shows it
        Duration patience{};            ///< for one that is newer than it
        std::optional<Instant> off_at;  ///< since when all of it is known to be off
    };
    struct Needs {
        std::vector<double> kw;    ///< by UPS of the topology
        std::vector<double> load;  ///< as read; below 0 not known
        std::vector<bool> lost;
        std::vector<Instant> read_at;  ///< `never`: not known
        std::optional<Duration> within;
        std::string why;
    };

    std::optional<PowerChoice> choose_more(const std::vector<PowerTarget>& targets,
                                           const Situation& situation, bool armed, Instant now);
    void look(Pick& pick, const std::vector<PowerTarget>& targets, Instant now) const;
    [[nodiscard]] Needs needs(const Situation& situation, Instant now);
    /// How much of what the topology says is drawn, by UPS: at most all.
    [[nodiscard]] std::vector<double> drawn_share(const Needs& needs) const;
    [[nodiscard]] std::vector<double> falls(const Pick& pick, const Needs& needs,
                                            const std::vector<double>& share) const;
    /// It was chosen, and the readings cannot show yet that it is off.
    [[nodiscard]] static bool pending(const Pick& pick, const Needs& needs, bool armed,
                                      Instant now);
    /// Every UPS it relieves has been read since it went off.
    [[nodiscard]] static bool shown(const Pick& pick, const Needs& needs);

    void note_chosen();

    const PolicyPlan& plan_;
    UpsWatch watch_;
    std::vector<Pick> picks_;
    std::vector<std::set<std::string>> chosen_;  // by target
    Duration settle_{};
    std::string doubt_;
    std::size_t unknown_ = 0;
};

}  // namespace firebreak
