#include "firmware/alarm/watch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace firebreak {

namespace {

/// A group on many devices is sorted when an eighth of it is new, or after this time: its median
/// does not move faster, and each reading need not pay for a sort.
constexpr Duration round_most = std::chrono::milliseconds(250);

template <class Rows, class Same>
std::optional<std::uint32_t> find_row(const Rows& rows, Same same) {
    const auto found = std::find_if(rows.begin(), rows.end(), same);
    if (found == rows.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - rows.begin());
}

}  // namespace

Watch::Memory::Memory(const ConditionPlan& its)
    : quantity(static_cast<std::uint8_t>(its.quantity.index())),
      compare(its.compare),
      samples(its.samples),
      limit(its.limit),
      hysteresis(its.hysteresis),
      held_for(its.held) {
    if (const auto* change = std::get_if<Change>(&its.quantity)) {
        percent = change->percent;
    } else if (const auto* deviation = std::get_if<Deviation>(&its.quantity)) {
        percent = deviation->percent;
        turned = deviation->either_way;
    } else if (const auto* time_to = std::get_if<TimeTo>(&its.quantity)) {
        aim = time_to->limit;
        turned = time_to->falling;
    } else if (const auto* stuck = std::get_if<Stuck>(&its.quantity)) {
        aim = stuck->moved;
    }
}

void Watch::Eye::add_trace(std::uint32_t track) {
    parts.insert(parts.begin() + traces, track);
    ++traces;
}

void Watch::Eye::add_circle(std::uint32_t circle) {
    parts.insert(parts.begin() + traces + circles, circle);
    ++circles;
}

std::uint32_t Watch::eye_of(const PointId& point, const BeliefPlan& belief) {
    auto& same = by_point_[point];
    for (const auto known : same) {
        if (eyes_[known].belief.plan() == belief) return known;
    }
    const auto index = static_cast<std::uint32_t>(eyes_.size());
    Eye eye{Belief(belief)};
    eye.good = eye.sound = start_;
    eyes_.push_back(std::move(eye));
    points_.push_back(point);
    same.push_back(index);
    by_device_[point.device].push_back(index);
    return index;
}

std::uint32_t Watch::track_of(const PointId& point, const BeliefPlan& belief, Duration window) {
    const auto eye = eye_of(point, belief);
    for (const auto known : eyes_[eye].its_traces()) {
        if (tracks_[known].window == window) return known;
    }
    const auto index = static_cast<std::uint32_t>(tracks_.size());
    tracks_.push_back({eye, window, Trace(seconds(window))});
    eyes_[eye].add_trace(index);
    return index;
}

std::uint32_t Watch::circle_of(const Group& group, const BeliefPlan& belief, Duration window) {
    const auto known = find_row(circles_, [&](const Circle& each) {
        return each.group == group && each.belief == belief && each.window == window;
    });
    if (known) return *known;
    const auto index = static_cast<std::uint32_t>(circles_.size());
    Circle circle{group, belief, window, {}, Peers(group->members.size())};
    for (const auto& point : group->members) {
        const auto eye = eye_of(point, belief);
        const bool rates = window > Duration::zero();
        circle.members.push_back(rates ? track_of(point, belief, window) : eye);
        eyes_[eye].add_circle(index);
    }
    circles_.push_back(std::move(circle));
    return index;
}

std::uint32_t Watch::add(const ConditionPlan& plan) {
    Memory memory(plan);
    memory.plan = static_cast<std::uint32_t>(plans_.size());
    const bool points =
        !std::holds_alternative<OtherAlarm>(plan.quantity) && plan.compare != Compare::silent;
    if (points) ask_for(memory, plan);
    conditions_.push_back(memory);
    plans_.push_back(plan);
    return static_cast<std::uint32_t>(conditions_.size() - 1);
}

void Watch::ask_for(Memory& memory, const ConditionPlan& plan) {
    const auto gather = [&](const Group& group, Duration window) {
        if (!group) return;
        memory.peers = true;
        memory.circle = circle_of(group, plan.belief, window);
    };
    const auto follow = [&](Duration window) {
        memory.track = track_of(plan.point, plan.belief, window);
    };
    memory.eye = eye_of(plan.point, plan.belief);
    if (const auto* rate = std::get_if<Rate>(&plan.quantity)) {
        follow(rate->window);
        gather(rate->peers, rate->window);
    } else if (const auto* change = std::get_if<Change>(&plan.quantity)) {
        follow(change->window);
    } else if (const auto* time_to = std::get_if<TimeTo>(&plan.quantity)) {
        follow(time_to->window);
    } else if (const auto* deviation = std::get_if<Deviation>(&plan.quantity)) {
        gather(deviation->peers, Duration::zero());
    } else if (const auto* stuck = std::get_if<Stuck>(&plan.quantity)) {
        gather(stuck->peers, Duration::zero());
    } else if (const auto* difference = std::get_if<Difference>(&plan.quantity)) {
        memory.other = eye_of(difference->other, plan.belief);
    } else if (const auto* overload = std::get_if<Overload>(&plan.quantity)) {
        memory.clock = static_cast<std::uint32_t>(clocks_.size());
        clocks_.emplace_back(overload->curve);
        eyes_[memory.eye].parts.push_back(memory.clock);
    }
}

/// Traces lie too far apart for the processor to see which comes next. Told in time, it need not
/// wait for memory, and ten thousand points cost little more each than a hundred.
void Watch::fetch_ahead(std::span<const std::uint32_t> eyes) const {
    constexpr std::size_t eye_ahead = 6, trace_ahead = 3, sample_ahead = 1;
    if (eyes.size() > eye_ahead) {
        const auto* const next = reinterpret_cast<const char*>(&eyes_[eyes[eye_ahead]]);
        for (std::size_t at = 0; at < sizeof(Eye); at += cache_line) __builtin_prefetch(next + at, 1);
    }
    if (eyes.size() > trace_ahead) {
        for (const auto track : eyes_[eyes[trace_ahead]].its_traces()) {
            tracks_[track].trace.fetch_sums();
        }
    }
    if (eyes.size() > sample_ahead) {
        for (const auto track : eyes_[eyes[sample_ahead]].its_traces()) {
            tracks_[track].trace.fetch_ends();
        }
    }
}

void Watch::hear(const std::string& device, const History& history, Instant now) {
    const auto near = by_device_.find(device);
    if (near == by_device_.end()) return;
    for (std::size_t i = 0; i < near->second.size(); ++i) {
        const auto index = near->second[i];
        fetch_ahead(std::span(near->second).subspan(i));
        auto& eye = eyes_[index];
        if (eye.index == unknown) eye.index = history.find(points_[index]).value_or(unknown);
        if (eye.index == unknown) continue;
        const Seen* newest = history.newest(eye.index);
        // A repeated or late reading is no new sample.
        if (newest == nullptr || newest->at < eye.at) continue;
        if (newest->at == eye.at) {
            correct(eye, *newest);
            continue;
        }
        // One from the future would keep the true ones out until its time has come.
        eye.at = std::min(newest->at, now);
        if (!newest->missing) take(eye, newest->value, eye.at);
    }
}

/// A second word of one instant takes the first one's place where steps are believed. It is no
/// slope: no time has passed.
void Watch::correct(Eye& eye, const Seen& reading) {
    if (reading.missing || reading.value == eye.value) return;
    const auto& plan = eye.belief.plan();
    if (plan.jump > 0 || eye.serial == 0) return;
    if (reading.value < plan.least || reading.value > plan.most) return;
    eye.value = reading.value;
    ++eye.serial;
    for (const auto circle : eye.its_circles()) ++circles_[circle].news;
}

void Watch::take(Eye& eye, double value, Instant at) {
    const double t = since_start(at);
    const auto answer = eye.belief.take(t, value);
    for (const auto circle : eye.its_circles()) ++circles_[circle].news;
    if (answer == Belief::Answer::doubted) return;
    eye.good = at;
    if (!eye.belief.intermittent()) eye.sound = at;
    if (eye.serial == 0 || value != eye.value) {
        if (eye.changes > 0) {
            eye.habit += (t - eye.changed - eye.habit) / std::min(eye.changes, 16U);
        }
        if (eye.serial > 0) ++eye.changes;
        eye.changed = t;
    }
    eye.value = value;
    eye.serial += answer == Belief::Answer::risen ? 2 : 1;
    const auto& noise = eye.belief.noise();
    for (const auto track : eye.its_traces()) {
        auto& trace = tracks_[track].trace;
        if (answer != Belief::Answer::believed) trace.restart();
        trace.add(t, value, noise.sigma(), noise.period());
    }
    for (const auto clock : eye.its_clocks()) clocks_[clock].add(t, value, 5 * noise.period());
}

const Seen* Watch::fresh(const Eye& eye, const History& history, Instant now) const {
    if (eye.index == unknown || !eye.belief.believed()) return nullptr;
    return history.fresh(eye.index, now);
}

void Watch::round(Circle& circle, const History& history, Instant now) {
    const bool all = circle.at == Instant::min();
    const bool many = circle.news * 8 >= circle.members.size();
    const bool late = circle.at != now && (all || now - circle.at >= round_most);
    if (!all && !late && !(many && circle.news > 0)) return;
    circle.at = now;
    circle.news = 0;
    circle.peers.begin();
    for (const auto member : circle.members) {
        if (circle.window > Duration::zero()) {
            const auto& track = tracks_[member];
            if (fresh(eyes_[track.eye], history, now) == nullptr) continue;
            if (const auto line = track.trace.line()) circle.peers.put(line->slope);
        } else if (fresh(eyes_[member], history, now) != nullptr) {
            circle.peers.put(eyes_[member].value);
        }
    }
    circle.peers.end();
}

Verdict Watch::judge(std::uint32_t condition, const History& history, Instant now) {
    auto& memory = conditions_[condition];
    if (memory.compare == Compare::silent) {
        return firebreak::judge(plans_[memory.plan], history, now, memory.held);
    }
    const Figure figure = this->figure(memory, history, now);
    if (figure.missing != nullptr) return Verdict::no_evidence;
    bool met = meets(memory.compare, memory.limit, memory.hysteresis, figure.value, memory.held);
    if (met && !memory.held) met = proven(memory, figure);
    const auto& eye = eyes_[memory.eye];
    if (eye.serial != memory.serial) {
        const auto fresh = static_cast<int>(std::min(eye.serial - memory.serial, 2U));
        memory.serial = eye.serial;
        if (met && memory.row == 0) memory.since = eye.good;
        memory.row = met ? std::min(memory.row, 1 << 20) + fresh : 0;
    }
    const bool by_readings = !memory.is<Missing>();
    if (met && !memory.held && by_readings) {
        met = memory.row >= memory.samples && eye.good - memory.since >= memory.held_for;
    }
    memory.held = met;
    return met ? Verdict::met : Verdict::unmet;
}

/// Whether what exceeds the limit is more than noise, spread or one odd step.
bool Watch::proven(const Memory& memory, const Figure& figure) const {
    // What nothing at all would meet, like a rate below 0.03, needs no proof.
    const bool forecast = memory.is<TimeTo>();
    if (!forecast && meets(memory.compare, memory.limit, memory.hysteresis, 0, false)) return true;
    if (figure.error > 0 && std::abs(figure.value) <= figure.error) return false;
    if (!memory.is<Rate>() && !forecast) return true;
    return !tracks_[memory.track].trace.one_step();
}

Instant Watch::next_change(std::uint32_t condition) const {
    const auto& memory = conditions_[condition];
    if (memory.compare != Compare::above || memory.held || !memory.is<Missing>()) return never;
    // A millisecond beyond: the comparison is strict.
    return eyes_[memory.eye].sound + std::chrono::milliseconds(1) +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(memory.limit));
}

}  // namespace firebreak
