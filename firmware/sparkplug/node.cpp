#include "firmware/sparkplug/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contract/trust.hpp"

namespace firebreak {

namespace {

/// Whoever may write at the broker may ask for births; not for a flood of them.
constexpr Duration rebirth_again = std::chrono::seconds(1);
constexpr int missed_heartbeats = 3;

}  // namespace

SparkplugNode::SparkplugNode(const SitePlan& site, const std::string& group,
                             const std::string& node)
    : site_(site), agent_{site.site, Role::agent, site.agent}, group_(group), node_(node) {
    alarms_.push_back(made("Agent/Online", SparkplugType::boolean));
    for (const auto& alarm : site.alarms) {
        alarm_index_.emplace(alarm.name, alarms_.size());
        alarms_.push_back(made("Alarms/" + alarm.name, SparkplugType::boolean));
    }
    active_.resize(alarms_.size());
    for (const auto& plan : site.devices) {
        auto& device = devices_.emplace_back();
        device.name = plan.name;
        for (const auto& block : plan.blocks) {
            for (const auto index : block.registers) {
                const auto& reg = plan.profile->registers[index];
                points_.emplace(PointId{plan.name, reg.measure},
                                std::pair(devices_.size() - 1, device.metrics.size()));
                device.metrics.push_back(made(
                    reg.measure,
                    reg.type == WordType::text ? SparkplugType::string : SparkplugType::floating,
                    std::string(to_string(reg.unit))));
            }
        }
    }
}

SparkplugNode::Metric SparkplugNode::made(std::string name, SparkplugType type, std::string unit) {
    Metric metric;
    metric.now.name = std::move(name);
    metric.now.alias = ++aliases_;
    metric.now.type = type;
    metric.now.unit = std::move(unit);
    return metric;
}

std::string SparkplugNode::topic(const std::string& kind, const std::string& device) const {
    return fmt::format("spBv1.0/{}/{}/{}{}{}", group_, kind, node_, device.empty() ? "" : "/",
                       device);
}

/// bdSeq goes from 0 to 255 and round.
Message SparkplugNode::next_death(WallTime now) {
    SparkplugMetric number{
        "bdSeq", {}, now, SparkplugType::int64, static_cast<std::int64_t>(connections_++ % 256),
        ""};
    return {topic("NDEATH"), encode(SparkplugPayload{now, {}, {std::move(number)}}), false};
}

std::vector<std::string> SparkplugNode::subscriptions() const {
    std::vector<std::string> filters;
    for (const Kind kind : {Kind::status, Kind::alarm, Kind::reading}) {
        filters.push_back(filter(agent_.site, Role::agent, agent_.id, kind));
    }
    return filters;
}

void SparkplugNode::link_up() {
    up_ = true;
    is_born_ = false;
    offered_.reset();
}

void SparkplugNode::link_down() {
    up_ = false;
    offered_.reset();
}

void SparkplugNode::take(const Arrived& message, Now now) {
    if (message.topic == commands()) {
        const auto asked = asks_rebirth(message.payload);
        if (!asked || !*asked || now.steady < reborn_at_) return;
        reborn_at_ = now.steady + rebirth_again;
        ++rebirths_;
        is_born_ = false;
        return;
    }
    const auto from = parse_topic(message.topic);
    if (!from || from->origin != agent_ || message.payload.size() > max_payload_bytes) return;
    if (from->kind == Kind::reading) {
        if (const auto notice = parse_reading(message.payload)) take_reading(*from, *notice);
        return;
    }
    if (!is_believed(judge(site_.trust, agent_, agent_, message, now.wall))) return;
    if (from->kind == Kind::status) {
        if (const auto status = parse_status(message.payload)) take_status(*status, now.steady);
    } else if (from->kind == Kind::alarm) {
        const auto found = alarm_index_.find(from->name);
        const auto notice = parse_alarm(message.payload);
        if (found == alarm_index_.end() || !notice) return;
        active_[found->second].reset();
        if (notice->phase != Phase::unknown) {
            active_[found->second] = is_active(notice->phase) && !notice->is_silenced();
        }
        show_alarm(found->second, notice->stamp.at);
    }
}

/// While its agent is not there nothing is known of an alarm: least of all that it is clear.
void SparkplugNode::show_alarm(std::size_t index, WallTime at) {
    const auto& active = active_[index];
    if (active && is_online_) {
        set(alarms_[index], *active, at);
    } else {
        set(alarms_[index], std::monostate{}, at);
    }
}

void SparkplugNode::set(Metric& metric, decltype(SparkplugMetric::value) value, WallTime at) {
    metric.is_new = metric.is_new || metric.now.value != value;
    metric.now.value = std::move(value);
    metric.now.at = at;
}

void SparkplugNode::take_reading(const Topic& topic, const ReadingNotice& notice) {
    const auto found = points_.find({topic.name, topic.measure});
    // What is said late is not now, and only the newest of a metric is told.
    if (found == points_.end() || notice.historical) return;
    auto& metric = devices_[found->second.first].metrics[found->second.second];
    if (metric.now.type == SparkplugType::string) {
        set(metric, notice.label, notice.stamp.at);
    } else if (notice.value) {
        set(metric, *notice.value, notice.stamp.at);
    } else {
        set(metric, std::monostate{}, notice.stamp.at);
    }
}

void SparkplugNode::take_status(const Status& status, Instant now) {
    agent_is(status.online, status.stamp.at);
    silent_at_ = status.online ? now + std::chrono::ceil<Duration>(std::chrono::duration<double>(
                                           missed_heartbeats * status.heartbeat_s))
                               : never;
    for (auto& device : devices_) {
        const auto found = status.devices.find(device.name);
        device.answers = status.online && found != status.devices.end() && !found->second.silent;
    }
}

void SparkplugNode::agent_is(bool online, WallTime at) {
    const bool was_online = std::exchange(is_online_, online);
    set(alarms_.front(), online, at);
    if (was_online == online) return;
    for (std::size_t i = 1; i < alarms_.size(); ++i) show_alarm(i, at);
    if (online) return;
    for (auto& device : devices_) device.answers = false;
}

void SparkplugNode::tick(Now now) {
    if (now.steady < silent_at_) return;
    silent_at_ = never;
    agent_is(false, now.wall);
}

Instant SparkplugNode::next_deadline() const {
    return silent_at_;
}

const Message* SparkplugNode::next(Now now) {
    if (!up_) return nullptr;
    if (!offered_) offered_ = compose(now);
    return offered_ ? &*offered_ : nullptr;
}

Message SparkplugNode::said(const std::string& kind, const std::string& device,
                            std::vector<SparkplugMetric> metrics, WallTime now) {
    const auto seq = std::exchange(seq_, (seq_ + 1) % 256);
    return {topic(kind, device), encode(SparkplugPayload{now, seq, std::move(metrics)}), false};
}

std::vector<SparkplugMetric> SparkplugNode::birth(std::vector<Metric>& metrics) {
    std::vector<SparkplugMetric> out;
    for (auto& metric : metrics) {
        metric.is_new = false;
        out.push_back(metric.now);
    }
    return out;
}

std::vector<SparkplugMetric> SparkplugNode::news(std::vector<Metric>& metrics) {
    std::vector<SparkplugMetric> out;
    for (auto& metric : metrics) {
        if (!std::exchange(metric.is_new, false)) continue;
        auto& told = out.emplace_back(metric.now);
        told.name.clear();  // its alias stands for it
        told.unit.clear();
    }
    return out;
}

/// First the node's birth, then its devices', then what is new.
std::optional<Message> SparkplugNode::compose(Now now) {
    if (!is_born_) {
        is_born_ = true;
        seq_ = 0;
        for (auto& device : devices_) device.is_born = false;
        std::vector<SparkplugMetric> metrics{
            {"bdSeq",
             {},
             now.wall,
             SparkplugType::int64,
             static_cast<std::int64_t>((connections_ + 255) % 256),
             ""},
            {"Node Control/Rebirth", {}, now.wall, SparkplugType::boolean, false, ""}};
        for (auto& metric : birth(alarms_)) metrics.push_back(std::move(metric));
        return said("NBIRTH", "", std::move(metrics), now.wall);
    }
    for (auto& device : devices_) {
        if (auto message = compose(device, now)) return message;
    }
    auto metrics = news(alarms_);
    if (metrics.empty()) return std::nullopt;
    return said("NDATA", "", std::move(metrics), now.wall);
}

std::optional<Message> SparkplugNode::compose(Device& device, Now now) {
    if (device.answers != device.is_born) {
        device.is_born = device.answers;
        if (!device.is_born) return said("DDEATH", device.name, {}, now.wall);
        return said("DBIRTH", device.name, birth(device.metrics), now.wall);
    }
    if (!device.is_born) return std::nullopt;
    auto metrics = news(device.metrics);
    if (metrics.empty()) return std::nullopt;
    return said("DDATA", device.name, std::move(metrics), now.wall);
}

}  // namespace firebreak
