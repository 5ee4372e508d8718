#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <variant>

#include "contract/link/link.hpp"
#include "contract/support/backoff.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "firmware/sparkplug/node.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

constexpr std::size_t inbox_capacity = 16'384;
/// The link says when it has room; what it refuses for another reason is offered again after this.
constexpr Duration publish_again = std::chrono::milliseconds(250);

/// Word from the link, or only the end of a wait.
struct Wake {};
using BridgeInput = std::variant<Wake, LinkEvent>;

struct Given {
    std::string config, board, group, node;
};

Now clock_now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// The levels of a Sparkplug topic must not hold what MQTT keeps to itself.
bool is_level(const std::string& text) {
    return !text.empty() && text.find_first_of("/+#") == std::string::npos;
}

class Bridge {
public:
    Bridge(const SitePlan& plan, const std::string& group, const std::string& node)
        : plan_(plan), node_(plan, group, node), stop_signal_([this] {
              stop_ = true;
              wake();
          }) {}

    /// A connection after the other, each with a death of its own number for its will.
    int run() {
        while (!stop_) {
            const auto death = node_.next_death(clock_now().wall);
            const auto link = connect(death);
            while (!stop_ && !is_lost_) turn(*link);
            if (!stop_) wait();
            if (stop_) link->close(death);
        }
        return 0;
    }

private:
    std::unique_ptr<Link> connect(const Message& death) {
        is_lost_ = was_up_ = false;
        LinkOptions options;
        options.broker = plan_.broker;
        options.client_id = fmt::format("firebreak-sparkplug-{}-{}", plan_.site, plan_.agent);
        options.subscriptions = node_.subscriptions();
        options.sure_subscriptions = {node_.commands()};
        options.will = death;
        options.qos = 0;
        options.on_room = [this] { wake(); };
        return make_mqtt_link(std::move(options), [this](LinkEvent event) {
            static_cast<void>(inbox_.post(std::move(event)));
        });
    }

    void wake() {
        static_cast<void>(inbox_.post(Wake{}));  // when full, the loop is awake anyway
    }

    void turn(Link& link) {
        auto due = std::min(link.tick(clock_now().steady), node_.next_deadline());
        for (auto event = inbox_.take(std::min(due, publish_at_)); event && !is_lost_;
             event = inbox_.take_now()) {
            if (const auto* word = std::get_if<LinkEvent>(&*event)) take(*word);
        }
        const auto now = clock_now();
        node_.tick(now);
        publish_at_ = never;
        while (const Message* message = node_.next(now)) {
            if (!link.publish(*message)) {
                publish_at_ = now.steady + publish_again;
                return;
            }
            node_.sent();
        }
    }

    void take(const LinkEvent& event) {
        if (std::holds_alternative<LinkUp>(event)) {
            was_up_ = true;
            backoff_.succeeded();
            node_.link_up();
            log(LogLevel::info, "link_up", {{"broker", std::get<LinkUp>(event).broker}});
        } else if (const auto* down = std::get_if<LinkDown>(&event)) {
            node_.link_down();
            // One that was never up goes on to the next broker by itself.
            is_lost_ = was_up_;
            if (!stop_) log(LogLevel::warning, "link_down", {{"why", down->why}});
        } else {
            node_.take(std::get<Arrived>(event), clock_now());
        }
    }

    void wait() {
        const auto end = clock_now().steady + backoff_.failed();
        while (!stop_ && clock_now().steady < end) static_cast<void>(inbox_.take(end));
    }

    const SitePlan& plan_;
    SparkplugNode node_;
    std::atomic<bool> stop_ = false;
    Inbox<BridgeInput> inbox_{inbox_capacity};
    StopSignal stop_signal_;
    Backoff backoff_{std::chrono::milliseconds(250), std::chrono::seconds(15)};
    Instant publish_at_ = never;
    bool is_lost_ = false;
    bool was_up_ = false;
};

int sparkplug(const Given& given) {
    const auto plan = read_site(given.config, given.board);
    if (!plan) return 2;
    const auto& group = given.group.empty() ? plan->site : given.group;
    const auto& node = given.node.empty() ? plan->agent : given.node;
    if (!is_level(group) || !is_level(node)) {
        fmt::print(stderr, "--group and --node: no / + # in a level of a topic\n");
        return 2;
    }
    open_log("firebreak-agent", LogLevel::info);
    log(LogLevel::info, "started", {{"group", group}, {"node", node}});
    return Bridge(*plan, group, node).run();
}

}  // namespace

void add_sparkplug(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("sparkplug", "Show a running agent to a Sparkplug B host application, at its broker",
              [given] { return sparkplug(*given); })
        .option("--config", "the site file", given->config, true)
        .option("--board", "the board file that names the serial ports", given->board)
        .option("--group", "the group id; the site's name unless said", given->group)
        .option("--node", "the edge node id; the agent's unless said", given->node);
}

}  // namespace firebreak
