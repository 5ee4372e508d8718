// firebreak-host: the shell around the controller. Threads, files, clock and link live here.
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <variant>

#include "contract/link/link.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "contract/trust_file.hpp"
#include "host/actuate/catalog.hpp"
#include "host/actuate/crew.hpp"
#include "host/controller.hpp"
#include "host/policy_file.hpp"
#include "host/topology/drawing.hpp"

namespace firebreak {
namespace {

/// Messages off the wire may fill the inbox; receipts are offered again, the stop is a flag.
/// So many that every alarm of every agent there may be fits in: what the broker was told that we
/// have is not said again.
constexpr std::size_t inbox_capacity = 1U << 18U;

/// Taken in one go before the wire is served again.
constexpr int inputs_at_once = 256;

constexpr Duration link_retry = std::chrono::milliseconds(50);

struct WakeUp {};
enum class MissedLink : std::uint8_t { none, up, down };
using Input = std::variant<WakeUp, HostInput>;

Now now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

int complain(const Complaints& complaints) {
    std::cerr << complaints.text();
    return 2;
}

int check(const std::vector<std::string>& files, const std::string& svg) {
    Complaints complaints;
    std::string plans, picture;
    for (const auto& file : files) {
        const auto plan = load_policy(file, complaints);
        plans += file + '\n' + describe(plan);
        picture = draw_topology(plan);
    }
    if (!complaints.empty()) return complain(complaints);
    if (!svg.empty() && (files.size() > 1 || picture.empty())) {
        std::cerr << "check: --svg draws the [topology] of one policy file\n";
        return 2;
    }
    std::cout << plans;
    if (svg.empty()) return 0;
    std::ofstream out(svg, std::ios::binary);
    out << picture << std::flush;
    if (out) return 0;
    std::cerr << "check: cannot write " << svg << '\n';
    return 1;
}

LinkOptions link_options(const PolicyPlan& plan, const Controller& controller) {
    LinkOptions options;
    options.broker = plan.broker;
    // The same in every life: the broker ends the last life's session, and its will, at once.
    options.client_id = "firebreak-host-" + plan.site + '-' + plan.host;
    options.subscriptions = controller.subscriptions();
    options.keeps_session = true;
    options.will = controller.will();
    return options;
}

/// Hands over what is to be published; when the link is busy, says when to try again.
Instant publish_all(Controller& controller, Link& link, Instant at) {
    while (const Message* message = controller.next_message()) {
        if (!link.publish(*message)) return at + link_retry;
        controller.message_sent();
    }
    return never;
}

void give_orders(Controller& controller, Crew& crew) {
    // Taken first, written last: thousands of lines must not hold up what they tell of.
    const auto lines = controller.take_log();
    for (auto& order : controller.take_orders()) {
        const auto target = order.target;
        const auto steps = order.steps;
        if (crew.order(target, std::move(order.steps))) continue;
        controller.handle(Receipt{target, steps, fail(Fault::busy, "too many orders wait")}, now());
    }
    for (const auto& line : lines) log(line);
}

void loop(Controller& controller, Crew& crew, Link& link, Inbox<Input>& inbox,
          std::atomic<MissedLink>& missed, const std::atomic<bool>& stop) {
    std::uint64_t dropped = 0;
    while (!stop) {
        const auto linked = link.tick(now().steady);
        give_orders(controller, crew);
        const auto published = publish_all(controller, link, now().steady);
        const auto wake = std::min({linked, published, controller.next_deadline()});
        // All of what has come is taken in before anything is decided: a drain waits for some
        // milliseconds of reading, not for a decision on each message of a flood.
        auto input = inbox.take(wake);
        for (int taken = 0; input && !stop; ++taken) {
            if (const auto* event = std::get_if<HostInput>(&*input)) {
                controller.take_in(*event, now());
            }
            input.reset();
            if (taken < inputs_at_once) input = inbox.take_now();
        }
        const auto unheard = missed.exchange(MissedLink::none);
        if (unheard == MissedLink::up) controller.handle(LinkUp{"", true}, now());
        if (unheard == MissedLink::down) controller.handle(LinkDown{"unheard"}, now());
        controller.tick(now());
        if (inbox.dropped() != dropped) {
            dropped = inbox.dropped();
            log(LogLevel::warning, "inbox-full", {{"dropped", dropped}});
        }
    }
}

int run(const std::string& config, bool verbose) {
    Complaints complaints;
    const auto plan = load_policy(config, complaints);
    if (!complaints.empty()) return complain(complaints);
    open_log("firebreak-host", verbose ? LogLevel::debug : LogLevel::info);

    Inbox<Input> inbox(inbox_capacity);
    std::atomic<bool> stop = false;
    const StopSignal on_stop([&] {
        stop = true;
        inbox.post(WakeUp{});
    });
    const auto boot = make_boot_id();
    Controller controller(plan, boot, now());
    log(LogLevel::info, "started",
        {{"site", plan.site},
         {"host", plan.host},
         {"armed", plan.armed},
         {"boot", boot},
         {"targets", plan.targets.size()},
         {"rules", plan.rules.size()}});

    // A flood of messages may fill the inbox, but must not hide that the link came or went.
    std::atomic<MissedLink> missed = MissedLink::none;
    const auto link = make_mqtt_link(link_options(plan, controller), [&](LinkEvent event) {
        const auto is_up = std::holds_alternative<LinkUp>(event);
        const auto is_message = std::holds_alternative<Arrived>(event);
        const bool posted =
            std::visit([&](auto& what) { return inbox.post(HostInput(std::move(what))); }, event);
        if (!posted && !is_message) missed = is_up ? MissedLink::up : MissedLink::down;
    });
    Crew crew(
        plan,
        [&](const EndpointPlan& endpoint, int stop_fd) {
            return make_actuator(endpoint, plan, stop_fd);
        },
        [&](const std::string& target, const std::vector<Step>& steps,
            const Result<ItemStates>& states) {
            return inbox.post(HostInput(Receipt{target, steps, states}));
        });
    loop(controller, crew, *link, inbox, missed, stop);
    link->close(controller.farewell(now()));
    log(LogLevel::info, "stopped");
    return 0;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
    using namespace firebreak;
    Program program("firebreak-host",
                    "Turns the alarms of battery rooms into traffic drains and load shedding.");
    std::vector<std::string> files;
    std::string config, svg;
    bool verbose = false;
    program
        .verb("check", "Validate policies and print what they amount to",
              [&] { return check(files, svg); })
        .words("FILE", "policy files", files, 1, 100)
        .option("--svg", "also draw the topology into this file", svg);
    program
        .verb("keygen", "Make a secret key that signs messages, print its public half",
              [&] { return keygen(files.front()); })
        .words("FILE", "a new file, readable by its owner only", files, 1, 1);
    program.verb("run", "Watch, vote, drain and shed", [&] { return run(config, verbose); })
        .option("--config", "policy file", config, true)
        .flag("--verbose", "log debug lines, too", verbose);
    return program.run(argc, argv);
}
