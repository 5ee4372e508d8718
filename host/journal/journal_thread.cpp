#include "host/journal/journal_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "contract/support/log.hpp"

namespace firebreak {
namespace {

constexpr Duration try_again = std::chrono::seconds(1);
constexpr Duration prune_every = std::chrono::hours(1);

Now now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace

void WaitingEntries::add(std::vector<Entry> entries) {
    for (auto& entry : entries) {
        const auto size = entry.text.size();
        if (lost_ == 0 && waiting_.size() < most_ && bytes_ + size <= most_bytes_) {
            bytes_ += size;
            waiting_.push_back(std::move(entry));
            continue;
        }
        // Once one is lost all later ones are: a gap is one gap.
        const bool first = ++lost_ == 1;
        Entry gap{EntryKind::gap, entry.at, fmt::format(R"({{"rows":{}}})", lost_)};
        if (first) {
            waiting_.push_back(std::move(gap));
        } else {
            waiting_.back() = std::move(gap);
        }
    }
}

JournalThread::JournalThread(JournalKeeping keeping, std::unique_ptr<JournalStore> store,
                             std::string policy, std::function<bool(const std::string&)> told)
    : keeping_(std::move(keeping)),
      store_(std::move(store)),
      policy_(std::move(policy)),
      told_(std::move(told)),
      thread_([this] { run(); }) {}

JournalThread::~JournalThread() {
    // What did not fit in while the disk was slow goes in before the end does.
    for (write({}); !unposted_.waiting().empty(); write({})) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    while (!orders_.post(End{})) std::this_thread::yield();
    thread_.join();
}

void JournalThread::write(std::vector<Entry> entries) {
    unposted_.add(std::move(entries));
    if (unposted_.waiting().empty()) return;
    if (orders_.post(unposted_.waiting())) unposted_.written();
}

void JournalThread::run() {
    Instant due = Instant::min();  // a journal that cannot be opened is told of at once
    bool ended = false;
    while (!ended) {
        auto order = orders_.take(due);
        for (; order && !ended; order = orders_.take_now()) {
            ended = std::holds_alternative<End>(*order);
            if (!ended) backlog_.add(std::move(std::get<std::vector<Entry>>(*order)));
        }
        const auto at = now();
        if (trouble_.empty() || at.steady >= due || ended) due = work(at);
    }
    log(LogLevel::info, "journal-closed", {{"file", keeping_.file}, {"newest_hash", head_}});
}

Instant JournalThread::work(Now at) {
    auto done = keep_house(at);
    if (done) done = write_waiting();
    const std::string trouble = done ? "" : done.error().what;
    if (trouble != trouble_ && told_(trouble)) trouble_ = trouble;
    return at.steady + (done && trouble_.empty() ? prune_every : try_again);
}

Result<void> JournalThread::write_waiting() {
    if (backlog_.waiting().empty()) return {};
    auto head = store_->append(backlog_.waiting());
    if (!head) return tl::unexpected(std::move(head.error()));
    if (head_.empty()) {
        log(LogLevel::info, "journal-open", {{"file", keeping_.file}, {"newest_hash", *head}});
    }
    head_ = std::move(*head);
    backlog_.written();
    return {};
}

Result<void> JournalThread::keep_house(Now at) {
    if (!policy_kept_) {
        const auto kept = store_->keep_policy(policy_);
        if (!kept) return tl::unexpected(kept.error());
        policy_kept_ = true;
    }
    if (at.steady < pruned_at_ + prune_every && pruned_at_ != Instant::min()) return {};
    const auto keep = std::chrono::duration_cast<std::chrono::milliseconds>(keeping_.keep);
    const auto before = is_set(at.wall) ? at.wall - keep : WallTime::min();
    auto pruned = store_->prune(at, before, keeping_.least, keeping_.most);
    if (pruned) pruned_at_ = at.steady;
    return pruned;
}

}  // namespace firebreak
