// The chain on real files: changed, cut, pruned, killed in mid-write, on a full disk.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "contract/digest.hpp"
#include "host/journal/journal_thread.hpp"
#include "host/journal/store.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

struct Place {
    TempDir folder;
    std::string path = (folder.path() / "deep" / "host.journal").string();
};

Entry entry(int i, WallTime wall = WallTime{} + 800'000h) {
    return {i % 3 == 0 ? EntryKind::decision : EntryKind::evidence,
            {Instant{} + std::chrono::seconds(i), wall + std::chrono::seconds(i)},
            "{\"i\":" + std::to_string(i) + "}"};
}

std::vector<Entry> entries(int from, int count) {
    std::vector<Entry> out;
    for (int i = from; i < from + count; ++i) out.push_back(entry(i));
    return out;
}

std::vector<ChainRow> rows_of(const std::string& path) {
    std::vector<ChainRow> out;
    REQUIRE(read_journal(path, 1, [&](const ChainRow& row) {
        out.push_back(row);
        return true;
    }));
    return out;
}

/// What a check says first, or "".
std::string trouble(const std::vector<ChainRow>& rows) {
    ChainCheck check;
    for (const auto& row : rows) {
        if (auto why = check.take(row)) return *why;
    }
    return check.end().value_or("");
}

std::vector<ChainRow> chain(int count) {
    std::vector<ChainRow> rows;
    for (int i = 0; i < count; ++i) {
        rows.push_back(chained(static_cast<std::uint64_t>(i),
                               rows.empty() ? chain_begin() : rows.back().hash, "life", entry(i)));
    }
    return rows;
}

}  // namespace

TEST_CASE("digest: SHA-256 answers as FIPS 180-4's examples", "[contract][digest]") {
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("chain: whatever is changed in any row is seen at that row", "[host][journal]") {
    const auto whole = chain(6);
    CHECK(trouble(whole).empty());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        const auto broken = [&](const auto& change) {
            auto rows = whole;
            change(rows[at]);
            return trouble(rows).find("row " + std::to_string(at + 1)) != std::string::npos;
        };
        CHECK(broken([](ChainRow& row) { row.entry.text += ' '; }));
        CHECK(broken([](ChainRow& row) { row.entry.at.wall += 1ms; }));
        CHECK(broken([](ChainRow& row) { row.entry.at.steady += 1ns; }));
        CHECK(broken([](ChainRow& row) { row.entry.kind = EntryKind::order; }));
        CHECK(broken([](ChainRow& row) { row.boot = "other"; }));
        CHECK(broken([](ChainRow& row) { row.hash.front() ^= 1; }));
        // Rewritten with its own hash, too: the next row gives it away.
        auto rows = whole;
        rows[at].entry.text = "{}";
        rows[at].hash = hash_of(rows[at]);
        CHECK(trouble(rows).empty() == (at + 1 == rows.size()));
    }
}

TEST_CASE("chain: a missing row is seen, the oldest ones too unless a row says they were pruned",
          "[host][journal]") {
    auto rows = chain(6);
    rows.erase(rows.begin() + 2);
    CHECK(trouble(rows).find("rows are missing") != std::string::npos);
    rows = chain(6);
    const auto last_gone = rows[1].hash;
    rows.erase(rows.begin(), rows.begin() + 2);
    CHECK(trouble(rows).find("pruned") != std::string::npos);
    rows.push_back(
        chained(6, rows.back().hash, "life", {EntryKind::pruned, {}, pruned_text(2, last_gone)}));
    CHECK(trouble(rows).empty());
}

TEST_CASE("journal: what was appended is read back by others, one chain over several lives",
          "[host][journal]") {
    const Place place;
    auto first = make_journal_store(place.path, "life-1");
    REQUIRE(first->append(entries(0, 3)));
    auto rows = rows_of(place.path);  // while it is open for writing
    REQUIRE(rows.size() == 3);
    first.reset();
    const auto head = make_journal_store(place.path, "life-2")->append(entries(3, 2));
    rows = rows_of(place.path);
    REQUIRE(rows.size() == 5);
    for (int i = 0; i < 5; ++i) CHECK(rows[static_cast<std::size_t>(i)].entry == entry(i));
    CHECK(rows[2].boot == "life-1");
    CHECK(rows[3].boot == "life-2");
    CHECK(head == rows.back().hash);
    CHECK(trouble(rows).empty());
    CHECK(newest_row(place.path) == 5);
}

TEST_CASE("journal: a second process is refused, told who has it, and may once the first is gone",
          "[host][journal]") {
    const Place place;
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto store = make_journal_store(place.path, "first", "seoul/seoul-1");
        if (!store->append(entries(0, 1)) || ::write(ready[1], "x", 1) != 1) _exit(3);
        for (;;) ::pause();
    }
    char word = 0;
    REQUIRE(::read(ready[0], &word, 1) == 1);
    auto second = make_journal_store(place.path, "second", "seoul/seoul-2");
    for (const auto& refused : {second->claim().error(), second->append(entries(1, 1)).error(),
                                second->keep_policy("x").error()}) {
        CHECK(refused.fault == Fault::config);
        INFO(refused.what);
        CHECK(refused.what.starts_with(place.path + " is in use by host seoul/seoul-1, process " +
                                       std::to_string(child) + " on "));
    }
    // By another name it is the same file.
    const auto alias = (place.folder.path() / "alias").string();
    std::filesystem::create_symlink(place.path, alias);
    CHECK(make_journal_store(alias, "third")->claim().error().fault == Fault::config);
    CHECK(rows_of(place.path).size() == 1);
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    for (const int end : ready) ::close(end);
    CHECK(second->append(entries(1, 2)));
    CHECK(trouble(rows_of(place.path)).empty());
    CHECK(rows_of(place.path).size() == 3);
}

TEST_CASE("journal: where the lock was taken away, two lives are still not told in turns",
          "[host][journal]") {
    const Place place;
    auto first = make_journal_store(place.path, "first");
    REQUIRE(first->append(entries(0, 2)));
    std::filesystem::remove(place.path + ".lock");
    auto second = make_journal_store(place.path, "second");
    REQUIRE(second->append(entries(2, 2)));
    CHECK_FALSE(first->append(entries(4, 1)));
    const auto refused = first->append(entries(4, 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::config);
    CHECK(refused.error().what.find("of the life second") != std::string::npos);
    CHECK(second->append(entries(4, 1)));
    const auto rows = rows_of(place.path);
    CHECK(rows.size() == 5);
    CHECK(trouble(rows).empty());
}

TEST_CASE("journal: a policy is kept once by its digest and not believed when changed",
          "[host][journal]") {
    const Place place;
    auto store = make_journal_store(place.path, "life");
    const auto digest = store->keep_policy("site = \"seoul\"\n");
    REQUIRE(digest);
    CHECK(store->keep_policy("site = \"seoul\"\n") == digest);
    CHECK(recorded_policy(place.path, *digest) == "site = \"seoul\"\n");
    CHECK_FALSE(recorded_policy(place.path, std::string(64, 'a')));
}

TEST_CASE("journal: old rows are pruned with the chain kept, but never below the floor",
          "[host][journal]") {
    const Place place;
    auto store = make_journal_store(place.path, "life");
    REQUIRE(store->append(entries(0, 100)));
    const auto future = entry(1'000'000).at;  // or a clock that jumped
    const auto pruned = store->prune(future, future.wall, 30, 1000);
    INFO((pruned ? "" : pruned.error().what));
    REQUIRE(pruned);
    auto rows = rows_of(place.path);
    CHECK(rows.size() == 31);  // and the one that says so
    CHECK(rows.back().entry.kind == EntryKind::pruned);
    CHECK(trouble(rows).empty());
    REQUIRE(store->prune(entry(0).at, WallTime::min(), 5, 20));
    rows = rows_of(place.path);
    CHECK(rows.size() == 21);
    CHECK(trouble(rows).empty());
    REQUIRE(store->prune(entry(0).at, WallTime::min(), 5, 100));
    CHECK(rows_of(place.path).size() == 21);
}

TEST_CASE("journal: what an operator asked stands when its row is pruned", "[host][journal]") {
    const Place place;
    auto store = make_journal_store(place.path, "life");
    auto asked = entry(0);
    asked.kind = EntryKind::request;
    for (const auto* text : {"disarm", "hold"}) {
        asked.text = text;
        REQUIRE(store->append({asked}));
        REQUIRE(store->append(entries(1, 50)));
        REQUIRE(store->prune(entry(0).at, WallTime::min(), 5, 20));
    }
    asked.text = "resume";
    REQUIRE(store->append({asked}));
    std::vector<std::string> told;
    REQUIRE(read_requests(place.path, [&](const std::string& text) { told.push_back(text); }));
    CHECK(told == std::vector<std::string>{"disarm", "hold", "resume"});
    CHECK(trouble(rows_of(place.path)).empty());
}

TEST_CASE("journal: a writer killed in mid-write leaves a whole chain with all it had told of",
          "[host][journal]") {
    const Place place;
    for (int life = 0; life < 4; ++life) {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto store = make_journal_store(place.path, "life-" + std::to_string(life));
            for (int i = 0;; ++i) {
                if (!store->append(entries(i, 3))) _exit(3);
                if (::write(pipe[1], &i, sizeof i) != sizeof i) _exit(4);
            }
        }
        ::close(pipe[1]);
        int told = 0;
        for (int i = 0; i < 10 + life; ++i) REQUIRE(::read(pipe[0], &told, sizeof told) > 0);
        ::kill(child, SIGKILL);
        REQUIRE(::waitpid(child, nullptr, 0) == child);
        for (int more = 0; ::read(pipe[0], &more, sizeof more) == sizeof more;) told = more;
        ::close(pipe[0]);
        const auto rows = rows_of(place.path);
        CHECK(trouble(rows).empty());
        const auto boot = "life-" + std::to_string(life);
        CHECK(std::count_if(rows.begin(), rows.end(),
                            [&](const auto& row) { return row.boot == boot; }) >= 3 * (told + 1));
    }
}

TEST_CASE("journal: past the limit of a file's size it says so, and goes on once there is room",
          "[host][journal]") {
    const Place place;
    const pid_t child = ::fork();  // the limit is the process's
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto store = make_journal_store(place.path, "life");
        if (!store->append(entries(0, 1))) _exit(4);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 96 * 1024;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        int i = 1;
        Result<std::string> written;
        while (i < 5000 && (written = store->append(entries(i, 1)))) ++i;
        if (written || written.error().fault != Fault::busy) _exit(1);
        if (store->append(entries(i, 5000))) _exit(2);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        _exit(store->append(entries(i, 3)) ? 0 : 3);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
    const auto rows = rows_of(place.path);
    CHECK(trouble(rows).empty());
    for (std::size_t i = 0; i < rows.size(); ++i)
        CHECK(rows[i].entry == entry(static_cast<int>(i)));
}

TEST_CASE("journal: a file of garbage is moved aside and a new chain begun", "[host][journal]") {
    const Place place;
    REQUIRE(make_journal_store(place.path, "life")->append(entries(0, 50)));
    {
        std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
        file << "this is not SQLite at all";
    }
    auto store = make_journal_store(place.path, "life");
    const auto first = store->append(entries(0, 1));
    REQUIRE_FALSE(first);
    CHECK(first.error().what.find("moved aside") != std::string::npos);
    CHECK(std::filesystem::exists(place.path + ".corrupt-1"));
    CHECK(store->append(entries(0, 1)));
    CHECK(rows_of(place.path).size() == 1);
}

TEST_CASE("backlog: what does not fit is one gap that says how many rows are missing",
          "[host][journal]") {
    WaitingEntries backlog(5, 1000);
    backlog.add(entries(0, 4));
    backlog.add(entries(4, 3));
    backlog.add(entries(7, 2));
    const auto& waiting = backlog.waiting();
    REQUIRE(waiting.size() == 6);
    CHECK(waiting[4] == entry(4));
    CHECK(waiting[5].kind == EntryKind::gap);
    CHECK(waiting[5].text == R"({"rows":4})");
    WaitingEntries small(100, 20);
    small.add(entries(0, 4));  // of 7 bytes each
    CHECK(small.waiting().size() == 3);
    CHECK(small.waiting()[2].text == R"({"rows":2})");
    backlog.written();
    backlog.add(entries(9, 2));
    CHECK(backlog.waiting() == entries(9, 2));
}

TEST_CASE("journal thread: nothing that was written while the disk hung is lost",
          "[host][journal]") {
    struct Hanging : JournalStore {
        Inbox<int>& go;
        std::vector<Entry>& got;
        Hanging(Inbox<int>& g, std::vector<Entry>& out) : go(g), got(out) {}

        Result<void> claim() override { return {}; }
        Result<std::string> append(const std::vector<Entry>& some) override {
            if (got.empty()) static_cast<void>(go.take(never));
            got.insert(got.end(), some.begin(), some.end());
            return "head";
        }
        Result<std::string> keep_policy(const std::string& /*text*/) override { return "digest"; }
        Result<void> prune(Now, WallTime, std::uint64_t, std::uint64_t) override { return {}; }
    };
    Inbox<int> go(1);
    std::vector<Entry> got;
    {
        JournalThread thread({"file", 24h}, std::make_unique<Hanging>(go, got), "policy",
                             [](const std::string&) { return true; });
        for (int i = 0; i < 1000; ++i) thread.write(entries(i, 1));
        REQUIRE(go.post(1));
    }
    CHECK(got == entries(0, 1000));
}

TEST_CASE("journal thread: a full disk is told of once, and its end, and the chain goes on",
          "[host][journal]") {
    const TempDir folder;
    const auto mount = folder.path().string();
    if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=96k") != 0) {
        WARN("may not mount a small disk here: only the limit of a file's size was tried");
        return;
    }
    const auto path = mount + "/host.journal";
    Inbox<std::string> told(100);
    {
        JournalThread thread(
            {path, 24h}, make_journal_store(path, "life"), "policy",
            [&](const std::string& trouble) { return told.post(std::string(trouble)); });
        thread.write(entries(0, 2000));
        const auto trouble = told.take(never);
        REQUIRE(trouble);
        INFO(*trouble);
        CHECK(trouble->find("full") != std::string::npos);
        REQUIRE(::mount("tmpfs", mount.c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0);
        thread.write(entries(2000, 1));
        CHECK(told.take(never) == "");
    }
    CHECK_FALSE(told.take_now());
    const auto rows = rows_of(path);
    CHECK(rows.size() == 2001);
    CHECK(trouble(rows).empty());
    CHECK(::umount2(mount.c_str(), MNT_DETACH) == 0);
}

}  // namespace firebreak
