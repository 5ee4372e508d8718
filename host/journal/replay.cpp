#include "host/journal/replay.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/journal/journal_file.hpp"
#include "host/journal/words.hpp"
#include "host/policy_file.hpp"

namespace firebreak {

void JournalReplay::take(const ChainRow& row) {
    const auto kind = row.entry.kind;
    if (kind == EntryKind::pruned) return;
    if (kind == EntryKind::started) return begin(row);
    if (!core_ || row.boot != boot_) {
        ++skipped_;
        return;
    }
    if (kind == EntryKind::gap) {
        core_.reset();
        given_.clear();
        return;
    }
    if (is_decision(kind)) return compare(row);
    if (kind == EntryKind::tick) {
        expect_nothing_before(row.entry.at.steady);
        core_->tick(row.entry.at);
    } else {
        tell(row);
    }
    collect();
}

void JournalReplay::end() {
    expect_nothing_before(never);
}

void JournalReplay::begin(const ChainRow& row) {
    expect_nothing_before(never);
    core_.reset();
    given_.clear();
    ++lives_;
    const auto begun = parse_begun(row.entry.text);
    if (!begun) return differs(fmt::format("row {}: {}", row.n, begun.error().what));
    auto plan = policy_of_(begun->policy);
    if (!plan) return differs(fmt::format("row {}: {}", row.n, plan.error().what));
    boot_ = row.boot;
    core_.emplace(std::move(*plan), boot_, row.entry.at, begun->policy);
    collect();
}

void JournalReplay::tell(const ChainRow& row) {
    const auto input = parse_input(row.entry.kind, row.entry.text);
    if (!input) return differs(fmt::format("row {}: {}", row.n, input.error().what));
    core_->take_in(*input, row.entry.at);
}

void JournalReplay::compare(const ChainRow& row) {
    if (given_.empty()) {
        return differs(fmt::format("row {}: {} {} was decided then, and nothing now", row.n,
                                   to_string(row.entry.kind), row.entry.text));
    }
    const auto given = std::move(given_.front());
    given_.erase(given_.begin());
    if (given == row.entry) {
        ++same_;
        return;
    }
    differs(fmt::format("row {}: {} {} was decided then, {} {} now", row.n,
                        to_string(row.entry.kind), row.entry.text, to_string(given.kind),
                        given.text));
}

void JournalReplay::expect_nothing_before(Instant moment) {
    for (const auto& given : std::exchange(given_, {})) {
        if (given.at.steady >= moment) {
            given_.push_back(given);
        } else {
            differs(fmt::format("{}: {} {} is decided now, and was not then",
                                format_wall(given.at.wall), to_string(given.kind), given.text));
        }
    }
}

void JournalReplay::collect() {
    for (auto& entry : core_->take_record()) {
        if (is_decision(entry.kind)) given_.push_back(std::move(entry));
    }
    static_cast<void>(core_->take_orders());
    static_cast<void>(core_->take_log());
}

void JournalReplay::differs(std::string what) {
    if (differences_.size() < most_differences) differences_.push_back(std::move(what));
}

Result<PolicyPlan> plan_of_recorded(std::string_view text) {
    Complaints complaints;
    const auto parts = parts_of_recorded(text);
    auto file = ConfigFile::parse(parts.policy, "the recorded policy", complaints);
    auto plan = parse_policy(file, complaints, &parts.lists);
    if (plan.targets.empty() || plan.rules.empty()) return fail(Fault::config, complaints.text());
    if (!plan.map) return plan;
    for (const auto& [key, file_name] : plan.map->lists) {
        if (parts.lists.contains(key)) continue;
        return fail(Fault::config, "the list of " + key + " that its policy names is not recorded");
    }
    return plan;
}

}  // namespace firebreak
