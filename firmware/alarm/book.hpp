// All alarms of a site: plans, states and verdicts. Owned by the core; takes time, does no I/O.
// Every call returns what changed; an alarm that did not change is not mentioned.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/alarm.hpp"
#include "firmware/alarm/history.hpp"
#include "firmware/alarm/plan.hpp"
#include "firmware/alarm/step.hpp"

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

    [[nodiscard]] Instant next_deadline() const;

    [[nodiscard]] const std::vector<AlarmPlan>& plans() const { return plans_; }
    [[nodiscard]] const AlarmState& state(std::size_t alarm) const { return entries_[alarm].state; }
    [[nodiscard]] const std::string& cause(std::size_t alarm) const {
        return entries_[alarm].cause;
    }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view alarm) const;

private:
    struct Entry {
        AlarmState state;
        Verdict verdict = Verdict::no_evidence;
        std::vector<bool> held;  ///< per condition: met when last judged on evidence
        std::string cause;
        bool taken_up = false;
    };

    std::optional<Transition> judge_one(std::size_t alarm, const History& history, Instant now,
                                        const std::optional<OperatorOrder>& order);
    [[nodiscard]] std::string cause_of(std::size_t alarm, const std::vector<Verdict>& verdicts,
                                       const History& history, Instant now) const;

    std::vector<AlarmPlan> plans_;
    std::vector<Entry> entries_;
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_device_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace firebreak
