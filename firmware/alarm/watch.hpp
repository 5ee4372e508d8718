// What the alarms look at: each point once, its belief, the traces, peers and clocks that the
// conditions need, and each condition's own memory. Everything is allocated at start. Owned by the
// alarm book, on the core's thread. Time counts in seconds from the start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "contract/overload.hpp"
#include "firmware/alarm/belief.hpp"
#include "firmware/alarm/condition.hpp"
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
    static constexpr PointIndex unknown = std::numeric_limits<PointIndex>::max();
    static constexpr std::size_t cache_line = 64;  ///< bytes that the processor fetches at once

    /// A point as one belief sees it. Its name stands apart: no reading asks for it.
    struct alignas(cache_line) Eye {
        Belief belief;
        PointIndex index = unknown;
        std::uint32_t serial = 0;  ///< counts believed readings
        std::uint32_t changes = 0;
        std::uint32_t traces = 0, circles = 0;
        Instant at = Instant::min();  ///< of the newest reading taken in
        Instant good{};               ///< of the newest believed one, or the start
        Instant sound{};              ///< when last most of the readings were believed
        double value = 0;
        double changed = 0;                     ///< when the value last changed
        double habit = 0;                       ///< seconds between changes, usually
        std::vector<std::uint32_t> parts = {};  ///< first its traces, then circles, then clocks

        using Parts = std::span<const std::uint32_t>;
        [[nodiscard]] Parts its_traces() const { return Parts(parts).first(traces); }
        [[nodiscard]] Parts its_circles() const { return Parts(parts).subspan(traces, circles); }
        [[nodiscard]] Parts its_clocks() const { return Parts(parts).subspan(traces + circles); }
        void add_trace(std::uint32_t track);
        void add_circle(std::uint32_t circle);
    };
    /// One point's trace for one length of window.
    struct alignas(cache_line) Track {
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
    /// A condition: what every reading asks of its plan, and what it remembers. The plan itself
    /// stands apart: tens of thousands of them are not to pass through the cache each second.
    struct Memory {
        explicit Memory(const ConditionPlan& plan);
        template <class T>
        [[nodiscard]] bool is() const {
            return quantity == place_in<T>(static_cast<const Quantity*>(nullptr));
        }

        std::uint8_t quantity;  ///< which of Quantity's kinds
        Compare compare;
        bool peers = false;    ///< `circle` is used
        bool held = false;     ///< met when last judged on evidence
        bool proof = false;    ///< the peers have moved since `marked`, whatever they do now
        bool percent = false;  ///< of Change and Deviation
        bool turned = false;   ///< Deviation's either_way, TimeTo's falling
        int samples;
        double limit, hysteresis;
        double aim = 0;  ///< TimeTo's limit, Stuck's moved
        Duration held_for;
        std::uint32_t eye = 0, other = 0, track = 0, circle = 0, clock = 0;
        std::uint32_t plan = 0;    ///< in plans_
        int row = 0;               ///< readings in a row that met it
        std::uint32_t serial = 0;  ///< of the reading that was counted last
        Instant since{};           ///< of the first of them
        double mark = 0;           ///< the peers' median when the point last changed
        std::uint32_t marked = 0;

    private:
        template <class T, class... All>
        static constexpr std::uint8_t place_in(const std::variant<All...>*) {
            std::uint8_t place = 0;
            static_cast<void>(((std::is_same_v<T, All> || (++place, false)) || ...));
            return place;
        }
    };

    std::uint32_t eye_of(const PointId& point, const BeliefPlan& belief);
    std::uint32_t track_of(const PointId& point, const BeliefPlan& belief, Duration window);
    std::uint32_t circle_of(const Group& group, const BeliefPlan& belief, Duration window);
    void ask_for(Memory& memory, const ConditionPlan& plan);
    void take(Eye& eye, double value, Instant at);
    void correct(Eye& eye, const Seen& reading);
    void round(Circle& circle, const History& history, Instant now);

    [[nodiscard]] const Seen* fresh(const Eye& eye, const History& history, Instant now) const;
    [[nodiscard]] Figure figure(Memory& memory, const History& history, Instant now);
    [[nodiscard]] Figure rate(const Memory& memory) const;
    [[nodiscard]] Figure change(const Memory& memory) const;
    [[nodiscard]] Figure deviation(const Memory& memory) const;
    [[nodiscard]] Figure time_to(const Memory& memory) const;
    [[nodiscard]] Figure stuck(Memory& memory, Instant now) const;
    [[nodiscard]] bool proven(const Memory& memory, const Figure& figure) const;
    void fetch_ahead(std::span<const std::uint32_t> eyes) const;
    [[nodiscard]] double since_start(Instant at) const { return seconds(at - start_); }

    Instant start_;
    std::vector<Eye> eyes_;
    std::vector<Track> tracks_;
    std::vector<Circle> circles_;
    std::vector<OverloadClock> clocks_;
    std::vector<Memory> conditions_;
    std::vector<PointId> points_;       ///< as eyes_
    std::vector<ConditionPlan> plans_;  ///< as conditions_
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_device_;
    std::map<PointId, std::vector<std::uint32_t>> by_point_;
};

}  // namespace firebreak
