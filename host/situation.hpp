// What the host knows of the rooms: the newest alarm notices and the presence of their agents.
// One thread owns it. Ages count from arrival by our own clock; the sender's time is a label.
// Missing evidence neither starts nor ends an alarm here: unknown and pending keep what was.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "contract/alarm.hpp"
#include "contract/status.hpp"
#include "contract/support/time.hpp"
#include "contract/topic.hpp"

namespace firebreak {

enum class Presence : std::uint8_t {
    unheard,  ///< expected, and not yet missed
    online,   ///< said so, within three of its heartbeats
    offline,  ///< its will or its farewell said so
    silent,   ///< no status for three heartbeats
};
[[nodiscard]] std::string_view to_string(Presence presence);

struct HeardAlarm {
    AlarmNotice notice;
    bool active = false;     ///< by the last evidence there was
    Stamp began;             ///< the notice that made it active: what acks and step ids refer to
    bool suspected = false;  ///< of a life nobody has proved: it votes for nothing
};

struct HeardAgent {
    Presence presence = Presence::unheard;
    Instant heard{};          ///< last word of a living agent
    Instant status_at{};      ///< last status, or since when one is awaited
    Instant gone_at{};        ///< since when it is offline or silent
    bool took_leave = false;  ///< it said that it goes: it may only be restarting
    Duration heartbeat{};
    Stamp status;
    std::map<std::string, HeardAlarm, std::less<>> alarms;
};

/// Whether a message was taken, and if not, why.
enum class Heard : std::uint8_t { news, old, no_room };

class Situation {
public:
    static constexpr std::size_t max_agents = 1024;  ///< beside those that are expected
    static constexpr std::size_t max_alarms = 4096;  ///< of one agent, beside those listened for
    static constexpr std::size_t max_alarms_of_all = 131'072;
    static constexpr int missed_heartbeats = 3;

    /// `patience`: how long an expected agent may stay unheard before it counts as silent.
    explicit Situation(Duration patience) : patience_(patience) {}

    /// An agent the policy relies on: its never having spoken is silence, too.
    void expect(const Origin& agent, Instant now);
    /// Alarms the policy names: there is room for them whatever else is said.
    void listen_for(std::set<std::string, std::less<>> alarms) { named_ = std::move(alarms); }

    Heard alarm(const Origin& agent, const AlarmNotice& notice, Instant now);
    Heard status(const Origin& agent, const Status& status, Instant now);
    /// It was said to be active by a life of the agent that nobody has proved: nothing follows
    /// from it, but it is not clear either.
    void suspect(const Origin& agent, const AlarmNotice& notice);
    /// The agent has proved its life: what others are suspected to have said is over.
    void proved(const Origin& agent);

    /// A deaf host must not take its own deafness for the agents' silence.
    void link_up(Instant now);
    void link_down(Instant now);

    void tick(Instant now);
    [[nodiscard]] Instant next_deadline() const;

    /// When a silence will have lasted for `patience`, as far as this host listens; `never` while
    /// it does not, or the agent is there.
    [[nodiscard]] Instant gone_for_at(const HeardAgent& agent, Duration patience) const;
    /// Whether it has. What was heard of a silence is not forgotten while this host is deaf.
    [[nodiscard]] bool gone_for(const HeardAgent& agent, Duration patience, Instant now) const;

    /// Its evidence may start or end something: online and heard within `max_age`.
    [[nodiscard]] static bool fresh(const HeardAgent& agent, Instant now, Duration max_age);

    [[nodiscard]] const std::map<Origin, HeardAgent>& agents() const { return agents_; }
    [[nodiscard]] const HeardAgent* find(const Origin& agent) const;

private:
    HeardAgent* room_for(const Origin& agent, Instant now);
    [[nodiscard]] HeardAlarm* room_for(HeardAgent& agent, const std::string& alarm);
    [[nodiscard]] Instant silent_at(const HeardAgent& agent) const;

    Duration patience_;
    bool listening_ = false;
    Instant deaf_since_{};
    std::map<Origin, HeardAgent> agents_;
    std::set<std::string, std::less<>> named_;
    std::size_t expected_ = 0;
    std::size_t alarms_ = 0;  ///< of all agents
};

}  // namespace firebreak
