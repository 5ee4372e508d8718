#include "firmware/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/metrics/exporter.hpp"
#include "contract/support/backoff.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "firmware/agent.hpp"
#include "firmware/bus/bus_thread.hpp"
#include "firmware/store/store_thread.hpp"

namespace firebreak {
namespace {

constexpr std::size_t inbox_capacity = 1024;
/// Inputs handled between two looks at the link, so that neither starves the other.
constexpr int batch = 64;
/// A full link is tried again soon, a stuck one ever more seldom.
constexpr Duration publish_again = std::chrono::milliseconds(4);
constexpr Duration publish_again_most = std::chrono::milliseconds(250);
/// SIGTERM ends the program within 2 s, whatever a device or the broker does.
constexpr Duration closing_time = std::chrono::milliseconds(1700);
constexpr Duration saving_again = std::chrono::milliseconds(20);

Now clock_now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// One file an agent; without a folder a store that ends with the process.
std::string store_path(const SitePlan& plan) {
    if (plan.state_folder.empty()) return ":memory:";
    return fmt::format("{}/{}.{}.db", plan.state_folder, plan.site, plan.agent);
}

struct Wake {};
using ShellInput = std::variant<Wake, AgentInput, Scrape>;

class Shell {
public:
    Shell(SitePlan plan, const Outside& outside)
        : inbox_(inbox_capacity),
          stop_signal_([this] { stop(); }),
          plan_(std::move(plan)),
          store_(make_sqlite_store(store_path(plan_))),
          agent_(plan_, make_boot_id(), clock_now(), store_->load()) {
        for (std::size_t index = 0; index < plan_.buses.size(); ++index) {
            buses_.push_back(std::make_unique<BusThread>(
                outside.bus(plan_.buses[index]), index, plan_.devices, [this](BusNews news) {
                    std::visit([this](auto& one) { post(std::move(one)); }, news);
                }));
        }
        link_ = outside.link(link_options(), [this](LinkEvent event) {
            std::visit([this](auto& one) { post(std::move(one)); }, event);
        });
        open_metrics();
        store_thread_ = std::make_unique<StoreThread>(std::move(store_), [this] { wake(); });
    }

    void run() {
        log(LogLevel::info, "started", {{"site", plan_.site}, {"agent", plan_.agent}});
        if (plan_.state_folder.empty()) {
            log(LogLevel::warning, "no_state_folder",
                {{"detail", "what must survive a power cut is kept in memory only"}});
        }
        Instant link_wants = clock_now().steady;
        while (!stopping_) {
            const Instant deadline = std::min({agent_.next_deadline(), link_wants, publish_at_});
            take(deadline);
            const Now now = clock_now();
            agent_.set_counter("inbox.dropped", inbox_.dropped());
            agent_.tick(now);
            carry_writes(now);
            carry_polls();
            carry_records(now);
            if (now.steady >= link_wants || link_news_) link_wants = link_->tick(now.steady);
            link_news_ = false;
            publish(now.steady);
            write_notes();
        }
        close();
    }

private:
    template <class T>
    void post(T input) {
        // A full inbox counts what it refuses; a device that is not heard becomes silent.
        static_cast<void>(inbox_.post(AgentInput(std::move(input))));
    }

    /// Without its port the agent goes on: whoever watches the metrics sees that there are none.
    void open_metrics() {
        if (plan_.metrics.empty()) return;
        auto made = make_exporter(plan_.metrics, [this] {
            return collect_by([this](Scrape scrape) { return inbox_.post(std::move(scrape)); });
        });
        if (!made) {
            log(LogLevel::error, "no_metrics", {{"detail", made.error().what}});
            return;
        }
        metrics_ = *std::move(made);
    }

    void wake() {
        static_cast<void>(inbox_.post(Wake{}));  // when full, the loop is awake anyway
    }

    void stop() {
        stopping_ = true;
        wake();
    }

    /// What must survive goes to the disk, what the broker has comes off it.
    void carry_records(Now now) {
        while (auto report = store_thread_->take_report()) {
            agent_.handle(StoreReport{std::move(*report)}, now);
        }
        for (const auto ticket : link_->take_delivered()) agent_.handle(Delivered{ticket}, now);
        if (auto order = agent_.take_store_order(now)) store_thread_->write(std::move(*order));
    }

    [[nodiscard]] LinkOptions link_options() {
        LinkOptions options;
        options.broker = plan_.broker;
        options.client_id = fmt::format("firebreak-agent-{}-{}", plan_.site, plan_.agent);
        options.subscriptions = agent_.subscriptions();
        options.will = agent_.will();
        options.on_room = [this] { wake(); };
        return options;
    }

    void take(Instant deadline) {
        auto item = inbox_.take(deadline);
        for (int i = 0; item && !stopping_; ++i) {
            if (const auto* input = std::get_if<AgentInput>(&*item)) {
                link_news_ = link_news_ || std::holds_alternative<LinkUp>(*input) ||
                             std::holds_alternative<LinkDown>(*input);
                agent_.handle(*input, clock_now());
            } else if (const auto* scrape = std::get_if<Scrape>(&*item)) {
                scrape->answer->set_value(agent_.metrics(clock_now()));
            }
            if (i + 1 == batch) break;
            item = inbox_.take_now();
        }
    }

    void carry_writes(Now now) {
        for (auto& order : agent_.take_writes()) {
            const auto ticket = order.ticket;
            const auto bus = plan_.devices[order.device].bus;
            if (buses_[bus]->write(std::move(order))) continue;
            agent_.handle(
                WriteReport{ticket, fail(Fault::busy, "too many writes wait"), now.steady}, now);
        }
    }

    void carry_polls() {
        for (auto& order : agent_.take_polls()) {
            const auto device = order.device;
            const auto bus = plan_.devices[device].bus;
            if (!buses_[bus]->poll(std::move(order))) agent_.poll_again(device);
        }
    }

    void publish(Instant now) {
        while (const Message* message = agent_.next_message()) {
            if (!link_->publish(*message)) {
                const bool due = publish_at_ == never || now >= publish_at_;
                if (due) publish_at_ = now + publish_backoff_.failed();
                return;
            }
            agent_.message_sent();
            publish_backoff_.succeeded();
            publish_at_ = never;
        }
        publish_at_ = never;
    }

    void write_notes() {
        for (const auto& note : agent_.take_notes()) {
            log(note.level, note.event, {{"detail", note.detail}});
        }
    }

    void save(Instant end) {
        for (Now now = clock_now(); now.steady < end; now = clock_now()) {
            carry_records(now);
            if (!agent_.awaits_store()) return;
            static_cast<void>(inbox_.take(std::min(end, now.steady + saving_again)));
        }
        log(LogLevel::error, "store_failed", {{"detail", "the disk did not answer in time"}});
    }

    template <class Action>
    static std::future<void> ending_of(Action action) {
        std::packaged_task<void()> ending(std::move(action));
        auto ended = ending.get_future();
        std::thread(std::move(ending)).detach();
        return ended;
    }

    /// Each bus may wait for a dead device and the link for a dead broker: all at once.
    void close() {
        const Instant end = clock_now().steady + closing_time;
        save(end);
        std::vector<std::future<void>> closings;
        for (auto& bus : buses_) {
            closings.push_back(ending_of([&bus] { bus.reset(); }));
        }
        closings.push_back(ending_of([this] { metrics_.reset(); }));
        link_->close(agent_.farewell(clock_now()));
        for (auto& closing : closings) {
            if (closing.wait_until(end) == std::future_status::ready) continue;
            log(LogLevel::warning, "stopped", {{"detail", "a bus still waits for a device"}});
            std::_Exit(0);  // nothing is left to say, and what was to be saved is saved
        }
        log(LogLevel::info, "stopped");
    }

    std::atomic<bool> stopping_ = false;
    Inbox<ShellInput> inbox_;
    StopSignal stop_signal_;  // before any other thread
    SitePlan plan_;
    std::unique_ptr<Store> store_;  // until its thread has it
    Agent agent_;
    std::vector<std::unique_ptr<BusThread>> buses_;
    std::unique_ptr<Link> link_;
    std::unique_ptr<StoreThread> store_thread_;
    std::unique_ptr<Exporter> metrics_;
    bool link_news_ = false;
    Instant publish_at_ = never;
    Backoff publish_backoff_{publish_again, publish_again_most};
};

}  // namespace

void run_agent(SitePlan plan, const Outside& outside) {
    Shell(std::move(plan), outside).run();
}

}  // namespace firebreak
