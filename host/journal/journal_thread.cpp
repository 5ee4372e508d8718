#include "host/journal/journal_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace firebreak {
namespace {

constexpr Duration try_again = std::chrono::seconds(1);
constexpr Duration prune_every = std::chrono::hours(1);

Now now() {
    return {std::chrono::steady_clock::now(),
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace

void Backlog::add(std::vector<Entry> entries) {
    if (entries.empty()) return;
    const auto room = waiting_.size() < most_ ? most_ - waiting_.size() : 0;
    const auto taken = lost_ > 0 ? 0 : std::min(room, entries.size());  // a gap is one gap
    std::move(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(taken),
              std::back_inserter(waiting_));
    if (taken == entries.size()) return;
    const bool first = lost_ == 0;
    lost_ += entries.size() - taken;
    const Entry gap{EntryKind::gap, entries.back().at, fmt::format(R"({{"rows":{}}})", lost_)};
    if (first) {
        waiting_.push_back(gap);
    } else {
        waiting_.back() = gap;
    }
}

JournalThread::JournalThread(JournalKeeping keeping, std::unique_ptr<JournalStore> store,
                             std::string policy, std::function<void(const std::string&)> told)
    : keeping_(std::move(keeping)),
      store_(std::move(store)),
      policy_(std::move(policy)),
      told_(std::move(told)),
      thread_([this] { run(); }) {}

JournalThread::~JournalThread() {
    while (!orders_.post(End{})) std::this_thread::yield();
    thread_.join();
}

void JournalThread::write(std::vector<Entry> entries) {
    // An inbox so full has a disk that has failed for long: the chain says nothing of it, the
    // host's own word that its journal fails does.
    static_cast<void>(orders_.post(std::move(entries)));
}

void JournalThread::run() {
    Instant due = Instant::min();  // a journal that cannot be opened is told of at once
    while (true) {
        auto order = orders_.take(due);
        if (order && std::holds_alternative<End>(*order)) return work(now());
        while (order) {
            backlog_.add(std::move(std::get<std::vector<Entry>>(*order)));
            order = orders_.take_now();
            if (order && std::holds_alternative<End>(*order)) return work(now());
        }
        const auto at = now();
        if (trouble_.empty() || at.steady >= due) {
            work(at);
            due = at.steady + (trouble_.empty() ? prune_every : try_again);
        }
    }
}

void JournalThread::work(Now at) {
    auto done = keep_house(at);
    if (done && !backlog_.waiting().empty()) {
        const auto head = store_->append(backlog_.waiting());
        if (!head) done = tl::unexpected(head.error());
    }
    if (!done) return tell(done.error().what);
    backlog_.written();
    tell("");
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

void JournalThread::tell(const std::string& trouble) {
    if (trouble == trouble_) return;
    trouble_ = trouble;
    told_(trouble);
}

}  // namespace firebreak
