#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "contract/link/link.hpp"
#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "firmware/operator_desk.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

constexpr Duration publish_again = std::chrono::milliseconds(20);

struct Given {
    std::string config, board, by, length, patience = "10s";
    bool json = false;
    std::vector<std::string> words;
};

Instant steady_now() {
    return std::chrono::steady_clock::now();
}

LinkOptions link_options(const SitePlan& plan, const OperatorDesk& desk) {
    LinkOptions options;
    options.broker = plan.broker;
    options.client_id = "firebreak-operator-" + make_boot_id();
    options.subscriptions = desk.subscriptions();
    return options;
}

/// Turns the link until the desk is done or the operator's patience is at its end.
void talk(const SitePlan& plan, OperatorDesk& desk, Duration patience) {
    Inbox<LinkEvent> inbox(4096);
    const auto link = make_mqtt_link(link_options(plan, desk), [&inbox](LinkEvent event) {
        static_cast<void>(inbox.post(std::move(event)));
    });
    std::vector<Message> requests;
    const Instant end = steady_now() + patience;
    while (!desk.is_done() && steady_now() < end) {
        auto due = std::min(end, link->tick(steady_now()));
        while (!requests.empty() && link->publish(requests.back())) requests.pop_back();
        if (!requests.empty()) due = std::min(due, steady_now() + publish_again);
        const auto event = inbox.take(due);
        if (!event) continue;
        if (const auto* arrived = std::get_if<Arrived>(&*event)) desk.take(*arrived);
        for (auto& request : desk.take_requests()) {
            requests.push_back(sealed(plan.trust, std::move(request)));
        }
    }
}

int alarm(const Given& given) {
    open_log("firebreak-agent", LogLevel::error);
    const auto plan = read_site(given.config, given.board);
    if (!plan) return 2;
    const auto patience = parse_duration(given.patience);
    auto wish = parse_wish(given.words, given.by, given.length, *plan);
    if (!wish || !patience) {
        fmt::print(stderr, "{}\n", wish ? "--wait: give a duration, like 10s" : wish.error().what);
        return 2;
    }
    const auto wall =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    OperatorDesk desk(*plan, std::move(*wish), {make_boot_id(), 0, wall});
    talk(*plan, desk, *patience);
    fmt::print("{}", desk.text(given.json));
    fmt::print(stderr, "{}", desk.trouble());
    return desk.exit_code();
}

}  // namespace

void add_alarm(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("alarm", "See a running agent's alarms through its broker, and ask things of them",
              [given] { return alarm(*given); })
        .option("--config", "the site file", given->config, true)
        .option("--board", "the board file that names the serial ports", given->board)
        .option("--by", "who asks, for the record", given->by)
        .option("--for", "of shelve: for how long, at most 24h", given->length)
        .option("--wait", "for an answer, at most", given->patience)
        .flag("--json", "a line of JSON an alarm or answer, as it came over the wire", given->json)
        .words("WHAT NAME...",
               "list, show, ack, reset, shelve, unshelve, suppress, unsuppress, out-of-service or "
               "in-service; then names",
               given->words, 1, 256);
}

}  // namespace firebreak
