#include "host/actuate/crew.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <thread>
#include <utility>

#include "contract/support/inbox.hpp"

namespace firebreak {
namespace {

constexpr std::size_t orders_waiting = 4096;  // each target has at most one under way
constexpr int offer_again_ms = 20;
constexpr int company_ms = 2;
constexpr Duration at_rest_after = std::chrono::milliseconds(150);

/// How many orders an actuator that takes many is given at once.
constexpr std::size_t most_at_once = 1024;

/// No order: stop.
using Job = std::shared_ptr<Order>;

/// HAProxy waits for nobody when a second worker's line is there while the first still reads what
/// it said and makes its next line. More would only take from its few places for whoever asks.
std::size_t workers_of(const EndpointPlan& endpoint) {
    return std::holds_alternative<HaproxyEndpoint>(endpoint.how) ? 2 : 1;
}

/// Sleeps unless stopping; true when stopping.
bool stopped(int stop_fd, int wait_ms) {
    pollfd fd{stop_fd, POLLIN, 0};
    return ::poll(&fd, 1, wait_ms) > 0;
}

}  // namespace

struct Crew::Worker {
    Worker(std::unique_ptr<Actuator> with, Sink to, int fd)
        : actuator(std::move(with)), sink(std::move(to)), stop_fd(fd), thread([this] { work(); }) {}

    void work() {
        for (;;) {
            if (waiting.empty() && !wait_for_work()) continue;
            // What is ordered together is to be carried out together.
            if (stopped(stop_fd, actuator->takes_many() ? company_ms : 0)) return;
            while (auto job = inbox.take_now()) waiting.push_back(std::move(*job));
            auto orders = next_orders();
            if (orders.empty()) return;
            if (!carry_out(orders)) return;
        }
    }

    /// False when stopping.
    bool carry_out(std::vector<Order>& orders) {
        bool goes_on = true;
        std::optional<Error> absent;
        actuator->apply_all(orders, [&](std::size_t place, Result<ItemStates> states) {
            auto& order = orders[place];
            if (is_absent(states)) absent = states.error();
            auto feedback = actuator->feedback(order.target);
            Receipt receipt{std::move(order.target), std::move(order.steps), std::move(states),
                            std::move(feedback)};
            goes_on = goes_on && report(receipt);
        });
        untidy = true;
        if (!goes_on) return false;
        return !absent || report_waiting(*absent);
    }

    /// Whether some has come. What may wait until nobody waits for this worker, nor for what it has
    /// just said, is done in between.
    bool wait_for_work() {
        auto job = inbox.take(untidy ? std::chrono::steady_clock::now() + at_rest_after : never);
        if (job) {
            waiting.push_back(std::move(*job));
            return true;
        }
        actuator->tidy_up();
        untidy = false;
        return false;
    }

    /// Steps before observations; none when stopping.
    std::vector<Order> next_orders() {
        const auto has_steps = [](const Job& job) { return job && !job->steps.empty(); };
        auto next = std::find_if(waiting.begin(), waiting.end(), has_steps);
        const bool steps = next != waiting.end();
        if (!steps) next = waiting.begin();
        const auto most = actuator->takes_many() ? most_at_once : 1;
        std::vector<Order> orders;
        orders.reserve(std::min(most, waiting.size()));
        while (next != waiting.end() && orders.size() < most) {
            if (has_steps(*next) != steps) {
                ++next;
                continue;
            }
            if (!*next) return {};
            orders.push_back(std::move(**next));
            next = waiting.erase(next);  // mostly the first of them, which moves none
        }
        return orders;
    }

    static bool is_absent(const Result<ItemStates>& states) {
        return !states &&
               (states.error().fault == Fault::timeout || states.error().fault == Fault::port_lost);
    }

    /// Nobody home: what waits would only wait through the same silence, one by one.
    bool report_waiting(const Error& why) {
        while (auto more = inbox.take_now()) waiting.push_back(std::move(*more));
        for (const auto& job : waiting) {
            if (!job) return false;
            Receipt receipt{std::move(job->target), std::move(job->steps), tl::unexpected(why)};
            if (!report(receipt)) return false;
        }
        waiting.clear();
        return true;
    }

    /// A receipt must not be lost: its target would wait for it. False when stopping.
    bool report(Receipt& receipt) {
        while (!sink(receipt)) {
            if (stopped(stop_fd, offer_again_ms)) return false;
        }
        return true;
    }

    std::unique_ptr<Actuator> actuator;
    Sink sink;
    int stop_fd;
    Inbox<Job> inbox{orders_waiting};
    std::deque<Job> waiting;
    bool untidy = false;
    std::thread thread;  // last: it uses all of the above
};

Crew::Crew(const PolicyPlan& policy, const Maker& make, const Sink& sink)
    : stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (stop_fd_ < 0) std::abort();  // no descriptors left at start: nothing would work
    for (const auto& endpoint : policy.endpoints) {
        const auto first = workers_.size();
        for (std::size_t i = 0; i < workers_of(endpoint); ++i) {
            workers_.push_back(std::make_unique<Worker>(make(endpoint, stop_fd_), sink, stop_fd_));
        }
        auto next = first;  // in turn: each has as many of each tier
        for (const auto& target : policy.targets) {
            if (by_message(target) || target.endpoint != endpoint.name) continue;
            by_target_[target.name] = workers_[next].get();
            if (++next == workers_.size()) next = first;
        }
    }
}

Crew::~Crew() {
    static_cast<void>(::eventfd_write(stop_fd_, 1));
    for (auto& worker : workers_) worker->inbox.post(nullptr);
    for (auto& worker : workers_) worker->thread.join();
    ::close(stop_fd_);
}

bool Crew::order_alone(Order& order) {
    const auto worker = by_target_.find(order.target);
    if (worker == by_target_.end() || worker->second->actuator->takes_many()) return false;
    return this->order(order);
}

bool Crew::order(Order& order) {
    const auto worker = by_target_.find(order.target);
    if (worker == by_target_.end()) return false;
    const auto job = std::make_shared<Order>(std::move(order));
    if (worker->second->inbox.post(Job(job))) return true;
    order = std::move(*job);
    return false;
}

}  // namespace firebreak
