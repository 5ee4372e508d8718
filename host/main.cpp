// firebreak-host: the shell around the controller. Threads, files, clock and link live here.
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <variant>

#include "contract/digest.hpp"
#include "contract/link/link.hpp"
#include "contract/metrics/exporter.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "contract/trust_file.hpp"
#include "host/actuate/catalog.hpp"
#include "host/actuate/crew.hpp"
#include "host/controller.hpp"
#include "host/journal/journal_file.hpp"
#include "host/journal/journal_thread.hpp"
#include "host/journal/last_weights.hpp"
#include "host/operator/holds.hpp"
#include "host/operator/socket.hpp"
#include "host/policy_file.hpp"
#include "host/tail.hpp"
#include "host/topology/drawing.hpp"
#include "host/verbs/verbs.hpp"

namespace firebreak {
namespace {

/// Messages off the wire may fill the inbox; receipts are offered again, the stop is a flag.
/// So many that every alarm of every agent there may be fits in: what the broker was told that we
/// have is not said again.
constexpr std::size_t inbox_capacity = 1U << 18U;

/// Taken in one go before the wire is served again. What has become of steps is worth many: much is
/// to be told of it, and somebody waits.
constexpr int inputs_at_once = 256;
constexpr int inputs_a_receipt = 32;

constexpr Duration link_retry = std::chrono::milliseconds(50);

struct WakeUp {};
enum class MissedLink : std::uint8_t { none, up, down };
using Input = std::variant<WakeUp, HostInput, Scrape>;

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
        if (!svg.empty()) picture = draw_topology(plan);
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

LinkOptions link_options(const PolicyPlan& plan, const Controller& controller,
                         std::function<void()> wake) {
    LinkOptions options;
    options.broker = plan.broker;
    // The same in every life: the broker ends the last life's session, and its will, at once.
    options.client_id = "firebreak-host-" + plan.site + '-' + plan.host;
    options.subscriptions = controller.subscriptions();
    options.keeps_session = true;
    options.will = controller.will();
    options.on_room = std::move(wake);
    return options;
}

/// Hands over what is to be published; when the link is busy, says when to try again unasked.
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
        if (crew.order(order)) continue;
        controller.handle(Receipt{std::move(order.target), std::move(order.steps),
                                  fail(Fault::busy, "too many orders wait"), std::nullopt},
                          now());
    }
    for (const auto& line : lines) log(line);
}

/// The policy as the journal keeps it; nothing when there is no journal.
std::optional<std::string> text_for_record(const PolicyPlan& plan, const std::string& config) {
    if (plan.journal.file.empty()) return std::nullopt;
    const auto text_of_file = [](const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    auto text = recorded_text(text_of_file(config));
    if (!plan.map) return text;
    for (const auto& [key, path] : plan.map->lists) {
        text = with_list(std::move(text), key, text_of_file(path));
    }
    return text;
}

/// The journal's file, or why another host has it: then this one must not begin at all. Whatever
/// else is wrong with it is told later, and nothing new is begun while it is.
Result<std::unique_ptr<JournalStore>> claim_journal(const PolicyPlan& plan,
                                                    const std::string& boot) {
    if (plan.journal.file.empty()) return nullptr;
    auto store = make_journal_store(plan.journal.file, boot, plan.site + '/' + plan.host);
    const auto claimed = store->claim();
    if (!claimed && claimed.error().fault == Fault::config) return tl::unexpected(claimed.error());
    return store;
}

/// Starts the journal's thread; what is wrong with it comes back as an input.
std::unique_ptr<JournalThread> open_journal(const PolicyPlan& plan,
                                            std::unique_ptr<JournalStore> store,
                                            const std::string& policy, Inbox<Input>& inbox) {
    return std::make_unique<JournalThread>(JournalKeeping{plan.journal.file, plan.journal.keep},
                                           std::move(store), policy,
                                           [&inbox](const std::string& trouble) {
                                               return inbox.post(HostInput(JournalWord{trouble}));
                                           });
}

/// What operators asked of earlier lives and still stands.
void recall(Controller& controller, const PolicyPlan& plan, Now at) {
    if (plan.journal.file.empty()) return;
    Requests requests;
    const auto read =
        read_requests(plan.journal.file, [&](const std::string& text) { requests.take(text); });
    if (!read) {
        log(LogLevel::error, "journal-unread",
            {{"why", read.error().what},
             {"note", "holds of earlier lives are not known: it only rehearses until armed"}});
    }
    auto recalled = requests.recall(at.wall);
    if (!read) recalled.disarmed_by = "an unread journal";
    if (recalled.holds.empty() && recalled.disarmed_by.empty()) return;
    controller.handle(recalled, at);
}

/// What servers drained by weight are to get back, as earlier lives had read it.
ServerWeights weights_before(const PolicyPlan& plan) {
    LastWeights last(plan);
    if (plan.journal.file.empty() || last.complete()) return {};
    const auto read =
        read_receipts(plan.journal.file, [&](const std::string& text) { return last.take(text); });
    if (!read) {
        log(LogLevel::error, "journal-unread",
            {{"why", read.error().what}, {"note", "weights before a drain are not known"}});
    }
    return last.weights();
}

std::unique_ptr<OperatorSocket> open_operators(const PolicyPlan& plan, Inbox<Input>& inbox) {
    if (plan.operators.socket.empty()) return nullptr;
    return std::make_unique<OperatorSocket>(
        plan.operators.socket, [&inbox](Ask ask) { return inbox.post(HostInput(std::move(ask))); });
}

void write_record(Controller& controller, JournalThread* journal) {
    if (journal == nullptr) return;
    if (auto record = controller.take_record(); !record.empty()) journal->write(std::move(record));
}

/// What the core's words go to, beside the link.
struct Aides {
    Crew& crew;
    JournalThread* journal;
    OperatorSocket* operators;
};

void serve(Controller& controller, const Aides& aides) {
    give_orders(controller, aides.crew);
    write_record(controller, aides.journal);
    for (auto& answer : controller.take_answers()) aides.operators->answer(std::move(answer));
}

int weight_of(const Input& input) {
    const auto* event = std::get_if<HostInput>(&input);
    const auto* receipt = event == nullptr ? nullptr : std::get_if<Receipt>(event);
    return receipt == nullptr || receipt->steps.empty() ? 1 : inputs_a_receipt;
}

void loop(Controller& controller, const Aides& aides, Link& link, Inbox<Input>& inbox,
          std::atomic<MissedLink>& missed, const std::atomic<bool>& stop) {
    std::uint64_t dropped = 0;
    while (!stop) {
        const auto linked = link.tick(now().steady);
        serve(controller, aides);
        const auto published = publish_all(controller, link, now().steady);
        const auto wake = std::min({linked, published, controller.next_deadline()});
        // All of what has come is taken in before anything is decided: a drain waits for some
        // milliseconds of reading, not for a decision on each message of a flood.
        auto input = inbox.take(wake);
        for (int taken = 0; input && !stop;) {
            taken += weight_of(*input);
            if (auto* event = std::get_if<HostInput>(&*input)) {
                controller.take_in(std::move(*event), now());
            } else if (const auto* scrape = std::get_if<Scrape>(&*input)) {
                scrape->answer->set_value(controller.metrics(now()));
            }
            if (taken >= inputs_at_once) break;
            input = inbox.take_now();
        }
        // What found no room came after all that waits.
        const auto unheard = input ? MissedLink::none : missed.exchange(MissedLink::none);
        if (unheard == MissedLink::up) controller.handle(LinkUp{"", true}, now());
        if (unheard == MissedLink::down) controller.handle(LinkDown{"unheard"}, now());
        controller.tick(now());
        if (inbox.dropped() != dropped) {
            dropped = inbox.dropped();
            log(LogLevel::warning, "inbox-full", {{"dropped", dropped}});
        }
    }
}

/// One that finds no room is still the caller's.
bool post_receipt(Receipt& receipt, Inbox<Input>& inbox) {
    Input input(HostInput(std::move(receipt)));
    if (inbox.post(std::move(input))) return true;
    receipt = std::move(std::get<Receipt>(std::get<HostInput>(input)));
    return false;
}

/// A flood of messages may fill the inbox, but must not hide that the link came or went.
void post_link_event(LinkEvent& event, Inbox<Input>& inbox, std::atomic<MissedLink>& missed) {
    const auto is_up = std::holds_alternative<LinkUp>(event);
    const auto is_message = std::holds_alternative<Arrived>(event);
    if (!is_message) missed = MissedLink::none;  // this one is newer
    const bool posted =
        std::visit([&](auto& what) { return inbox.post(HostInput(std::move(what))); }, event);
    if (!posted && !is_message) missed = is_up ? MissedLink::up : MissedLink::down;
}

/// Without its port the host goes on: whoever watches the metrics sees that there are none.
std::unique_ptr<Exporter> open_metrics(const PolicyPlan& plan, Inbox<Input>& inbox) {
    if (plan.metrics.empty()) return nullptr;
    auto made = make_exporter(plan.metrics, [&inbox] {
        return collect_by([&inbox](Scrape scrape) { return inbox.post(std::move(scrape)); });
    });
    if (made) return *std::move(made);
    log(LogLevel::error, "no-metrics", {{"detail", made.error().what}});
    return nullptr;
}

int run(const std::string& config, bool verbose) {
    Complaints complaints;
    const auto plan = load_policy(config, complaints);
    if (!complaints.empty()) return complain(complaints);
    open_log("firebreak-host", verbose ? LogLevel::debug : LogLevel::info);

    Inbox<Input> inbox(inbox_capacity);
    std::atomic<bool> stop = false;
    const auto wake = [&] { static_cast<void>(inbox.post(WakeUp{})); };
    const StopSignal on_stop([&] {
        stop = true;
        wake();
    });
    const auto boot = make_boot_id();
    auto claimed = claim_journal(plan, boot);
    if (!claimed) {
        log(LogLevel::error, "journal-in-use", {{"why", claimed.error().what}});
        return 2;
    }
    const auto policy = text_for_record(plan, config);
    Controller controller(plan, boot, now(),
                          policy ? std::optional(sha256(*policy)) : std::nullopt);
    log(LogLevel::info, "started",
        {{"site", plan.site},
         {"host", plan.host},
         {"armed", plan.armed},
         {"boot", boot},
         {"targets", plan.targets.size()},
         {"rules", plan.rules.size()}});

    std::atomic<MissedLink> missed = MissedLink::none;
    const auto link = make_mqtt_link(link_options(plan, controller, wake), [&](LinkEvent event) {
        post_link_event(event, inbox, missed);
    });
    recall(controller, plan, now());
    const auto weights = weights_before(plan);
    const auto journal = policy ? open_journal(plan, *std::move(claimed), *policy, inbox) : nullptr;
    Crew crew(
        plan,
        [&](const EndpointPlan& endpoint, int stop_fd) {
            return make_actuator(endpoint, plan, stop_fd, weights);
        },
        [&](Receipt& receipt) { return post_receipt(receipt, inbox); });
    controller.hand_orders_to([&crew](Order& order) { return crew.order_alone(order); },
                              [&crew](Order& order) { return crew.order(order); });
    const auto operators = open_operators(plan, inbox);
    const auto metrics = open_metrics(plan, inbox);
    loop(controller, {crew, journal.get(), operators.get()}, *link, inbox, missed, stop);
    link->close(controller.farewell(now()));
    write_record(controller, journal.get());
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
    TailWish wish;
    program
        .verb("check", "Validate policies and print what they amount to",
              [&] { return check(files, svg); })
        .words("FILE", "policy files", files, 1, 100)
        .option("--svg", "also draw the topology into this file", svg);
    program
        .verb("keygen", "Make a secret key that signs messages, print its public half",
              [&] { return keygen(files.front()); })
        .words("FILE", "a new file, readable by its owner only", files, 1, 1);
    add_operator(program);
    add_history(program);
    program
        .verb("tail", "Show the live picture of all sites: alarms, targets, who is there, readings",
              [&] { return tail(wish); })
        .option("--config", "policy file, for its broker and its trust", wish.config, true)
        .option("--for", "end after so long, like 10s", wish.length)
        .flag("--once", "one table after --for, 2s unless said, and end", wish.once)
        .flag("--json", "a line of JSON a message, as it came over the wire", wish.json);
    program.verb("run", "Watch, vote, drain and shed", [&] { return run(config, verbose); })
        .option("--config", "policy file", config, true)
        .flag("--verbose", "log debug lines, too", verbose);
    return program.run(argc, argv);
}
