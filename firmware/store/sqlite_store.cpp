#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "contract/support/sqlite_statement.hpp"
#include "firmware/store/store.hpp"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr int application = 0x46624167;  // "FbAg"
constexpr int layout = 1;
constexpr int most_set_aside = 9;
constexpr std::uintmax_t least_size = 512;

// A rollback journal that is truncated and synced is durable with FULL (pager.c,
// pager_end_transaction), leaves one plain file, and can be read on a disk that has become
// read-only; a WAL cannot. Small pages: flash is written a page at a time.
constexpr const char* settings =
    "PRAGMA page_size=1024;PRAGMA journal_mode=TRUNCATE;PRAGMA synchronous=FULL;"
    "PRAGMA locking_mode=EXCLUSIVE;PRAGMA temp_store=MEMORY;PRAGMA cell_size_check=ON;";
constexpr const char* tables =
    "CREATE TABLE kept(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE record(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL,"
    " retained INTEGER NOT NULL);";

class SqliteStore final : public Store {
public:
    explicit SqliteStore(std::string path) : path_(std::move(path)) {}
    ~SqliteStore() override { close(); }

    Remembered load() override {
        Remembered found;
        if (auto opened = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !opened) {
            found.troubles.push_back(opened.error().what);
            // What cannot be written may still be read.
            if (opened.error().fault == Fault::corrupt) {
                start_anew(found.troubles);
                return found;
            }
            if (!open(SQLITE_OPEN_READONLY)) return found;
        }
        const int code = read(found);
        if (code == SQLITE_OK) return found;
        auto trouble = error(code, "reading");
        found.kept.clear();
        found.records.clear();
        found.troubles.push_back(std::move(trouble.what));
        if (trouble.fault == Fault::corrupt) start_anew(found.troubles);
        return found;
    }

    Result<void> write(const StoreOrder& order) override {
        if (base_ == nullptr || sqlite3_db_readonly(base_, "main") == 1) {
            if (auto opened = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !opened) {
                return set_aside(opened.error());
            }
        }
        const int code = transact(order);
        if (code == SQLITE_OK) return {};
        auto failed = error(code, "writing");
        execute("ROLLBACK");
        return set_aside(std::move(failed));
    }

private:
    [[nodiscard]] Error error(int code, const char* doing) const {
        const bool told = base_ != nullptr && (sqlite3_errcode(base_) & 0xff) == (code & 0xff);
        return {fault_of(code),
                fmt::format("{} {}: {}", doing, path_,
                            told ? sqlite3_errmsg(base_) : sqlite3_errstr(code)),
                0};
    }
    [[nodiscard]] tl::unexpected<Error> bad(int code, const char* doing) const {
        return tl::unexpected<Error>(error(code, doing));
    }
    int execute(const char* sql) const {
        return sqlite3_exec(base_, sql, nullptr, nullptr, nullptr);
    }
    void close() {
        sqlite3_close_v2(base_);
        base_ = nullptr;
    }

    Result<void> open(int flags) {
        close();
        std::error_code ignored;
        const auto folder = fs::path(path_).parent_path();
        if (!folder.empty()) fs::create_directories(folder, ignored);
        // What is shorter than any base SQLite takes for a new one.
        const auto size = fs::file_size(path_, ignored);
        if (!ignored && size > 0 && size < least_size) {
            return fail(Fault::corrupt, fmt::format("opening {}: cut short", path_));
        }
        const int code = sqlite3_open_v2(
            path_.c_str(), &base_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
        auto opened = code == SQLITE_OK ? prepare() : Result<void>(bad(code, "opening"));
        if (!opened) close();
        return opened;
    }

    /// Ours, whole, and held by us alone: two agents with one store would each undo the other's.
    Result<void> prepare() {
        sqlite3_busy_timeout(base_, 200);
        if (const int code = execute(settings); code != SQLITE_OK) return bad(code, "opening");
        const auto whose = pragma("PRAGMA application_id");
        const auto version = pragma("PRAGMA user_version");
        const auto named = pragma("SELECT count(*) FROM sqlite_master");
        for (const auto* asked : {&whose, &version, &named}) {
            if (!*asked) return tl::unexpected<Error>(asked->error());
        }
        if (*whose == application && *version > layout) {
            return fail(Fault::refused,
                        fmt::format("{} is of a later version of this program", path_));
        }
        if (*named != 0 && *whose != application) {
            return fail(Fault::corrupt, fmt::format("{} is somebody else's", path_));
        }
        if (sqlite3_db_readonly(base_, "main") == 1) return check();
        int code = execute("BEGIN IMMEDIATE");
        if (code == SQLITE_OK && *named == 0) code = execute(tables);
        if (code == SQLITE_OK && *whose != application) {
            code = execute(
                fmt::format("PRAGMA application_id={};PRAGMA user_version={}", application, layout)
                    .c_str());
        }
        if (code == SQLITE_OK) code = execute("COMMIT");
        if (code != SQLITE_OK) return bad(code, "opening");
        return check();
    }

    Result<std::uint64_t> pragma(const char* sql) {
        Statement asked(base_, sql);
        if (asked.row()) return asked.number(0);
        return bad(asked.code(), "opening");
    }

    Result<void> check() {
        Statement asked(base_, "PRAGMA quick_check(1)");
        if (!asked.row()) return bad(asked.code(), "checking");
        if (asked.text(0) == "ok") return {};
        return fail(Fault::corrupt, fmt::format("checking {}: {}", path_, asked.text(0)));
    }

    int read(Remembered& into) {
        Statement kept(base_, "SELECT name, text FROM kept ORDER BY name");
        while (kept.row()) into.kept.emplace_back(kept.text(0), kept.text(1));
        if (kept.code() != SQLITE_OK) return kept.code();
        Statement records(base_, "SELECT id, topic, payload, retained FROM record ORDER BY id");
        while (records.row()) {
            into.records.push_back({records.number(0), Message{records.text(1), records.text(2),
                                                               records.number(3) != 0}});
        }
        return records.code();
    }

    int transact(const StoreOrder& order) {
        int code = execute("BEGIN IMMEDIATE");
        if (code == SQLITE_OK && order.whole) code = execute("DELETE FROM kept;DELETE FROM record");
        if (code != SQLITE_OK) return code;
        Statement keep(base_, "INSERT OR REPLACE INTO kept VALUES(?1, ?2)");
        for (const auto& [name, text] : order.keep) {
            if ((code = keep.bind(1, name).bind(2, text).run()) != SQLITE_OK) return code;
        }
        Statement append(base_, "INSERT OR REPLACE INTO record VALUES(?1, ?2, ?3, ?4)");
        for (const auto& [id, message] : order.append) {
            append.bind(1, id).bind(2, message.topic).bind(3, message.payload);
            code = append.bind(4, std::uint64_t{message.retained}).run();
            if (code != SQLITE_OK) return code;
        }
        Statement drop(base_, "DELETE FROM record WHERE id = ?1");
        for (const auto id : order.drop) {
            if ((code = drop.bind(1, id).run()) != SQLITE_OK) return code;
        }
        return execute("COMMIT");
    }

    void start_anew(std::vector<std::string>& troubles) {
        const auto aside = set_aside({Fault::corrupt, "", 0});
        troubles.push_back(aside.error().what);
    }

    /// Only a corrupt file is moved; with what SQLite would play back into the next one.
    Result<void> set_aside(Error why) {
        if (why.fault != Fault::corrupt) return tl::unexpected<Error>(std::move(why));
        close();
        int number = 1;
        std::error_code failed;
        const auto taken = [&] { return fs::exists(fmt::format("{}.corrupt-{}", path_, number)); };
        while (number < most_set_aside && taken()) ++number;
        const auto aside = fmt::format("{}.corrupt-{}", path_, number);
        fs::rename(path_, aside, failed);
        std::error_code no_journal;
        fs::rename(path_ + "-journal", aside + "-journal", no_journal);
        if (!why.what.empty()) why.what += "; ";
        if (failed) {
            why.what += fmt::format("moving it aside: {}", failed.message());
            why.fault = Fault::refused;
            return tl::unexpected<Error>(std::move(why));
        }
        why.what += fmt::format("moved aside to {}, begun anew", aside);
        if (auto opened = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !opened) {
            why.what += "; " + opened.error().what;
        }
        return tl::unexpected<Error>(std::move(why));
    }

    std::string path_;
    sqlite3* base_ = nullptr;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(std::string path) {
    return std::make_unique<SqliteStore>(std::move(path));
}

}  // namespace firebreak
