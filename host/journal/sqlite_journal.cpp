#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "contract/digest.hpp"
#include "contract/support/sqlite_statement.hpp"
#include "host/journal/journal_lock.hpp"
#include "host/journal/store.hpp"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr int application = 0x4662486a;  // "FbHj"
constexpr int layout = 1;
constexpr int most_set_aside = 9;
constexpr std::uint64_t most_requests = 10'000;  // of those whose rows are pruned

// A write-ahead log, so that `history` may read while the host writes; FULL syncs it at each
// commit (sqlite.org/pragma.html#pragma_synchronous). Its size is bounded by checkpoints.
constexpr const char* settings =
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA temp_store=MEMORY;"
    "PRAGMA cell_size_check=ON;PRAGMA journal_size_limit=4194304;";
constexpr const char* tables =
    "CREATE TABLE row(n INTEGER PRIMARY KEY, steady INTEGER NOT NULL, wall INTEGER NOT NULL,"
    " boot TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, previous TEXT NOT NULL,"
    " hash TEXT NOT NULL);"
    "CREATE INDEX request ON row(n) WHERE kind = 'operator';"
    "CREATE TABLE policy(hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;";
constexpr const char* columns =
    "SELECT n, steady, wall, boot, kind, text, previous, hash FROM row ";
constexpr const char* last_row = "SELECT n, hash, boot FROM row ORDER BY n DESC LIMIT 1";

/// A connection, closed with its object.
struct Base {
    sqlite3* base = nullptr;

    Base() = default;
    ~Base() { close(); }
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;

    void close() {
        sqlite3_close_v2(base);
        base = nullptr;
    }
    [[nodiscard]] int execute(const char* sql) const {
        return sqlite3_exec(base, sql, nullptr, nullptr, nullptr);
    }
    [[nodiscard]] tl::unexpected<Error> bad(int code, const char* doing,
                                            const std::string& path) const {
        const bool told = base != nullptr && (sqlite3_errcode(base) & 0xff) == (code & 0xff);
        return fail(fault_of(code),
                    fmt::format("{} {}: {}", doing, path,
                                told ? sqlite3_errmsg(base) : sqlite3_errstr(code)));
    }
};

std::uint64_t bits(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
}

/// Nothing for a kind that this version does not know.
std::optional<ChainRow> row_of(const Statement& rows) {
    const auto kind = parse_entry_kind(rows.text(4));
    if (!kind) return std::nullopt;
    const Instant steady{std::chrono::nanoseconds(static_cast<std::int64_t>(rows.number(1)))};
    const WallTime wall{std::chrono::milliseconds(static_cast<std::int64_t>(rows.number(2)))};
    return ChainRow{rows.number(0),
                    rows.text(3),
                    {*kind, {steady, wall}, rows.text(5)},
                    rows.text(6),
                    rows.text(7)};
}

class SqliteJournal final : public JournalStore {
public:
    SqliteJournal(std::string path, std::string boot, std::string owner)
        : path_(std::move(path)), boot_(std::move(boot)), owner_(std::move(owner)) {}

    Result<void> claim() override {
        std::error_code ignored;
        const auto folder = fs::path(path_).parent_path();
        if (!folder.empty()) fs::create_directories(folder, ignored);
        return lock_.take(path_, owner_);
    }

    Result<std::string> append(const std::vector<Entry>& entries) override {
        if (auto opened = open(); !opened) return tl::unexpected<Error>(opened.error());
        auto last_n = last_n_;
        auto head = head_;
        const int code = in_transaction([&] {
            if (!ends_with_ours()) return SQLITE_ABORT;
            Statement insert(base_.base, "INSERT INTO row VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");
            for (const auto& entry : entries) {
                const auto row = chained(last_n, std::move(head), boot_, entry);
                last_n = row.n;
                head = row.hash;
                if (const int failed = put(insert, row); failed != SQLITE_OK) return failed;
            }
            return SQLITE_OK;
        });
        if (code != SQLITE_OK) return failed(code);
        last_n_ = last_n;
        head_ = head;
        wrote_ = true;
        return head;
    }

    Result<std::string> keep_policy(const std::string& text) override {
        if (auto opened = open(); !opened) return tl::unexpected<Error>(opened.error());
        auto digest = sha256(text);
        Statement keep(base_.base, "INSERT OR IGNORE INTO policy VALUES(?1, ?2)");
        const int code = keep.bind(1, digest).bind(2, text).run();
        if (code != SQLITE_OK) return failed(code);
        return digest;
    }

    Result<void> prune(Now now, WallTime before, std::uint64_t least, std::uint64_t most) override {
        if (auto opened = open(); !opened) return opened;
        const auto cut = cut_of(before, least, most);
        if (cut == 0) return {};
        Statement last(base_.base, "SELECT hash FROM row WHERE n = ?1");
        last.bind(1, cut);
        if (!last.row()) return {};  // pruned so far already
        auto told = append({{EntryKind::pruned, now, pruned_text(cut, last.text(0))}});
        if (!told) return tl::unexpected<Error>(told.error());
        const int code = in_transaction([&] {
            if (const int failed = keep_requests(cut); failed != SQLITE_OK) return failed;
            Statement drop(base_.base, "DELETE FROM row WHERE n <= ?1");
            if (const int failed = drop.bind(1, cut).run(); failed != SQLITE_OK) return failed;
            return base_.execute(
                "DELETE FROM policy WHERE hash NOT IN (SELECT substr(text, instr(text, "
                "'\"policy\":\"') + 10, 64) FROM row WHERE kind = 'started')");
        });
        if (code != SQLITE_OK) return tl::unexpected<Error>(failed(code).value());
        return {};
    }

private:
    [[nodiscard]] tl::unexpected<Error> failed(int code) {
        auto error = base_.bad(code, "writing", path_);
        static_cast<void>(base_.execute("ROLLBACK"));
        base_.close();
        if (error.value().fault == Fault::corrupt) return set_aside(std::move(error.value()));
        return error;
    }

    template <class Work>
    int in_transaction(const Work& work) {
        int code = base_.execute("BEGIN IMMEDIATE");
        if (code == SQLITE_OK) code = work();
        return code == SQLITE_OK ? base_.execute("COMMIT") : code;
    }

    /// What operators asked stands until they say otherwise, however old its row is.
    int keep_requests(std::uint64_t until) {
        const int made = base_.execute(
            "CREATE TABLE IF NOT EXISTS asked(n INTEGER PRIMARY KEY, text TEXT NOT NULL)");
        if (made != SQLITE_OK) return made;
        Statement copy(base_.base,
                       "INSERT OR IGNORE INTO asked SELECT n, text FROM row "
                       "WHERE kind = 'operator' AND n <= ?1");
        if (const int failed = copy.bind(1, until).run(); failed != SQLITE_OK) return failed;
        Statement trim(base_.base,
                       "DELETE FROM asked WHERE n NOT IN "
                       "(SELECT n FROM asked ORDER BY n DESC LIMIT ?1)");
        return trim.bind(1, most_requests).run();
    }

    static int put(Statement& insert, const ChainRow& row) {
        const auto steady =
            std::chrono::nanoseconds(row.entry.at.steady.time_since_epoch()).count();
        insert.bind(1, row.n).bind(2, bits(steady));
        insert.bind(3, bits(row.entry.at.wall.time_since_epoch().count())).bind(4, row.boot);
        insert.bind(5, std::string(to_string(row.entry.kind))).bind(6, row.entry.text);
        return insert.bind(7, row.previous).bind(8, row.hash).run();
    }

    /// Where locks fail (a network's file system without them, a lock file removed) another may
    /// have written all the same: two lives must not be told in turns in one chain.
    bool ends_with_ours() {
        Statement last(base_.base, last_row);
        const bool any = last.row();
        return any ? last.text(1) == head_ : last_n_ == 0;
    }

    /// The last row to go, or 0.
    std::uint64_t cut_of(WallTime before, std::uint64_t least, std::uint64_t most) {
        Statement young(base_.base, "SELECT min(n) FROM row WHERE wall >= ?1");
        young.bind(1, bits(before.time_since_epoch().count()));
        const auto first_young = young.row() ? young.number(0) : 0;  // 0: none is
        auto cut = first_young > 0 ? first_young - 1 : last_n_;
        cut = std::min(cut, last_n_ > least ? last_n_ - least : 0);
        return std::max(cut, last_n_ > most ? last_n_ - most : 0);
    }

    Result<void> open() {
        if (base_.base != nullptr) return {};
        if (auto ours = claim(); !ours) return ours;
        const int code = sqlite3_open_v2(path_.c_str(), &base_.base,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                             SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                         nullptr);
        auto opened = code == SQLITE_OK ? prepare() : base_.bad(code, "opening", path_);
        if (opened) return opened;
        base_.close();
        if (opened.error().fault == Fault::corrupt) return set_aside(std::move(opened.error()));
        return opened;
    }

    Result<void> prepare() {
        sqlite3_busy_timeout(base_.base, 200);
        int code = base_.execute(settings);
        if (code != SQLITE_OK) return base_.bad(code, "opening", path_);
        const auto whose = number("PRAGMA application_id");
        const auto named = number("SELECT count(*) FROM sqlite_master");
        if (named > 0 && whose != application) {
            return fail(Fault::corrupt, path_ + " is somebody else's");
        }
        if (named > 0 && number("PRAGMA user_version") > layout) {
            return fail(Fault::refused, path_ + " is of a later version of this program");
        }
        if (named == 0) {
            code = in_transaction([&] { return base_.execute(tables); });
            const auto mark =
                fmt::format("PRAGMA application_id={};PRAGMA user_version={}", application, layout);
            if (code == SQLITE_OK) code = base_.execute(mark.c_str());
            if (code != SQLITE_OK) return base_.bad(code, "opening", path_);
        }
        Statement last(base_.base, last_row);
        const bool any = last.row();
        if (any && wrote_ && last.text(2) != boot_) {
            return fail(Fault::config, path_ + " is written by another host, of the life " +
                                           last.text(2) + ": give each host a journal of its own");
        }
        last_n_ = any ? last.number(0) : 0;
        head_ = any ? last.text(1) : chain_begin();
        if (last.code() == SQLITE_OK) return {};
        return base_.bad(last.code(), "opening", path_);
    }

    std::uint64_t number(const char* sql) {
        Statement asked(base_.base, sql);
        return asked.row() ? asked.number(0) : 0;
    }

    /// A broken journal is evidence: it is moved, never deleted.
    tl::unexpected<Error> set_aside(Error why) {
        int number = 1;
        const auto aside = [&] { return fmt::format("{}.corrupt-{}", path_, number); };
        while (number < most_set_aside && fs::exists(aside())) ++number;
        std::error_code moved;
        std::error_code ignored;
        fs::rename(path_, aside(), moved);
        for (const char* part : {"-wal", "-shm"}) fs::rename(path_ + part, aside() + part, ignored);
        why.what += moved ? "; it cannot be moved aside: " + moved.message()
                          : "; moved aside to " + aside();
        return tl::unexpected<Error>(std::move(why));
    }

    std::string path_;
    std::string boot_;
    std::string owner_;
    JournalLock lock_;
    Base base_;
    std::uint64_t last_n_ = 0;
    std::string head_;
    bool wrote_ = false;  ///< in this life
};

Result<void> open_to_read(Base& base, const std::string& path) {
    const int code = sqlite3_open_v2(
        path.c_str(), &base.base,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    if (code != SQLITE_OK) return base.bad(code, "opening", path);
    sqlite3_busy_timeout(base.base, 1000);
    return {};
}

}  // namespace

std::unique_ptr<JournalStore> make_journal_store(std::string path, std::string boot,
                                                 std::string owner) {
    return std::make_unique<SqliteJournal>(std::move(path), std::move(boot), std::move(owner));
}

Result<void> read_journal(const std::string& path, std::uint64_t first,
                          const std::function<bool(const ChainRow&)>& take) {
    Base base;
    if (auto opened = open_to_read(base, path); !opened) return opened;
    Statement rows(base.base, (std::string(columns) + "WHERE n >= ?1 ORDER BY n").c_str());
    rows.bind(1, first);
    while (rows.row()) {
        const auto row = row_of(rows);
        if (!row) {
            return fail(Fault::corrupt,
                        fmt::format("row {} is of no kind that is known here", rows.number(0)));
        }
        if (!take(*row)) return {};
    }
    if (rows.code() == SQLITE_OK) return {};
    return base.bad(rows.code(), "reading", path);
}

Result<void> read_requests(const std::string& path,
                           const std::function<void(const std::string&)>& take) {
    if (!fs::exists(path)) return {};
    Base base;
    if (auto opened = open_to_read(base, path); !opened) return opened;
    Statement pruned(base.base, "SELECT 1 FROM sqlite_master WHERE name = 'asked'");
    std::vector<const char*> queries{"SELECT text FROM row WHERE kind = 'operator' ORDER BY n"};
    if (pruned.row()) queries.insert(queries.begin(), "SELECT text FROM asked ORDER BY n");
    for (const auto* query : queries) {
        Statement rows(base.base, query);
        while (rows.row()) take(rows.text(0));
        if (rows.code() != SQLITE_OK) return base.bad(rows.code(), "reading", path);
    }
    return {};
}

Result<void> read_receipts(const std::string& path,
                           const std::function<bool(const std::string&)>& take) {
    if (!fs::exists(path)) return {};
    Base base;
    if (auto opened = open_to_read(base, path); !opened) return opened;
    Statement rows(base.base,
                   "SELECT text FROM row WHERE kind = 'receipt' AND n > (SELECT max(n) FROM row) - "
                   "100000 ORDER BY n DESC");
    while (rows.row()) {
        if (!take(rows.text(0))) return {};
    }
    if (rows.code() == SQLITE_OK) return {};
    return base.bad(rows.code(), "reading", path);
}

Result<std::uint64_t> newest_row(const std::string& path) {
    Base base;
    if (auto opened = open_to_read(base, path); !opened) return tl::unexpected(opened.error());
    Statement newest(base.base, "SELECT max(n) FROM row");
    if (newest.row()) return newest.number(0);
    return base.bad(newest.code(), "reading", path);
}

Result<std::string> recorded_policy(const std::string& path, const std::string& digest) {
    Base base;
    if (auto opened = open_to_read(base, path); !opened) return tl::unexpected(opened.error());
    Statement found(base.base, "SELECT text FROM policy WHERE hash = ?1");
    if (!found.bind(1, digest).row()) return fail(Fault::corrupt, "the policy is not recorded");
    auto text = found.text(0);
    if (sha256(text) != digest) return fail(Fault::corrupt, "the recorded policy was changed");
    return text;
}

}  // namespace firebreak
