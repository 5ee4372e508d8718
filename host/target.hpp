// One target as the controller carries it along: its votes, its rung, its ledger, what is
// published of it. Plain state with pure questions; the controller's thread owns it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/guard.hpp"
#include "host/journal/words.hpp"
#include "host/ledger.hpp"
#include "host/outlet_orders.hpp"
#include "host/policy.hpp"
#include "host/vote.hpp"

namespace firebreak {

/// What a target gives up at its site for more important services.
struct RoomVote {
    Vote vote;
    std::set<std::string> items;  ///< that are to be down
};

struct Target {
    const TargetPlan* plan = nullptr;
    std::size_t backend = 0;               ///< which of all there are, where it has one
    std::vector<const Target*> stand_ins;  ///< its service at other sites, behind other backends
    std::vector<Ballot> ballots;
    VoteCount poll;
    Rung rung;
    std::optional<std::vector<Ballot>> counted;  ///< as they count where some shed by power
    bool by_power = false;                       ///< nothing but power asks for its shedding
    std::optional<std::set<std::string>> only;   ///< by power: the items that are to be off
    std::uint64_t only_revision = 0;             ///< grows with every change of `only`
    std::string power_doubt;                     ///< why no more is chosen of it
    std::string doubt;  ///< why the present rung is not left, though nobody votes for it
    TargetLedger ledger;
    OutletOrders outlets;
    std::set<std::string> rehearsed;  ///< ids of steps already told of, since the rung changed
    bool rehearsing = false;          ///< all that is wanted has been rehearsed
    bool acted = false;               ///< put something down since it was last normal
    bool seeded = false;              ///< an earlier life's notice was taken over
    std::string refusal;              ///< why a guard holds a step back
    bool settling = false;            ///< it is but time until what a step did can be seen
    int fresh = 0;                    ///< agents it listens to and whose word is fresh
    Instant spaced_until{};           ///< no further step before
    Instant yields_until{};           ///< left to a peer before, while our own site burns
    Instant voted_at{};               ///< when somebody last asked for the present rung
    bool expired = false;             ///< that was longer ago than the policy likes
    std::string absence;              ///< by message: its agent does not listen
    std::optional<PostureNotice> published;  ///< without its stamp
    std::uint64_t published_of = 0;          ///< its revision then

    bool hastened = false;         ///< an operator asked for it back: `calm_for` need not pass
    bool interrupted = false;      ///< an alarm ended its drill: it stays down while any is active
    std::optional<RoomVote> room;  ///< what it is asked to give up
    bool makes_room = false;       ///< nothing but that asks for its drain
    std::optional<Vote> drill;     ///< what a drill asks, while it lasts
    std::set<std::string> drill_items;  ///< only these, while the drill leads; none: all

    Stand recorded;                ///< as the journal knows it
    std::string recorded_refusal;  ///< the same, without its digits

    // Worked out of the ledger; thousands of targets are asked at every message.
    using Basis = std::pair<std::uint64_t, Posture>;  // its revision, the rung wanted
    std::optional<Basis> rested;                      ///< on this basis there was nothing to do
    mutable std::optional<std::pair<Basis, Posture>> reached_on;
    mutable std::optional<std::pair<std::uint64_t, std::string>> absent_on;

    /// Before all else; `its` must outlive this.
    void is(const TargetPlan& its);

    /// Votes and rung at `now`; true when the rung changed.
    /// Nothing new begins while it is `unrecorded`, which says why it cannot be written down.
    bool climb(const PolicyPlan& policy, const Situation& situation, const std::string& unrecorded,
               Instant now);
    /// True once, when nobody has voted for the present rung for longer than `after`.
    bool expires(Duration after, Instant now);

    /// By power only these items, and those already down, are asked to be off.
    void shed_only(std::set<std::string> items);

    /// Asked for room, or no longer: some items go down, some may come back.
    void give_room(std::optional<RoomVote> wanted);
    /// What its alarms ask for, room aside.
    [[nodiscard]] Posture asked() const;

    /// Changes with what is known, held or chosen; both parts only grow.
    [[nodiscard]] std::uint64_t revision() const { return ledger.revision() + only_revision; }
    [[nodiscard]] Basis basis() const { return {revision(), rung.wanted}; }
    [[nodiscard]] Posture reached() const;
    [[nodiscard]] bool is_read() const;
    [[nodiscard]] Wish wish() const { return {rung.wanted, rung.cause, rung.cause_began}; }
    [[nodiscard]] std::vector<Step> steps() const;
    /// What holds it back, for people: a fault first, then a guard, then doubt.
    [[nodiscard]] std::string blocked() const;
    [[nodiscard]] PostureNotice notice(bool armed) const;
    /// Whether notice() would say something else than what is published.
    [[nodiscard]] bool has_news() const;

private:
    [[nodiscard]] bool is_by_power() const;
    [[nodiscard]] bool is_making_room() const;
    [[nodiscard]] std::vector<Step> room_steps() const;
    /// Which item the endpoint does not know, for people, or "".
    [[nodiscard]] const std::string& absent_item() const;
};

/// Acknowledges alarms once what they asked for has been done, rehearsed, refused or failed.
class AlarmAcks {
public:
    /// Those not said before; about, boot, seq, outcome and detail are filled in.
    [[nodiscard]] std::vector<Ack> due(const std::vector<Target>& targets, bool armed);

    /// The agent says the alarm once more: it may not have had the ack.
    void say_again(const Origin& agent, const AlarmNotice& notice);

private:
    struct Said {
        Stamp began;
        std::optional<Outcome> outcome;
    };
    std::map<std::pair<Origin, std::string>, Said> said_;
};

}  // namespace firebreak
