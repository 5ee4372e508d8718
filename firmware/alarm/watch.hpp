// What the alarms look at: each point once, its belief, the traces, peers and clocks that the
// conditions need, and each condition's own memory. Everything is allocated at start. Owned by the
// alarm book, on the core's thread. Time counts in seconds from the start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware/alarm/belief.hpp"
#include "firmware/alarm/condition.hpp"
#include "contract/overload.hpp"
#include "firmware/alarm/peers.hpp"
#include "firmware/alarm/trace.hpp"

namespace firebreak {

/// A quantity at one instant, or a few words why there is none.
struct Figure {
    double value = 0;
    double error = 0;               ///< above 0: a value nearer to zero than this proves nothing
    const char* missing = nullptr;  ///< set: no evidence
    double peers = 0;               ///< their median, where the quantity has peers
    std::size_t live = 0;           ///< how many of them
};

class Watch {
public:
    explicit Watch(Instant start) : start_(start) {}

    /// At start only. Conditions on other alarms are the book's to judge: their index is not asked.
    std::uint32_t add(const ConditionPlan& plan);

    /// Takes in what is new of a device.
    void hear(const std::string& device, const History& history, Instant now);

    [[nodiscard]] Verdict judge(std::uint32_t condition, const History& history, Instant now);

    /// When the verdict changes by time alone; `never` if readings must come for that.
    [[nodiscard]] Instant next_change(std::uint32_t condition) const;

    /// For people, with numbers: value, limit, peers, age of the evidence, what would clear it.
    [[nodiscard]] std::string explain(std::uint32_t condition, const History& history, Instant now,
                                      Verdict verdict);

private:
    /// A point as one belief sees it.
    struct Eye {
        PointId point;
        Belief belief;
        BeliefPlan plan;
        std::optional<PointIndex> index;
        Instant at = Instant::min();  ///< of the newest reading taken in
        Instant good{};               ///< of the newest believed one, or the start
        Instant sound{};              ///< when last most of the readings were believed
        std::uint32_t serial = 0;     ///< counts believed readings
        double value = 0;
        double changed = 0;  ///< when the value last changed
        double habit = 0;    ///< seconds between changes, usually
        std::uint32_t changes = 0;
        std::vector<std::uint32_t> traces = {}, clocks = {}, circles = {};
    };
    /// One point's trace for one length of window.
    struct Track {
        std::uint32_t eye;
        Duration window;
        Trace trace;
    };
    /// A group's values, or their rates.
    struct Circle {
        Group group;
        BeliefPlan belief;
        Duration window;                     ///< zero: values
        std::vector<std::uint32_t> members;  ///< eyes, or tracks
        Peers peers;
        Instant at = Instant::min();
        std::uint32_t news = 1;  ///< readings since `at`
    };
    struct Memory {
        ConditionPlan plan;
        std::uint32_t eye = 0, other = 0, track = 0, circle = 0, clock = 0;
        bool peers = false;        ///< `circle` is used
        bool held = false;         ///< met when last judged on evidence
        int row = 0;               ///< readings in a row that met it
        std::uint32_t serial = 0;  ///< of the reading that was counted last
        Instant since{};           ///< of the first of them
        double mark = 0;           ///< the peers' median when the point last changed
        std::uint32_t marked = 0;
        bool proof = false;  ///< the peers have moved since, whatever they do now
    };

    std::uint32_t eye_of(const PointId& point, const BeliefPlan& belief);
    std::uint32_t track_of(const PointId& point, const BeliefPlan& belief, Duration window);
    std::uint32_t circle_of(const Group& group, const BeliefPlan& belief, Duration window);
    void ask_for(Memory& memory);
    void take(Eye& eye, const Reading& reading, Instant at);
    void correct(Eye& eye, const Reading& reading);
    void round(Circle& circle, const History& history, Instant now);

    [[nodiscard]] const Reading* fresh(const Eye& eye, const History& history, Instant now) const;
    [[nodiscard]] Figure figure(Memory& memory, const History& history, Instant now);
    [[nodiscard]] Figure rate(const Memory& memory) const;
    [[nodiscard]] Figure change(const Memory& memory, const Change& how) const;
    [[nodiscard]] Figure deviation(const Memory& memory, const Deviation& how) const;
    [[nodiscard]] Figure time_to(const Memory& memory, const TimeTo& how) const;
    [[nodiscard]] Figure stuck(Memory& memory, const Stuck& how, Instant now) const;
    [[nodiscard]] bool proven(const Memory& memory, const Figure& figure) const;
    [[nodiscard]] double since_start(Instant at) const { return seconds(at - start_); }

    Instant start_;
    std::vector<Eye> eyes_;
    std::vector<Track> tracks_;
    std::vector<Circle> circles_;
    std::vector<OverloadClock> clocks_;
    std::vector<Memory> conditions_;
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_device_;
    std::map<PointId, std::vector<std::uint32_t>> by_point_;
};

}  // namespace firebreak
