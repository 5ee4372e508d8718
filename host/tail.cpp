#include "host/tail.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>

#include "contract/link/link.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "contract/view/screen.hpp"
#include "host/policy_file.hpp"

namespace firebreak {

namespace {

constexpr std::size_t inbox_capacity = 1U << 16U;
constexpr Duration redraw = std::chrono::milliseconds(250);
/// For retained state to come in before the one table is drawn.
constexpr Duration look = std::chrono::seconds(2);

Instant steady_now() {
    return std::chrono::steady_clock::now();
}

LinkOptions link_options(const PolicyPlan& plan) {
    LinkOptions options;
    options.broker = plan.broker;
    options.client_id = "firebreak-tail-" + make_boot_id();
    for (const Kind kind : {Kind::status, Kind::alarm, Kind::action, Kind::reading}) {
        options.subscriptions.push_back(filter("+", Role::agent, "+", kind));
    }
    for (const Kind kind : {Kind::status, Kind::posture}) {
        options.subscriptions.push_back(filter("+", Role::host, "+", kind));
    }
    return options;
}

class Tail {
public:
    Tail(const PolicyPlan& plan, Form form, Instant end) : plan_(plan), screen_(form), end_(end) {}

    int run() {
        Inbox<LinkEvent> inbox(inbox_capacity);
        std::atomic<bool> stop = false;
        const StopSignal on_stop([&] {
            stop = true;
            inbox.post(LinkDown{"told to end"});
        });
        const auto link = make_mqtt_link(link_options(plan_), [&inbox](LinkEvent event) {
            static_cast<void>(inbox.post(std::move(event)));  // when full, newer state will follow
        });
        while (is_read_ && !stop && steady_now() < end_) {
            const auto linked = link->tick(steady_now());
            for (auto event = inbox.take(std::min({linked, draw_at_, end_})); event;
                 event = inbox.take_now()) {
                take(*event);
                if (!is_read_ || steady_now() >= draw_at_) break;
            }
            draw();
        }
        if (screen_.form() == Form::once) static_cast<void>(screen_.draw(steady_now()));
        if (!was_up_) fmt::print(stderr, "no broker: {}\n", why_);
        return was_up_ ? 0 : 1;
    }

private:
    void take(const LinkEvent& event) {
        if (std::holds_alternative<LinkUp>(event)) was_up_ = true;
        if (const auto* down = std::get_if<LinkDown>(&event)) why_ = down->why;
        const auto* arrived = std::get_if<Arrived>(&event);
        if (arrived == nullptr || arrived->payload.size() > max_payload_bytes) return;
        const auto topic = parse_topic(arrived->topic);
        if (!topic) return;
        const auto wall =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        const Origin self{plan_.site, Role::host, plan_.host};
        // Readings bear no signature: they start nothing.
        if (topic->kind != Kind::reading &&
            !is_believed(judge(plan_.trust, self, topic->origin, *arrived, wall))) {
            return;
        }
        is_read_ = screen_.take({arrived->topic, arrived->payload}, steady_now());
    }

    void draw() {
        if (screen_.form() != Form::table || steady_now() < draw_at_) return;
        is_read_ = screen_.draw(steady_now());
        draw_at_ = steady_now() + redraw;
    }

    const PolicyPlan& plan_;
    Screen screen_;
    Instant end_;
    Instant draw_at_ = screen_.form() == Form::table ? Instant::min() : never;
    bool is_read_ = true;  ///< false once nobody reads stdout any more
    bool was_up_ = false;
    std::string why_ = "it does not answer";
};

}  // namespace

int tail(const TailWish& wish) {
    Complaints complaints;
    const auto plan = load_policy(wish.config, complaints);
    if (!complaints.empty()) {
        fmt::print(stderr, "{}", complaints.text());
        return 2;
    }
    const auto length = wish.length.empty() ? std::nullopt : parse_duration(wish.length);
    if (!wish.length.empty() && !length) {
        fmt::print(stderr, "--for: give a duration, like 10s\n");
        return 2;
    }
    open_log("firebreak-host", LogLevel::error);
    const bool ends = length.has_value() || wish.once;
    const auto form = wish.once && !wish.json ? Form::once : Screen::suited(wish.json);
    return Tail(plan, form, ends ? steady_now() + length.value_or(look) : never).run();
}

}  // namespace firebreak
