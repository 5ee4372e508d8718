// The inside of the controller, shared by its sources: controller.cpp (the outside, what is
// published), intake.cpp (what comes in), acting.cpp (steps through guards to orders) and
// recording.cpp (what of both the journal is told).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/stamp.hpp"
#include "contract/topic.hpp"
#include "host/controller.hpp"
#include "host/drain/capacity.hpp"
#include "host/drain/drain_order.hpp"
#include "host/drain/pacing.hpp"
#include "host/guard/share.hpp"
#include "host/journal/recorder.hpp"
#include "host/lives.hpp"
#include "host/operator/holds.hpp"
#include "host/outgoing.hpp"
#include "host/peers.hpp"
#include "host/power/power_shed.hpp"
#include "host/restore/restoration.hpp"
#include "host/target.hpp"

namespace firebreak {

[[nodiscard]] inline Origin agent_of(const TargetPlan& target) {
    return {target.site, Role::agent, target.agent};
}

struct Controller::State {
    State(PolicyPlan policy, std::string boot, Now start, bool recording);

    void arrived(const Arrived& message, Now now);
    void believed(const Topic& topic, const std::string& payload, bool genuine, Now now);
    void alarm(const Origin& agent, const AlarmNotice& notice, bool genuine, Now now);
    void status(const Origin& agent, const Status& status, bool genuine, Now now);
    /// Whether this is the first time; `false` too once too much has been told.
    [[nodiscard]] bool is_first(std::string what);
    /// `reason` is what it is counted by; of a kind of message it is told once.
    void dropped(std::string_view reason, std::string_view kind, const std::string& why);
    void heard(Heard heard);
    void acked(const Topic& topic, const Ack& ack, bool genuine, Now now);
    void seed(const Topic& topic, const PostureNotice& notice, Now now);
    void receipt(Receipt receipt, Now now);
    void link_up(const LinkUp& link, Now now);
    void link_down(const LinkDown& link, Now now);

    // What the situation is told, and the journal with it.
    [[nodiscard]] Heard hear(const Origin& agent, const AlarmNotice& notice, Now now);
    [[nodiscard]] Heard hear(const Origin& agent, const Status& status, Now now);
    void retold(const Evidence& evidence, Now now);
    void said_again(const SentAgain& sent, Instant now);
    void journal_word(const JournalWord& word, Now now);
    // What operators ask: asking.cpp, drilling.cpp, viewing.cpp.
    void ask(const Ask& ask, Now now);
    [[nodiscard]] Result<std::string> obey(const Ask& ask, Now now);
    [[nodiscard]] Result<std::string> hold(const Ask& ask, Now now);
    [[nodiscard]] Result<std::string> resume(const Ask& ask);
    [[nodiscard]] Result<std::string> arm(bool wanted, const std::string& by, Instant now);
    void remind_of_disarm(Instant now);
    /// An operator has it rehearse, though its policy arms it.
    [[nodiscard]] bool is_disarmed() const { return plan.armed && !disarmed_by.empty(); }
    [[nodiscard]] Result<std::string> restore(const Ask& ask, Now now);
    /// Why not, or nothing when it is brought back from now on.
    [[nodiscard]] Refusal hasten(Target& target, Now now);
    [[nodiscard]] Result<std::string> start_drill(const Ask& ask, Now now);
    [[nodiscard]] std::string not_ready_for(const DrillPlan& drill, Now now);
    [[nodiscard]] std::string active_alarm() const;
    void mind_drill(Now now);
    void end_drill(const std::string& why, bool bring_back);
    void recall(const Recall& recall, Now now);
    void end_holds(Now now);
    void set_armed(bool wanted);
    [[nodiscard]] HostView view(const std::string& target, bool whole, Now now);
    [[nodiscard]] TargetView view_of(Target& target, Now now);
    [[nodiscard]] std::vector<StepView> steps_of(Target& target, Now now);

    void record_start(const std::string& policy, Now now);
    void record_evidence(const Topic& of, const std::string& payload, Now now);
    /// `news`: something follows from its feedback.
    void record_receipt(const Receipt& receipt, const Target& target, bool news, Now now);
    void note(EntryKind kind, const Step& step);
    void record_standing(Now now);
    void record_tick(Now now);

    void evaluate(Now now);
    void decide(Now now);
    /// Of what rules ask to shed by power, as much as is needed; staging.cpp.
    void choose_by_power(Now now);
    /// Votes and rung of one target; true when it moved, which is said.
    bool climb(Target& target, Now now);
    /// What drains send elsewhere must find room there: staging.cpp.
    void make_room(Now now);
    void tell_capacity(const std::vector<Burden>& before);
    [[nodiscard]] std::optional<RoomVote> room_of(const Target& target, double share,
                                                  Now now) const;
    [[nodiscard]] bool is_drained(const Target& target, Now now) const;
    /// A drain that sends its load to a site.
    [[nodiscard]] const Rung* sender_to(const std::string& site, Now now) const;
    void look_at_restoration(Now now);
    void look_at_drains(Now now);
    void reading(const Topic& topic, const std::string& payload, Now now);
    [[nodiscard]] std::size_t place_of(const Target& target) const {
        return static_cast<std::size_t>(&target - targets.data());
    }
    void act(Target& target, Now now);
    void switch_outlets(Target& target, const std::vector<Step>& steps, Now now);
    std::vector<Step> allowed(Target& target, Now now);
    void peer(const Topic& topic, const std::string& payload, Now now);
    /// What a peer had put down that is gone: ours to bring back from now on.
    void adopt(const Origin& peer, const PostureNotice& notice, Instant now);
    void succeed(Target& target, const PostureNotice& notice, const Origin& from, Instant now);
    void leave_behind(const std::string& target, const std::vector<std::string>& items,
                      const Origin& from);
    /// Whom to leave it to, while something at our own site wants a drain.
    [[nodiscard]] std::optional<Origin> whom_to_yield_to() const;
    [[nodiscard]] Refusal guards(const Target& target, const Step& step, Now now);
    [[nodiscard]] Refusal guards_down(const Target& target, const Step& step, Instant now);
    [[nodiscard]] Posture rehearsed_or_reached(const Target& target) const;
    [[nodiscard]] Refusal guard_pace(const Target& target, const Step& step, Instant now);
    [[nodiscard]] bool is_paced(const Target& target, const Step& step) const;
    [[nodiscard]] Refusal guards_up(const Target& target, const Step& step, Instant now);
    /// Those that count what one round of steps may take: asked last, of what the rest allow.
    [[nodiscard]] Refusal budget(Target& target, const Step& step, std::size_t fresh, Now now);
    void took(const Target& target, const Step& step, Now now);
    /// Against what later steps of the same round may take.
    void counts(const Target& target, const Step& step);
    void order(Target& target, std::vector<Step> steps, Now now);
    void stepped(const Target& target, Instant now);
    void rehearse(Target& target, const std::vector<Step>& steps, Now now);
    /// One line for what is done to many items for the same reason.
    void tell_steps(const std::vector<Step>& steps, bool for_real);
    /// What has become of each step.
    void tell_outcomes(Target& target, const std::vector<Step>& steps, const ItemStates& states);
    void tell_receipt(const std::string& target, const std::string& action, const std::string& is,
                      const std::vector<std::string>& items);
    static constexpr std::size_t most_items_bytes = 2048;  ///< of one line
    void command(const Target& target, const Step& step, bool for_real, Now now);
    void publish_postures(Now now);
    /// Without its stamp.
    [[nodiscard]] Status status(Now now) const;
    void publish_status(Now now);

    /// For the shell to write; lines beyond what it takes in time are left out.
    void tell(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
        if (lines.size() < most_lines) lines.push_back({level, format_fields(event, fields)});
    }

    void find_stand_ins();
    [[nodiscard]] Target* find(const std::string& name);
    [[nodiscard]] ReadyServers& ready_of(const Target& target);
    [[nodiscard]] std::optional<TierShare>& share_of(const TargetPlan& target);
    /// Ready servers and nodes of its service at other sites; nothing when that is not known.
    [[nodiscard]] std::optional<std::size_t> elsewhere_of(const Target& target);
    [[nodiscard]] const std::set<std::string>& local_to(const TargetPlan& target) const;
    [[nodiscard]] std::string topic(Kind kind, const std::string& name = "") const {
        return to_string(Topic{self, kind, name, ""});
    }

    const PolicyPlan plan;
    const Origin self;
    const Now started;
    Stamper stamper;
    Situation situation;
    Lives lives;
    PeerHosts peers;
    std::optional<Origin> yields_to;  // of one evaluation
    Sealer sealer;
    std::vector<Target> targets;  // as in plan.targets
    std::vector<std::size_t> order_of_acting;
    AlarmAcks alarm_acks;
    Outgoing outgoing;
    struct Drill {
        const DrillPlan* plan = nullptr;
        std::string by;
        Instant end{};
    };
    bool armed;  ///< as the policy says, until an operator says otherwise
    std::string disarmed_by;
    Instant disarmed_at{};  ///< or recalled
    Instant remind_at{};
    /// Nothing arms it again but an operator: who forgot it is told so, now and then.
    static constexpr Duration remind_every = std::chrono::hours(1);
    Holds holds;
    std::optional<Drill> drill;
    std::uint64_t drills_begun = 0;
    bool drill_interrupted = false;  ///< an alarm ended the last one, and some is still active
    std::vector<HostAnswer> answers;
    static constexpr std::size_t most_answers = 64;
    Recorder record;
    std::vector<std::string> sent_again;  ///< in this tick, without deciding anything: targets
    std::string journal_trouble;  ///< why nothing new may be decided: it could not be recorded
    PowerShed power;
    Restoration restoration;
    DrainOrder drain_order;
    Pacing pacing;
    std::vector<Burden> carried;  // by target, where [[capacity]] says what sites hold
    [[nodiscard]] Pace& pace_of(const Target& target) {
        return is_load(*target.plan) ? pace_of_loads : pace_of_traffic;
    }
    Pace pace_of_traffic;
    Pace pace_of_loads;
    bool paced = false;  // a pace held a step back: try again when it allows
    /// What is noted for the curious waits while steps are carried out, and no longer than this:
    /// thousands of messages would take the processor from those who carry them out.
    static constexpr Duration notes_wait = std::chrono::seconds(1);
    std::set<const Target*> stepping;  ///< their steps are with the crew
    Instant notes_from{};
    OrderTaker taker, taker_of_rest;
    std::vector<Order> orders;  ///< those that it did not take
    std::vector<LogLine> lines;
    static constexpr std::size_t most_lines = 4096;
    std::vector<std::vector<const Target*>> sharing;  // by backend: the targets that name it
    std::vector<std::optional<ReadyServers>> ready;   // by backend, of one evaluation
    struct Elsewhere {
        const Target* of = nullptr;
        std::optional<std::size_t> ready;
    };
    Elsewhere elsewhere;  // of the target that was last asked for
    std::map<std::pair<int, bool>, std::optional<TierShare>> shares;  // the same; load or traffic
    std::map<std::string, std::set<std::string>> locals;  // by endpoint, backend and site
    std::map<std::string, std::uint64_t> counters;
    std::set<std::string, std::less<>> logged;
    std::set<std::string> left_behind;  ///< targets of which that has been said
    static constexpr std::size_t most_left_behind = 1024;
    bool linked = false;
    Instant postures_from = never;
    Instant caught_up{};  // until then what arrives may be long past: nothing is decided on it
    Instant heartbeat_at{};
    Instant evaluated_at{};
};

}  // namespace firebreak
