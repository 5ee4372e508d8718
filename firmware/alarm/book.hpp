// All alarms of a site: plans, states and verdicts. Owned by the core; takes time, does no I/O.
// Every call returns what changed; an alarm that did not change is not mentioned.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/alarm.hpp"
#include "firmware/alarm/history.hpp"
#include "firmware/alarm/plan.hpp"
#include "firmware/alarm/step.hpp"
#include "firmware/alarm/watch.hpp"

namespace firebreak {

struct Transition {
    std::size_t alarm = 0;  ///< index into plans()
    AlarmState before;
    AlarmState after;
    std::string cause;  ///< for people
};

class AlarmBook {
public:
    AlarmBook(std::vector<AlarmPlan> plans, Instant start);

    /// Judges the alarms that look at this device.
    [[nodiscard]] std::vector<Transition> look(const std::string& device, const History& history,
                                               Instant now);

    /// Judges the alarms whose time has come.
    [[nodiscard]] std::vector<Transition> tick(const History& history, Instant now);

    /// Nothing for an unknown alarm or when nothing changed.
    [[nodiscard]] std::optional<Transition> operate(std::string_view alarm,
                                                    const OperatorOrder& order,
                                                    const History& history, Instant now);

    /// Takes up what an earlier life of this agent last said of an alarm, so that a restart clears
    /// nothing: an active one goes on firing until there is evidence, a latched one until reset.
    [[nodiscard]] std::optional<Transition> take_up(const AlarmNotice& earlier, Now now);

    /// Not later than the time when the first alarm changes by time alone.
    [[nodiscard]] Instant next_deadline() const { return earliest_; }

    [[nodiscard]] const std::vector<AlarmPlan>& plans() const { return plans_; }
    [[nodiscard]] const AlarmState& state(std::size_t alarm) const { return entries_[alarm].state; }
    [[nodiscard]] const std::string& cause(std::size_t alarm) const { return ties_[alarm].cause; }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view alarm) const;
    /// The names of the alarms that suppress it by design now.
    [[nodiscard]] std::string suppressors(std::size_t alarm) const;

private:
    /// A condition, or other alarms that it asks instead, and when it was last met.
    struct Sign {
        std::optional<Instant> met;              ///< when last
        Duration off_delay{};                    ///< the condition's own
        std::uint32_t condition = 0;             ///< in the watch; with `asks` in asked_
        std::uint32_t kind = 0;                  ///< signs of one kind share a number
        bool asks = false;                       ///< other alarms, not the watch
        Verdict seen = Verdict::no_evidence;     ///< now
        Verdict verdict = Verdict::no_evidence;  ///< as it counts: also for a while after
        Verdict known = Verdict::unmet;          ///< as last seen on evidence
    };
    /// Some of signs_, one after the other.
    struct Signs {
        std::uint32_t first = 0, count = 0;
    };
    /// What each reading touches of an alarm; its plan and its ties are for when something changes.
    struct Entry {
        AlarmState state;
        Instant recheck = never;  ///< the verdict may change by time alone
        Duration within{};        ///< signs count for so long after, at least
        Signs signs, unless, confirmed_by;
        std::uint32_t kinds = 0;   ///< JoinPlan's
        std::uint32_t needed = 1;  ///< of the signs; 0: all
        Verdict verdict = Verdict::no_evidence;
        bool has_suppressors = false;
        bool taken_up = false;
        bool waits = false;  ///< to be judged because another alarm changed
    };
    struct Ties {
        std::vector<std::size_t> suppressors;
        std::vector<std::size_t> dependents;  ///< alarms that ask this one, or that it suppresses
        std::string cause;
    };
    using Changes = std::vector<Transition>;

    void build(std::size_t alarm);
    Signs signs_of(std::size_t alarm, const std::vector<ConditionPlan>& conditions);
    [[nodiscard]] std::span<Sign> in(Signs which) {
        return std::span(signs_).subspan(which.first, which.count);
    }
    [[nodiscard]] std::span<const Sign> in(Signs which) const {
        return std::span(signs_).subspan(which.first, which.count);
    }
    [[nodiscard]] std::vector<std::size_t> alarms_named(const std::string& name) const;
    void watch_device(const std::string& device, std::size_t alarm);
    void judge(std::size_t alarm, const History& history, Instant now, Changes& changed);
    void settle(const History& history, Instant now, Changes& changed);
    [[nodiscard]] bool is_suppressed(std::size_t alarm) const;
    void tell_dependents(std::size_t alarm, Instant now);
    std::optional<Transition> judge_one(std::size_t alarm, const History& history, Instant now,
                                        const std::optional<OperatorOrder>& order);
    void look_at(Signs signs, Duration within, Entry& entry, const History& history, Instant now);
    [[nodiscard]] Verdict ask(const std::vector<std::size_t>& alarms) const;
    [[nodiscard]] Verdict join_signs(const Entry& entry) const;
    [[nodiscard]] Verdict join_list(Signs signs) const;
    [[nodiscard]] bool excused(const Entry& entry) const;
    [[nodiscard]] Verdict verdict_of(const Entry& entry) const;
    [[nodiscard]] std::string words_for(const Sign& sign, const History& history, Instant now);
    [[nodiscard]] std::string cause_of(std::size_t alarm, const History& history, Instant now);
    [[nodiscard]] Instant due(std::size_t alarm) const;

    std::vector<AlarmPlan> plans_;
    std::vector<Entry> entries_;
    std::vector<Sign> signs_;                      ///< of each alarm together
    std::vector<Ties> ties_;                       ///< as entries_
    std::vector<std::vector<std::size_t>> asked_;  ///< alarms that a sign asks
    Watch watch_;
    Instant earliest_ = never;  ///< not later than the first alarm's time
    std::vector<std::size_t> waiting_;
    std::vector<std::string> kinds_;
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_device_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace firebreak
