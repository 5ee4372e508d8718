#include "host/actuate/crew.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <thread>
#include <utility>

#include "contract/support/inbox.hpp"

namespace firebreak {
namespace {

constexpr std::size_t orders_waiting = 4096;  // each target has at most one under way
constexpr int offer_again_ms = 20;

struct Job {
    std::string target;
    std::vector<Step> steps;
    bool stop = false;
};

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
        std::deque<Job> waiting;
        for (;;) {
            if (waiting.empty()) waiting.push_back(*inbox.take(never));
            while (auto job = inbox.take_now()) waiting.push_back(std::move(*job));
            if (stopped(stop_fd, 0)) return;
            auto next = std::find_if(waiting.begin(), waiting.end(),
                                     [](const Job& job) { return !job.steps.empty(); });
            if (next == waiting.end()) next = waiting.begin();
            const Job job = std::move(*next);
            waiting.erase(next);
            if (job.stop) return;
            const auto states = job.steps.empty() ? actuator->observe(job.target)
                                                  : actuator->apply(job.target, job.steps);
            if (!report(job, states)) return;
            const bool absent = !states && (states.error().fault == Fault::timeout ||
                                            states.error().fault == Fault::port_lost);
            if (!absent) continue;
            // Nobody home: what waits would only wait through the same silence, one by one.
            while (auto more = inbox.take_now()) waiting.push_back(std::move(*more));
            for (const auto& other : waiting) {
                if (other.stop || !report(other, states)) return;
            }
            waiting.clear();
        }
    }

    /// A receipt must not be lost: its target would wait for it. False when stopping.
    bool report(const Job& job, const Result<ItemStates>& states) {
        while (!sink(job.target, job.steps, states)) {
            if (stopped(stop_fd, offer_again_ms)) return false;
        }
        return true;
    }

    std::unique_ptr<Actuator> actuator;
    Sink sink;
    int stop_fd;
    Inbox<Job> inbox{orders_waiting};
    std::thread thread;  // last: it uses all of the above
};

Crew::Crew(const PolicyPlan& policy, const Maker& make, const Sink& sink)
    : stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (stop_fd_ < 0) std::abort();  // no descriptors left at start: nothing would work
    for (const auto& endpoint : policy.endpoints) {
        workers_.push_back(std::make_unique<Worker>(make(endpoint, stop_fd_), sink, stop_fd_));
        for (const auto& target : policy.targets) {
            if (!by_message(target) && target.endpoint == endpoint.name) {
                by_target_[target.name] = workers_.back().get();
            }
        }
    }
}

Crew::~Crew() {
    static_cast<void>(::eventfd_write(stop_fd_, 1));
    for (auto& worker : workers_) worker->inbox.post({"", {}, true});
    for (auto& worker : workers_) worker->thread.join();
    ::close(stop_fd_);
}

bool Crew::order(const std::string& target, std::vector<Step> steps) {
    const auto worker = by_target_.find(target);
    if (worker == by_target_.end()) return false;
    return worker->second->inbox.post({target, std::move(steps), false});
}

}  // namespace firebreak
