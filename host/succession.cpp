// What was put down before and is ours now: by an earlier life of this host, or by a peer that is
// gone. And whom to leave a step to that is not gone.
#include <algorithm>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"
#include "host/hostlist.hpp"

namespace firebreak {

void Controller::State::peer(const Topic& topic, const std::string& payload, Now now) {
    if (topic.kind == Kind::posture) {
        const auto notice = parse_posture_notice(payload);
        if (!notice) return dropped("malformed", "posture", notice.error().what);
        if (notice->target != topic.name) {
            return dropped("malformed", "posture", "names another than its topic");
        }
        record_evidence(topic, payload, now);
        return peers.posture(topic.origin, *notice);
    }
    const auto status = parse_status(payload);
    if (!status) return dropped("malformed", "status", status.error().what);
    const auto news = peers.status(topic.origin, *status, now.steady);
    if (news == Heard::news && record.on()) {
        const auto of = to_string(topic);
        record.repeat(of, EntryKind::evidence, now, text_of(Evidence{of, payload}));
    }
    heard(news);
}

void Controller::State::seed(const Topic& topic, const PostureNotice& notice, Now now) {
    if (notice.stamp.boot == stamper.boot()) return;
    Target* target = find(topic.name);
    if (target == nullptr) return leave_behind(topic.name, notice.held, self);
    if (target->seeded) return;
    target->seeded = true;
    record_evidence(topic, to_json(notice), now);
    succeed(*target, notice, self, now.steady);
}

void Controller::State::adopt(const Origin& peer, const PostureNotice& notice, Instant now) {
    Target* target = find(notice.target);
    if (target == nullptr) return leave_behind(notice.target, notice.held, peer);
    succeed(*target, notice, peer, now);
}

/// The policy knows them no more: nobody would bring them back, and nobody would say so.
void Controller::State::leave_behind(const std::string& target,
                                     const std::vector<std::string>& items, const Origin& from) {
    if (items.empty() || left_behind.size() >= most_left_behind) return;
    if (!left_behind.insert(alarm_name(from, target)).second) return;
    const auto folded = fold_hostlist(items, most_items_bytes);
    tell(LogLevel::warning, "left-behind",
         {{"target", target},
          {"from", from.site + '/' + from.id},
          {"count", items.size()},
          {"items", folded.front()},
          {"note",
           "put down before and not in the policy any more: bring them back by hand, or name them "
           "again and restart"}});
}

void Controller::State::succeed(Target& target, const PostureNotice& notice, const Origin& from,
                                Instant now) {
    const auto& items = target.plan->items;
    const auto is_item = [&](const std::string& name) {
        return std::find(items.begin(), items.end(), name) != items.end();
    };
    std::vector<std::string> held;
    std::vector<std::string> strange;
    std::partition_copy(notice.held.begin(), notice.held.end(), std::back_inserter(held),
                        std::back_inserter(strange), is_item);
    leave_behind(notice.target, strange, from);
    const auto ladder = ladder_of(*target.plan);
    if (by_message(*target.plan)) {
        auto action = action_for(ladder, notice.wanted);
        if (depth_of(action) == 0) action = action_for(ladder, Posture::cut);
        for (const auto& item : held) target.ledger.item_is(item, std::string(action), true);
    } else {
        // On the way to a deeper state or back an item may be in either: take what is read.
        const bool drained = action_for(ladder, notice.wanted) == "drain";
        const auto whose = from == self ? Whose::ours : Whose::peers;
        target.ledger.took_over(held, drained ? "drain" : "", whose);
    }
    // Admitted it is not by this: without evidence of our own nothing more is put down.
    if (notice.wanted > target.rung.wanted) {
        target.rung.wanted = notice.wanted;
        target.rung.because = notice.because;
        target.rung.cause = notice.because.empty() ? "calm" : notice.because.front();
        target.rung.cause_began = notice.stamp;
        // Else all of it would be drained where some made room.
        target.makes_room = target.rung.cause.starts_with(room_at);
        target.rung.calm_since = now;
    }
    tell(LogLevel::info, "took-over",
         {{"target", notice.target},
          {"from", from.site + '/' + from.id},
          {"wanted", to_string(notice.wanted)},
          {"held", held.size()}});
}

std::optional<Origin> Controller::State::whom_to_yield_to() const {
    const auto here = plan.site + '/';
    const bool burns = std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
        const auto& because = target.rung.because;
        return target.rung.wanted >= Posture::drain &&
               std::any_of(because.begin(), because.end(),
                           [&](const auto& vote) { return vote.starts_with(here); });
    });
    return burns ? peers.acting_away_from(plan.site) : std::nullopt;
}

}  // namespace firebreak
