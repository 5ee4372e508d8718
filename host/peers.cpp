#include "host/peers.hpp"

namespace firebreak {

PeerHosts::PeerHosts(const std::vector<PeerPlan>& peers, Duration patience, Instant now)
    : situation_(patience) {
    for (const auto& peer : peers) {
        const Origin origin{peer.site, Role::host, peer.host};
        situation_.expect(origin, now);
        peers_.emplace(origin, Peer{});
    }
}

Heard PeerHosts::status(const Origin& peer, const Status& status, Instant now) {
    const auto heard = situation_.status(peer, status, now);
    if (heard == Heard::news && status.online) peers_.at(peer).armed = status.armed;
    return heard;
}

void PeerHosts::posture(const Origin& peer, const PostureNotice& notice) {
    auto& postures = peers_.at(peer).postures;
    if (notice.held.empty()) {
        postures.erase(notice.target);
    } else {
        postures.insert_or_assign(notice.target, notice);
    }
}

std::optional<Origin> PeerHosts::acting_away_from(const std::string& site) const {
    for (const auto& [origin, peer] : peers_) {
        const auto* heard = situation_.find(origin);
        const bool online = heard != nullptr && heard->presence == Presence::online;
        if (online && peer.armed && origin.site != site) return origin;
    }
    return std::nullopt;
}

std::vector<std::pair<Origin, PostureNotice>> PeerHosts::take_orphaned() {
    std::vector<std::pair<Origin, PostureNotice>> out;
    for (auto& [origin, peer] : peers_) {
        const auto* heard = situation_.find(origin);
        const bool gone = heard != nullptr && (heard->presence == Presence::offline ||
                                               heard->presence == Presence::silent);
        if (!gone) continue;
        for (auto& [target, notice] : peer.postures) out.emplace_back(origin, std::move(notice));
        peer.postures.clear();
    }
    return out;
}

}  // namespace firebreak
