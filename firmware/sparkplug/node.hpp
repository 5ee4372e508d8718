// An agent as a Sparkplug B edge node (Eclipse Sparkplug 3.0.0): fed with what the agent says on
// its own topics, it gives births, data by alias, deaths, and births anew when asked. No I/O; time
// is an argument; one thread owns it. Bounded by the site: of a metric only the newest value waits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/message.hpp"
#include "contract/payload.hpp"
#include "contract/support/time.hpp"
#include "contract/topic.hpp"
#include "firmware/site.hpp"
#include "firmware/sparkplug/payload.hpp"

namespace firebreak {

class SparkplugNode {
public:
    /// `site` must outlive this. Group and node: the first levels of its topics.
    SparkplugNode(const SitePlan& site, const std::string& group, const std::string& node);

    /// Of the coming connection, its will: the death that its birth answers to by bdSeq.
    [[nodiscard]] Message next_death(WallTime now);
    [[nodiscard]] std::vector<std::string> subscriptions() const;
    /// Where births anew are asked for: to be heard at QoS 1, all it says itself but deaths at 0.
    [[nodiscard]] std::string commands() const { return topic("NCMD"); }

    void link_up();
    void link_down();
    void take(const Arrived& message, Now now);
    /// An agent that is silent for three heartbeats takes its devices with it.
    void tick(Now now);
    [[nodiscard]] Instant next_deadline() const;

    /// The next message, the same until sent(); nothing while the link is down.
    [[nodiscard]] const Message* next(Now now);
    void sent() { offered_.reset(); }

    [[nodiscard]] std::uint64_t rebirths() const { return rebirths_; }

private:
    struct Metric {
        SparkplugMetric now;  ///< with its name and unit
        bool is_new = false;  ///< since it was last said
    };
    struct Device {
        std::string name;
        std::vector<Metric> metrics;
        bool answers = false;
        bool is_born = false;
    };

    Metric made(std::string name, SparkplugType type, std::string unit = "");
    void set(Metric& metric, decltype(SparkplugMetric::value) value, WallTime at);
    void take_status(const Status& status, Instant now);
    void take_reading(const Topic& topic, const ReadingNotice& notice);
    void agent_is(bool online, WallTime at);
    void show_alarm(std::size_t index, WallTime at);
    [[nodiscard]] std::optional<Message> compose(Now now);
    [[nodiscard]] std::optional<Message> compose(Device& device, Now now);
    [[nodiscard]] Message said(const std::string& kind, const std::string& device,
                               std::vector<SparkplugMetric> metrics, WallTime now);
    [[nodiscard]] static std::vector<SparkplugMetric> birth(std::vector<Metric>& metrics);
    [[nodiscard]] static std::vector<SparkplugMetric> news(std::vector<Metric>& metrics);
    [[nodiscard]] std::string topic(const std::string& kind, const std::string& device = "") const;

    const SitePlan& site_;
    Origin agent_;
    std::string group_, node_;
    std::vector<Metric> alarms_;               ///< the first is whether the agent is there
    std::vector<std::optional<bool>> active_;  ///< of alarms_, as the agent said last
    std::vector<Device> devices_;
    std::map<std::string, std::size_t, std::less<>> alarm_index_;
    std::map<PointId, std::pair<std::size_t, std::size_t>> points_;
    std::uint64_t aliases_ = 0;
    std::uint64_t connections_ = 0;
    std::uint64_t seq_ = 0;
    bool up_ = false;
    bool is_born_ = false;
    bool is_online_ = false;
    Instant silent_at_ = never;
    Instant reborn_at_ = Instant::min();
    std::uint64_t rebirths_ = 0;
    std::optional<Message> offered_;
};

}  // namespace firebreak
