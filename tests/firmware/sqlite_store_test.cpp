// Real files, a process killed in mid-write, a full disk, a read-only one, and files of garbage.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "firmware/store/store.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

struct Place {
    TempDir folder;
    std::string path = (folder.path() / "deep" / "agent.db").string();
};

Record record(std::uint64_t id, std::size_t size = 100) {
    return {id, {"a/topic", std::to_string(id) + std::string(size, '.'), id % 2 == 1}};
}

StoreOrder appended(std::uint64_t id, std::size_t size = 100) {
    StoreOrder order;
    order.append.push_back(record(id, size));
    return order;
}

std::vector<std::uint64_t> ids(const Remembered& found) {
    std::vector<std::uint64_t> out;
    for (const auto& each : found.records) out.push_back(each.id);
    return out;
}

std::uint64_t bytes_written() {
    std::ifstream in("/proc/self/io");
    std::uint64_t bytes = 0;
    for (std::string key; in >> key >> bytes;) {
        if (key == "wchar:") return bytes;
    }
    return 0;
}

void spoil(const std::string& path, std::uintmax_t from, std::size_t count) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(from));
    for (std::size_t i = 0; i < count; ++i) file.put(static_cast<char>(0x5a + i % 7));
}

}  // namespace

TEST_CASE("store: what was written is there in the next life, in order", "[firmware][store]") {
    const Place place;
    {
        auto store = make_sqlite_store(place.path);
        const auto fresh = store->load();
        CHECK(fresh.kept.empty());
        CHECK(fresh.troubles.empty());
        StoreOrder order;
        order.keep = {{"b", "first"}, {"a", std::string("nul \0 and \xff", 11)}};
        order.append = {record(10), record(2), record(7)};
        REQUIRE(store->write(order));
        REQUIRE(
            store->write({.whole = false, .keep = {{"b", "newest"}}, .append = {}, .drop = {2}}));
    }
    const auto found = make_sqlite_store(place.path)->load();
    const std::vector<KeptText> kept = {{"a", std::string("nul \0 and \xff", 11)}, {"b", "newest"}};
    CHECK(found.kept == kept);
    CHECK(found.records == std::vector<Record>{record(7), record(10)});
    CHECK(found.troubles.empty());
}

TEST_CASE("store: a whole order leaves nothing of what was before", "[firmware][store]") {
    const Place place;
    auto store = make_sqlite_store(place.path);
    (void)store->load();
    REQUIRE(
        store->write({.whole = false, .keep = {{"a", "1"}}, .append = {record(1)}, .drop = {}}));
    REQUIRE(store->write({.whole = true, .keep = {{"b", "2"}}, .append = {record(2)}, .drop = {}}));
    store.reset();
    const auto found = make_sqlite_store(place.path)->load();
    CHECK(found.kept == std::vector<KeptText>{{"b", "2"}});
    CHECK(ids(found) == std::vector<std::uint64_t>{2});
}

TEST_CASE("store: a process killed in mid-write loses nothing that write() had returned for",
          "[firmware][store]") {
    const Place place;
    std::uint64_t next = 1;
    for (int life = 0; life < 6; ++life) {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto store = make_sqlite_store(place.path);
            (void)store->load();
            for (std::uint64_t id = next;; ++id) {
                if (!store->write(appended(id, 3000))) _exit(3);
                if (::write(pipe[1], &id, sizeof id) != sizeof id) _exit(4);
            }
        }
        ::close(pipe[1]);
        std::uint64_t told = 0;
        for (int i = 0; i < 20 + 7 * life; ++i) {
            REQUIRE(::read(pipe[0], &told, sizeof told) == sizeof told);
        }
        ::kill(child, SIGKILL);
        REQUIRE(::waitpid(child, nullptr, 0) == child);
        for (std::uint64_t more = 0; ::read(pipe[0], &more, sizeof more) == sizeof more;)
            told = more;
        ::close(pipe[0]);

        const auto found = make_sqlite_store(place.path)->load();
        CHECK(found.troubles.empty());
        std::vector<std::uint64_t> wanted(std::max<std::uint64_t>(told, found.records.size()));
        std::iota(wanted.begin(), wanted.end(), 1U);
        CHECK(ids(found) == wanted);
        CHECK(wanted.size() <= told + 1);  // written, and killed before it could say so
        next = wanted.size() + 1;
    }
}

TEST_CASE("store: a file that is not a store is moved aside and a new one begun",
          "[firmware][store]") {
    const Place place;
    fs::create_directories(fs::path(place.path).parent_path());
    for (int time = 1; time <= 11; ++time) {
        std::ofstream(place.path, std::ios::binary | std::ios::trunc)
            << "this was never a store " << time << std::string(5000, 'x');
        auto store = make_sqlite_store(place.path);
        const auto found = store->load();
        REQUIRE(found.troubles.size() >= 1);
        INFO(found.troubles.back());
        const auto aside = place.path + ".corrupt-" + std::to_string(std::min(time, 9));
        CHECK(found.troubles.back().find(aside) != std::string::npos);
        CHECK(fs::exists(aside));
        CHECK(store->write(appended(1)));
        store.reset();
        CHECK(ids(make_sqlite_store(place.path)->load()) == std::vector<std::uint64_t>{1});
    }
    CHECK_FALSE(fs::exists(place.path + ".corrupt-10"));  // they do not fill the disk
}

TEST_CASE("store: a base of somebody else's is not written into", "[firmware][store]") {
    const Place place;
    const Place other;
    (void)make_sqlite_store(place.path)->load();
    spoil(place.path, 68, 4);  // application_id
    auto store = make_sqlite_store(place.path);
    const auto found = store->load();
    REQUIRE_FALSE(found.troubles.empty());
    CHECK(found.troubles[0].find("somebody else's") != std::string::npos);
    CHECK(fs::exists(place.path + ".corrupt-1"));
    CHECK(store->write(appended(1)));
}

TEST_CASE("store: a file cut short or spoilt anywhere is read whole, or moved aside and said",
          "[firmware][store]") {
    const Place place;
    {
        auto store = make_sqlite_store(place.path);
        (void)store->load();
        StoreOrder order;
        for (std::uint64_t id = 1; id <= 40; ++id) order.append.push_back(record(id, 300));
        for (int i = 0; i < 40; ++i) {
            order.keep.emplace_back("alarm-" + std::to_string(i), std::string(200, 'k'));
        }
        REQUIRE(store->write(order));
    }
    const auto whole = make_sqlite_store(place.path)->load();
    const auto good = place.path + ".good";
    fs::rename(place.path, good);
    const auto size = fs::file_size(good);
    int aside = 0;
    const auto judge = [&](const std::string& how) {
        INFO(how);
        auto store = make_sqlite_store(place.path);
        const auto found = store->load();
        if (found.troubles.empty()) {
            // Not every byte can be told from a right one, but none makes rows come and go.
            CHECK(found.records.size() == whole.records.size());
            CHECK(found.kept.size() == whole.kept.size());
        } else {
            ++aside;
            CHECK(fs::exists(place.path + ".corrupt-1"));
        }
        CHECK(store->write(appended(1000)));
        store.reset();
        for (const auto& entry : fs::directory_iterator(fs::path(place.path).parent_path())) {
            if (entry.path() != good) fs::remove(entry.path());
        }
    };
    for (std::uintmax_t keep = 1; keep < size; keep += 997) {
        fs::copy_file(good, place.path);
        fs::resize_file(place.path, keep);
        judge("cut to " + std::to_string(keep));
    }
    CHECK(aside > 10);
    aside = 0;
    for (std::uintmax_t at = 0; at + 64 < size; at += 1024) {
        fs::copy_file(good, place.path);
        spoil(place.path, at, 64);  // the head of each page
        judge("spoilt at " + std::to_string(at));
    }
    CHECK(aside > 10);
}

TEST_CASE("store: a file spoilt while it is in use is moved aside, and a whole order restores it",
          "[firmware][store]") {
    const Place place;
    auto store = make_sqlite_store(place.path);
    (void)store->load();
    for (std::uint64_t id = 1; id <= 300; ++id) {
        REQUIRE(
            store->write({.whole = false, .keep = {}, .append = {record(id, 900)}, .drop = {}}));
    }
    store.reset();
    store = make_sqlite_store(place.path);
    CHECK(store->load().records.size() == 300);
    for (std::uintmax_t at = 1024; at + 1024 <= fs::file_size(place.path); at += 1024) {
        spoil(place.path, at, 1024);
    }
    Result<void> written;
    for (std::uint64_t id = 301; id <= 400 && written; ++id) {
        // What lies in the page cache may still be good: many rows touch the bad pages.
        StoreOrder order = appended(id, 900);
        order.drop = {id - 300};
        written = store->write(order);
    }
    if (!written) {
        CHECK(written.error().fault == Fault::corrupt);
        CHECK(written.error().what.find(".corrupt-1") != std::string::npos);
        CHECK(store->write({.whole = true, .keep = {{"a", "1"}}, .append = {}, .drop = {}}));
    }
    store.reset();
    const auto found = make_sqlite_store(place.path)->load();
    CHECK((found.troubles.empty() ? !written : true));
}

TEST_CASE("store: past the limit of a file's size it says so, and writes again once there is room",
          "[firmware][store]") {
    const Place place;
    const pid_t child = ::fork();  // the limit is the process's
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto store = make_sqlite_store(place.path);
        (void)store->load();
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 32 * 1024;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::uint64_t id = 1;
        Result<void> written;
        while (id < 200 && (written = store->write(appended(id, 1000)))) ++id;
        if (written || written.error().fault != Fault::busy) _exit(1);
        if (store->write(appended(id, 1000))) _exit(2);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        StoreOrder whole;
        whole.whole = true;
        whole.append = {record(5)};
        _exit(store->write(whole) ? 0 : 3);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    const auto found = make_sqlite_store(place.path)->load();
    CHECK(found.troubles.empty());
    CHECK(ids(found) == std::vector<std::uint64_t>{5});
}

TEST_CASE("store: on a full disk and on a read-only one it keeps what it had and says so",
          "[firmware][store]") {
    const TempDir folder;
    const auto mount = folder.path().string();
    if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=64k") != 0) {
        WARN("may not mount a small disk here: only the limit of a file's size was tried");
        return;
    }
    const auto path = mount + "/agent.db";
    auto store = make_sqlite_store(path);
    (void)store->load();
    std::uint64_t id = 1;
    Result<void> written;
    while (id < 200 && (written = store->write(appended(id, 1000)))) ++id;
    REQUIRE_FALSE(written);
    CHECK(written.error().fault == Fault::busy);
    INFO(written.error().what);
    store.reset();
    auto found = make_sqlite_store(path)->load();
    CHECK(found.records.size() == id - 1);

    REQUIRE(::mount("tmpfs", mount.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k") == 0);
    store = make_sqlite_store(path);
    found = store->load();
    CHECK(found.records.size() == id - 1);  // what cannot be written may still be read
    written = store->write(appended(id));
    REQUIRE_FALSE(written);
    CHECK(written.error().fault == Fault::refused);

    REQUIRE(::mount("tmpfs", mount.c_str(), "tmpfs", MS_REMOUNT, "size=1m") == 0);
    CHECK(store->write(appended(id)));
    store.reset();
    CHECK(::umount2(mount.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("store: a second agent on the same file is refused, not mixed in", "[firmware][store]") {
    const Place place;
    auto first = make_sqlite_store(place.path);
    (void)first->load();
    REQUIRE(first->write(appended(1)));
    auto second = make_sqlite_store(place.path);
    const auto found = second->load();
    REQUIRE_FALSE(found.troubles.empty());
    INFO(found.troubles[0]);
    CHECK(found.troubles[0].find("locked") != std::string::npos);
    const auto refused = second->write(appended(2));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::busy);
    CHECK(first->write(appended(2)));
}

TEST_CASE("store: a transition written and dropped costs less than 16 KiB of writing",
          "[firmware][store]") {
    const Place place;
    auto store = make_sqlite_store(place.path);
    (void)store->load();
    StoreOrder alarms;
    for (int i = 0; i < 100; ++i) {
        alarms.keep.emplace_back("alarm-" + std::to_string(i), std::string(400, 'k'));
    }
    REQUIRE(store->write(alarms));
    const auto before = bytes_written();
    constexpr std::uint64_t transitions = 20;
    for (std::uint64_t id = 1; id <= transitions; ++id) {
        auto order = appended(id, 400);
        order.keep = {{"alarm-7", std::string(400, 'n')}};
        if (id > 1) order.drop = {id - 1};
        REQUIRE(store->write(order));
    }
    const auto each = (bytes_written() - before) / transitions;
    INFO(each << " bytes a transition");
    CHECK(each > 400);
    CHECK(each < 16 * 1024);
}

}  // namespace firebreak
