// The other hosts that guard the same targets: which of them is there to act, and what each has put
// down, so that one that dies leaves nothing behind. Owned by the core; bounded by the policy's
// [[peer]]s and targets. Asks no clock.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/posture.hpp"
#include "host/policy.hpp"
#include "host/situation.hpp"

namespace firebreak {

class PeerHosts {
public:
    /// `patience`: how long a peer may stay unheard before it counts as silent.
    PeerHosts(const std::vector<PeerPlan>& peers, Duration patience, Instant now);

    [[nodiscard]] bool know(const Origin& origin) const { return peers_.contains(origin); }

    Heard status(const Origin& peer, const Status& status, Instant now);
    /// What it has of one target; only the newest is kept.
    void posture(const Origin& peer, const PostureNotice& notice);

    void link_up(Instant now) { situation_.link_up(now); }
    void link_down(Instant now) { situation_.link_down(now); }
    void tick(Instant now) { situation_.tick(now); }
    [[nodiscard]] Instant next_deadline() const { return situation_.next_deadline(); }

    /// One that is online, armed and stands at another site; nothing when there is none.
    [[nodiscard]] std::optional<Origin> acting_away_from(const std::string& site) const;

    /// What those hold that are offline or silent: each once.
    [[nodiscard]] std::vector<std::pair<Origin, PostureNotice>> take_orphaned();

private:
    struct Peer {
        bool armed = false;
        std::map<std::string, PostureNotice> postures;  ///< by target, those that hold something
    };

    Situation situation_;  ///< of hosts, not of rooms
    std::map<Origin, Peer> peers_;
};

}  // namespace firebreak
