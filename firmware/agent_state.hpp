// What an Agent is made of. Internal to agent.cpp (what comes in), agent_alarms.cpp (alarms and
// their operators), agent_outputs.cpp (what goes out), agent_late.cpp (what waited for a link) and
// agent_metrics.cpp; owned by the core's thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/challenge.hpp"
#include "contract/payload.hpp"
#include "contract/status.hpp"
#include "contract/topic.hpp"
#include "firmware/actions.hpp"
#include "firmware/agent.hpp"
#include "firmware/alarm/annunciator.hpp"
#include "firmware/alarm/book.hpp"
#include "firmware/births.hpp"
#include "firmware/host_acks.hpp"
#include "firmware/outbox/backlog.hpp"
#include "firmware/outbox/newest.hpp"
#include "firmware/outbox/outbox.hpp"
#include "firmware/outlets.hpp"
#include "firmware/polling.hpp"
#include "firmware/readings.hpp"
#include "firmware/store/archive.hpp"

namespace firebreak {

/// Log lines kept for a shell that does not take them.
inline constexpr std::size_t max_notes = 64;

struct Agent::State {
    State(SitePlan site, std::string boot, Now start, std::optional<Remembered> earlier);

    SitePlan plan;
    Origin me;
    Stamper stamper;
    Outbox outbox;
    Backlog backlog;
    NewestReadings newest;  ///< by PointIndex
    enum class Offered : std::uint8_t { outbox, late, newest };
    Offered offered = Offered::outbox;
    Message spoken;                 ///< of a reading, as it is offered
    bool thinning_is_told = false;  ///< in this outage
    Polling polling;
    Readings readings;
    AlarmBook book;
    Annunciator annunciator;
    std::optional<Archive> archive;  ///< nothing without a store
    std::vector<AlarmNotice> kept;   ///< by alarm: what the archive knows of it
    bool flooded = false;
    WallTime flood_since{};
    Outlets outlets;
    Actions actions;
    Births births;
    HostAcks host_acks;
    Now began;
    Instant next_heartbeat;
    std::vector<WallTime> since;  ///< of each alarm's phase, a label
    std::map<std::string, std::uint64_t> counters;
    std::set<std::string> complained;  ///< reasons and kinds of topic that have been told once
    Sealer sealer;
    Challenge challenge;
    std::map<Origin, Stamp> hosts;                               ///< their newest status
    std::deque<std::pair<std::string, std::uint64_t>> requests;  ///< boot and seq of signed ones
    Stamp twin;                          ///< of a status that another life of ours has said
    Instant status_at = Instant::min();  ///< when it was last said
    std::vector<Note> notes;

    [[nodiscard]] std::string topic(Kind kind, std::string name = "", std::string measure = "") {
        return to_string(Topic{me, kind, std::move(name), std::move(measure)});
    }
    [[nodiscard]] bool trusts(const Origin& sender) const {
        return sender.role == Role::host &&
               std::find(plan.trusted_hosts.begin(), plan.trusted_hosts.end(), sender.id) !=
                   plan.trusted_hosts.end();
    }

    void note(LogLevel level, std::string event, std::string detail) {
        // A shell that does not take them must not make them pile up.
        if (notes.size() < max_notes) notes.push_back({level, std::move(event), std::move(detail)});
    }

    // ---- inputs ----
    void on(const BusReport& report, Now now) {
        hear(readings.take(report, polling.block_of(report), now.steady), now);
        polling.take(report, now.steady);
    }
    void on(const WriteReport& report, Now now) {
        auto shown = actions.owns(report) ? actions.take(report) : outlets.take(report);
        if (shown) hear(readings.note(shown->first, std::move(shown->second), now.steady), now);
    }
    void on(const LinkUp& link, Now now) {
        ++counters["link.ups"];
        outbox.link_up();
        newest.link_up();
        say_status(now);
        note(LogLevel::info, "link_up", link.broker);
        announce_late();
    }
    void on(const LinkDown& down, Now) {
        outbox.link_down();
        newest.link_down();
        note(LogLevel::warning, "link_down", down.why);
    }
    void on(const Delivered& delivered, Now) { outbox.journal().delivered(delivered.ticket); }
    void on(const StoreReport& report, Now now);
    void on(const Arrived& arrived, Now now);
    void on_own_alarm(const AlarmNotice& notice, Now now);
    void believed(const Topic& topic, const std::string& payload, bool genuine, Now now);
    void on_command(const Topic& topic, const Command& command, bool genuine, Now now);
    void on_host(const Origin& host, const Status& status, Now now);
    void on_own_status(const Status& status);
    void on_operator(const Topic& topic, const OperatorRequest& request, Now now);
    [[nodiscard]] bool is_fresh(const std::optional<Echo>& to, bool genuine, Now now) const;
    [[nodiscard]] bool is_first(const OperatorRequest& request);
    void drop(std::string_view reason, const std::string& what, const std::string& why);

    /// Gives `use` the parsed payload; one that breaks the contract is counted and dropped.
    template <class T, class Use>
    void with(const Topic& from, const Result<T>& parsed, Use use) {
        if (parsed) {
            use(*parsed);
            return;
        }
        drop("malformed", to_string(from), parsed.error().what);
    }

    // ---- outputs ----
    void hear(const ReadingNews& news, Now now);
    void keep_late(PointIndex point, const Reading& what, const Stamp& stamp);
    void announce_late();
    [[nodiscard]] const Message* next_late();
    [[nodiscard]] const Message* message_of(PointIndex point, ReadingNotice notice, bool retained);
    [[nodiscard]] const Message* next_message();
    void message_sent();
    void tell(const std::vector<Transition>& transitions, Now now) {
        for (const auto& transition : transitions) tell(transition, now);
    }
    /// `by` asked for it, if anybody did.
    void tell(const Transition& transition, Now now, const std::string& by = "");
    /// The seq of the notice.
    std::uint64_t announce(const Transition& transition, Now now);
    void await_hosts(Now now);
    void on_host_ack(const Topic& topic, const Ack& ack);
    void record(const AlarmEvent& event);
    void keep(std::size_t alarm, const AlarmNotice& notice);
    void restore(const Remembered& earlier, Now start);
    void annunciate(Now now);
    void say_flood(Now now);
    [[nodiscard]] AlarmNotice notice_of(std::size_t alarm, Now now);
    void set_pace(const AlarmPlan& moved);
    /// The seq of the notice.
    std::uint64_t say_alarm(std::size_t alarm, Now now);
    void say_answers(Now now);
    void say_actions(Now now);
    void say_status(Now now);
    [[nodiscard]] Status status(bool online, Now now, Stamp stamp) const;

    void advance(Now now);
};

}  // namespace firebreak
