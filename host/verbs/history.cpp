#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <memory>

#include "contract/payload.hpp"
#include "host/journal/replay.hpp"
#include "host/journal/store.hpp"
#include "host/journal/words.hpp"
#include "host/policy_file.hpp"
#include "host/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::string config, file, last = "50", target;
    bool all = false, json = false, verify = false, replay = false;
};

void print(const ChainRow& row, bool json) {
    const auto& [kind, at, text] = row.entry;
    if (json) {
        fmt::print("{}\n", to_json({{"n", row.n},
                                    {"at", format_wall(at.wall)},
                                    {"boot", row.boot},
                                    {"kind", std::string(to_string(kind))},
                                    {"text", text},
                                    {"hash", row.hash}}));
    } else {
        fmt::print("{:>7}  {}  {:<9}  {}\n", row.n, format_wall(at.wall), to_string(kind),
                   in_words(row.entry));
    }
}

/// What says why something was done; what only carries a replay along is shown with --all.
bool is_worth_showing(const ChainRow& row, const Given& given) {
    const auto& target = given.target;
    if (!target.empty() && row.entry.text.find('"' + target + '"') == std::string::npos &&
        row.entry.kind != EntryKind::evidence) {
        return false;
    }
    return given.all || row.entry.kind != EntryKind::tick;
}

Result<void> show_from(std::uint64_t first, const Given& given) {
    return read_journal(given.file, first, [&](const ChainRow& row) {
        if (is_worth_showing(row, given)) print(row, given.json);
        return true;
    });
}

/// The newest of those that are shown: of many rows only the last are read, unless few of them are.
Result<void> show_newest(std::uint64_t most, const Given& given) {
    const auto newest = newest_row(given.file);
    if (!newest) return tl::unexpected(newest.error());
    std::deque<ChainRow> shown;
    std::uint64_t first = *newest + 1;
    for (auto depth = 4 * std::min(most, *newest); first > 1 && shown.size() < most; depth *= 8) {
        first = depth >= *newest ? 1 : *newest - depth + 1;
        shown.clear();
        const auto read = read_journal(given.file, first, [&](const ChainRow& row) {
            if (!is_worth_showing(row, given)) return true;
            if (shown.size() == most) shown.pop_front();
            shown.push_back(row);
            return true;
        });
        if (!read) return read;
    }
    for (const auto& row : shown) print(row, given.json);
    return {};
}

int show(const Given& given) {
    std::uint64_t last = 0;
    const auto* end = given.last.data() + given.last.size();
    if (std::from_chars(given.last.data(), end, last).ptr != end) {
        fmt::print(stderr, "--last: give a number of rows\n");
        return 2;
    }
    const auto shown = last == 0 ? show_from(1, given) : show_newest(last, given);
    if (!shown) fmt::print(stderr, "{}\n", shown.error().what);
    return shown ? 0 : 1;
}

int verify(const Given& given) {
    ChainCheck check;
    std::optional<std::string> trouble;
    const auto read = read_journal(given.file, 1, [&](const ChainRow& row) {
        trouble = check.take(row);
        return !trouble;
    });
    if (!trouble) trouble = read ? check.end() : read.error().what;
    const auto told = trouble.value_or("whole");
    if (given.json) {
        fmt::print("{}\n",
                   to_json({{"rows", check.rows()}, {"head", check.head()}, {"chain", told}}));
    } else {
        fmt::print("{} rows, newest hash {}\n{}\n", check.rows(), check.head(), told);
    }
    return trouble ? 1 : 0;
}

int replay(const Given& given) {
    JournalReplay run([&](const auto& digest) {
        return recorded_policy(given.file, digest).and_then([](const std::string& text) {
            return plan_of_recorded(text);
        });
    });
    const auto read = read_journal(given.file, 1, [&](const ChainRow& row) {
        run.take(row);
        return true;
    });
    run.end();
    auto trouble = run.differences();
    if (!read) trouble.push_back(read.error().what);
    if (given.json) {
        fmt::print("{}\n", to_json({{"lives", run.lives()},
                                    {"same", run.same()},
                                    {"skipped", run.skipped()},
                                    {"differences", trouble}}));
    } else {
        for (const auto& difference : trouble) fmt::print("{}\n", difference);
        fmt::print(
            "{} lives, {} decisions, steps and refusals came out the same, {} differences; "
            "{} rows could not be compared\n",
            run.lives(), run.same(), trouble.size(), run.skipped());
    }
    return trouble.empty() ? 0 : 1;
}

int history(Given given) {
    if (given.file.empty()) {
        Complaints complaints;
        given.file = load_policy(given.config, complaints).journal.file;
        if (!complaints.empty() && given.file.empty()) fmt::print(stderr, "{}", complaints.text());
    }
    if (given.file.empty()) {
        fmt::print(stderr, "no journal: give --file, or a --config whose [journal] has a file\n");
        return 2;
    }
    if (given.verify || given.replay) {
        const int whole = given.verify ? verify(given) : 0;
        const int same = given.replay ? replay(given) : 0;
        return std::max(whole, same);
    }
    return show(given);
}

}  // namespace

void add_history(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("history",
              "What was taken in and decided, from the journal, whether or not the host runs",
              [given] { return history(*given); })
        .option("--config", "policy file, whose [journal] names the file", given->config)
        .option("--file", "the journal itself", given->file)
        .option("--last", "so many of the newest rows (50); 0: all", given->last)
        .option("--target", "only what names this target, and the evidence", given->target)
        .flag("--all", "the ticks, too", given->all)
        .flag("--json", "a line of JSON a row", given->json)
        .flag("--verify", "check the chain, name the first broken row", given->verify)
        .flag("--replay", "decide everything anew from what came in, and compare", given->replay);
}

}  // namespace firebreak
