// The agent's core and its poll schedules in simulated time, against devices that fail in every
// way a bus knows. No thread, socket or sleep. The same hour is lived again and again, and ends
// with nine quiet minutes: what is held then after a few hours is held after the last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "firmware/bus/poll_schedule.hpp"
#include "tests/support/profile_of.hpp"

namespace firebreak {

/// What happened, to show that the faults were there.
struct SoakCounts {
    std::uint64_t reads = 0;  ///< done, well or not
    std::uint64_t good = 0;
    std::uint64_t timeouts = 0, corrupt = 0, refused = 0, busy = 0, port_lost = 0;
    std::uint64_t garbage = 0, too_short = 0;
    std::uint64_t orders = 0, writes = 0, messages = 0;
};

class Soak {
public:
    Soak(std::size_t buses, std::size_t devices_a_bus, Duration period)
        : plan_(site(buses, devices_a_bus, period)), agent_(plan_, "soak", at(begin)) {
        for (std::size_t bus = 0; bus < buses; ++bus) {
            lines_.push_back(std::make_unique<Line>(plan_, bus));
        }
        for (const auto& device : plan_.devices) polled_.push_back({device.blocks, 0});
    }

    /// Lives on until this long after the start.
    void run_until(Duration story) {
        while (now_ < begin + story) {
            for (std::size_t bus = 0; bus < lines_.size(); ++bus) start(bus);
            now_ = std::max(now_, std::min(next_event(), begin + story));
            for (std::size_t bus = 0; bus < lines_.size(); ++bus) finish(bus);
            hear_broker();
            agent_.tick(at(now_));
            carry();
        }
    }

    [[nodiscard]] const SoakCounts& counts() const { return counts_; }

private:
    static constexpr Instant begin{std::chrono::hours(1000)};
    static constexpr std::uint16_t hole = 12;  ///< of every fourth device: not there

    struct UnderWay {
        Poll poll;
        std::uint32_t revision;
        Result<Words> words;
        Instant ends;
    };
    struct Line {
        Line(const SitePlan& plan, std::size_t bus) : schedule(plans_of(plan, bus), begin) {}
        PollSchedule schedule;
        std::optional<UnderWay> under_way;
        std::deque<WriteOrder> writes;
        std::deque<PollOrder> orders;  ///< as in BusThread, taken between two reads
    };
    struct Polled {
        std::vector<Block> blocks;
        std::uint32_t revision;
    };
    enum class Mood : std::uint8_t {
        well,
        silent,
        corrupt,
        illegal_address,
        illegal_value,
        failure,
        busy,
        garbage,
        too_short,
        port_lost
    };

    static Now at(Instant steady) {
        return {steady, WallTime{} + std::chrono::floor<std::chrono::milliseconds>(steady - begin)};
    }
    static std::vector<PollPlan> plans_of(const SitePlan& plan, std::size_t bus) {
        std::vector<PollPlan> plans;
        for (std::size_t i = 0; i < plan.devices.size(); ++i) {
            if (plan.devices[i].bus != bus) continue;
            for (auto& each : poll_plans(i, plan.devices[i].blocks)) plans.push_back(each);
        }
        return plans;
    }

    static Register reg(std::string measure, Table table, std::uint16_t address, WordType type) {
        Register out;
        out.measure = std::move(measure);
        out.table = table;
        out.address = address;
        out.type = type;
        return out;
    }
    static std::shared_ptr<const Profile> profile() {
        auto heat = reg("battery.temperature", Table::input, 10, WordType::i16);
        heat.scale = 0.1;
        heat.missing = {0x7FFF};
        heat.least = -40;
        heat.most = 150;
        auto mode = reg("ups.mode", Table::input, 11, WordType::u16);
        mode.labels = {{0, "line"}, {1, "battery"}};
        auto load = reg("ups.load", Table::input, hole, WordType::u16);
        auto serial = reg("device.serial", Table::input, 20, WordType::text);
        serial.length = 8;
        serial.period = std::chrono::minutes(1);
        auto power = reg("ups.realpower", Table::input, 30, WordType::f32);
        auto charge = reg("battery.charge", Table::input, 32, WordType::u16);
        charge.scale_register = 33;
        auto outlet = reg("outlet.switch", Table::coil, 0, WordType::bit);
        outlet.writable = true;
        return profile_of({heat, mode, load, serial, power, charge, outlet},
                          [](Profile& profile) { profile.holes_allowed = true; });
    }
    static SitePlan site(std::size_t buses, std::size_t devices_a_bus, Duration period) {
        SitePlan plan;
        plan.site = "soak";
        plan.agent = "a";
        plan.heartbeat = std::chrono::minutes(1);
        plan.trusted_hosts = {"h"};
        plan.buses.resize(buses);
        const auto shared = profile();
        std::vector<std::size_t> wanted(shared->registers.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
        for (std::size_t i = 0; i < buses * devices_a_bus; ++i) {
            DevicePlan device;
            device.name = "d" + std::to_string(i);
            device.bus = i % buses;
            device.unit = static_cast<std::uint8_t>(1 + i / buses);
            device.profile = shared;
            device.period = period;
            device.fast = period / 2;
            device.silent_after = 5 * period;
            device.blocks = plan_blocks(*shared, wanted, 0, period);
            plan.devices.push_back(std::move(device));
            AlarmPlan hot;
            hot.name = "hot" + std::to_string(i);
            hot.conditions = {
                {{plan.devices[i].name, "battery.temperature"}, Compare::above, 60, 5}};
            hot.on_delay = hot.off_delay = period;
            plan.alarms.push_back(hot);
            AlarmPlan silent;
            silent.name = "silent" + std::to_string(i);
            silent.conditions = {{{plan.devices[i].name, ""}, Compare::silent, 0, 0}};
            silent.latch = i % 2 == 0;
            plan.alarms.push_back(silent);
            plan.outlets.push_back({"o" + std::to_string(i), i, "outlet.switch", true});
        }
        return plan;
    }

    /// The same for the same moment of every hour.
    [[nodiscard]] std::uint32_t dice(std::uint64_t who, Duration step) const {
        const auto moment = static_cast<std::uint64_t>(hour_so_far() / step);
        std::minstd_rand random(
            static_cast<std::minstd_rand::result_type>(1 + who * 7919 + moment * 104729));
        random.discard(3);
        return static_cast<std::uint32_t>(random());
    }
    [[nodiscard]] Duration hour_so_far() const { return (now_ - begin) % std::chrono::hours(1); }

    [[nodiscard]] Mood mood(std::size_t bus, std::size_t device) const {
        const auto moment = hour_so_far();
        if (moment >= std::chrono::minutes(51)) return Mood::well;
        if (moment >= std::chrono::minutes(50)) return Mood::silent;
        if (dice(bus, std::chrono::seconds(20)) % 40 == 0) return Mood::port_lost;
        const auto throw_ = dice(100 + device, std::chrono::seconds(45)) % 20;
        return throw_ < 9 ? static_cast<Mood>(throw_) : Mood::well;
    }

    /// What a device in this mood answers to this block, and how long that takes.
    std::pair<Result<Words>, Duration> answer(Mood mood, std::size_t device, const Block& block) {
        using std::chrono::milliseconds;
        const bool asks_hole = block.table == Table::input && block.address <= hole &&
                               hole < block.address + block.count;
        Words words(block.count);
        switch (mood) {
            case Mood::silent:
                return {fail(Fault::timeout, "no answer"), milliseconds(500)};
            case Mood::corrupt:
                return {fail(Fault::corrupt, "bad checksum"), milliseconds(100)};
            case Mood::illegal_address:
                return {refusal(2), milliseconds(20)};
            case Mood::illegal_value:
                return {refusal(3), milliseconds(20)};
            case Mood::failure:
                return {refusal(4), milliseconds(20)};
            case Mood::busy:
                return {tl::unexpected(Error{Fault::busy, "busy", 6}), milliseconds(20)};
            case Mood::port_lost:
                return {fail(Fault::port_lost, "no such device"), milliseconds(1)};
            case Mood::garbage:
                for (auto& word : words) word = static_cast<std::uint16_t>(random_());
                return {std::move(words), milliseconds(20)};
            case Mood::too_short:
                words.pop_back();
                return {std::move(words), milliseconds(20)};
            case Mood::well:
                break;
        }
        if (device % 4 == 0 && asks_hole) return {refusal(2), milliseconds(20)};
        for (std::size_t i = 0; i < words.size(); ++i) {
            words[i] = static_cast<std::uint16_t>(block.table == Table::coil ? 1 : i + 200);
        }
        return {std::move(words), milliseconds(20)};
    }
    static Result<Words> refusal(std::uint8_t code) {
        return tl::unexpected(Error{Fault::refused, "exception", code});
    }

    void start(std::size_t bus) {
        auto& line = *lines_[bus];
        if (line.under_way) return;
        for (; !line.orders.empty(); line.orders.pop_front()) {
            auto& order = line.orders.front();
            line.schedule.replace(order.device, poll_plans(order.device, order.blocks), now_);
            polled_[order.device] = {std::move(order.blocks), order.revision};
        }
        while (!line.writes.empty()) {
            const auto order = std::move(line.writes.front());
            line.writes.pop_front();
            ++counts_.writes;
            const bool well = mood(bus, order.device) == Mood::well;
            agent_.handle(WriteReport{order.ticket,
                                      well ? Result<Words>(order.request.words)
                                           : fail(Fault::timeout, "writing: no answer"),
                                      now_},
                          at(now_));
        }
        const auto poll = line.schedule.next(now_);
        if (!poll) return;
        const auto& device = polled_[poll->device];
        const auto mood_now = mood(bus, poll->device);
        auto [words, takes] = answer(mood_now, poll->device, device.blocks[poll->block]);
        count(mood_now, words);
        line.under_way = UnderWay{*poll, device.revision, std::move(words), now_ + takes};
    }

    void count(Mood mood_now, const Result<Words>& words) {
        ++counts_.reads;
        if (mood_now == Mood::garbage) ++counts_.garbage;
        if (mood_now == Mood::too_short) ++counts_.too_short;
        if (mood_now == Mood::well && words) ++counts_.good;
        if (words) return;
        switch (words.error().fault) {
            case Fault::timeout:
                ++counts_.timeouts;
                break;
            case Fault::corrupt:
                ++counts_.corrupt;
                break;
            case Fault::busy:
                ++counts_.busy;
                break;
            case Fault::port_lost:
                ++counts_.port_lost;
                break;
            default:
                ++counts_.refused;
        }
    }

    [[nodiscard]] Instant next_event() const {
        Instant next = std::min(agent_.next_deadline(), next_word_);
        for (const auto& line : lines_) {
            next = std::min(next, line->under_way ? line->under_way->ends : line->schedule.wake());
        }
        return next;
    }

    void finish(std::size_t bus) {
        auto& line = *lines_[bus];
        if (!line.under_way || line.under_way->ends > now_) return;
        auto done = *std::exchange(line.under_way, std::nullopt);
        const auto fault = done.words ? std::nullopt : std::optional(done.words.error().fault);
        line.schedule.done(done.poll, fault, now_);
        agent_.handle(BusReport{done.poll.device, done.poll.block, std::move(done.words), now_,
                                done.revision, 0},
                      at(now_));
    }

    /// Once a minute somebody says something: hosts we trust and do not, nonsense, an operator.
    void hear_broker() {
        if (now_ < next_word_) return;
        next_word_ += std::chrono::minutes(1);
        const auto device = std::to_string(++said_ % plan_.devices.size());
        const Origin host{"soak", Role::host, said_ % 5 == 0 ? "x" + std::to_string(said_) : "h"};
        const Stamp stamp{"host-" + std::to_string(said_ / 60), said_, at(now_).wall};
        const Command command{"c" + std::to_string(said_),
                              "t" + device,
                              "o" + device,
                              said_ % 2 == 0 ? "on" : "off",
                              true,
                              "soak/a/hot0",
                              stamp};
        hear({to_string(Topic{host, Kind::command, command.target, ""}), to_json(command)});
        OperatorRequest request;
        request.alarm = "silent" + device;
        request.action = OperatorAction::reset;
        request.by = "soak";
        hear({to_string(Topic{host, Kind::operator_request, request.alarm, ""}), to_json(request)});
        hear({"firebreak/1/soak/host/h/command/t1", "{\"no\": " + std::to_string(said_)});
        const bool down = said_ % 30 >= 20 && said_ % 30 < 25;
        if (down != down_) agent_.handle(down ? AgentInput(LinkDown{"soak"}) : LinkUp{}, at(now_));
        down_ = down;
    }
    void hear(Arrived arrived) { agent_.handle(std::move(arrived), at(now_)); }

    void carry() {
        for (auto& order : agent_.take_writes()) {
            lines_[plan_.devices[order.device].bus]->writes.push_back(std::move(order));
        }
        for (auto& order : agent_.take_polls()) {
            ++counts_.orders;
            lines_[plan_.devices[order.device].bus]->orders.push_back(std::move(order));
        }
        static_cast<void>(agent_.take_notes());
        while (agent_.next_message() != nullptr) {
            ++counts_.messages;
            agent_.message_sent();
        }
    }

    SitePlan plan_;
    Instant now_ = begin;
    Agent agent_;
    std::vector<std::unique_ptr<Line>> lines_;  // a schedule stays where it is
    std::vector<Polled> polled_;
    std::minstd_rand random_{1};
    Instant next_word_ = begin;
    std::uint64_t said_ = 0;
    bool down_ = true;
    SoakCounts counts_;
};

}  // namespace firebreak
