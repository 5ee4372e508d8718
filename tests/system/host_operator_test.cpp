// Operators with a real host: its socket, its journal, a real broker and a real haproxy.
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/operator/socket.hpp"
#include "tests/system/host_stage.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

constexpr const char* host_binary = FIREBREAK_BIN_DIR "/firebreak-host";

struct Told {
    int code = -1;
    std::string out, err;
};

struct Stage : HostStage {
    explicit Stage(const TempDir& journal)
        : HostStage(host_binary,
                    fmt::format("[journal]\nfile = \"{}/host.journal\"\n[[drill]]\n"
                                "name = \"text\"\ntargets = [\"text\"]\nhold_for = \"2s\"\n",
                                journal.path().string())) {}

    [[nodiscard]] Told verb(Words words) const {
        words.insert(words.begin() + 1, {"--config", path("policy.toml")});
        Process process(host_binary, words);
        const auto code = process.wait(20s);
        return {code.value_or(-1), process.out(), process.err()};
    }
    /// The policy of another host, with this journal and this socket.
    [[nodiscard]] std::string other(const std::string& journal, const std::string& socket) const {
        std::ifstream in(path("policy.toml"));
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto replace = [&text](const std::string& what, const std::string& with) {
            const auto at = text.find(what);
            REQUIRE(at != std::string::npos);
            text.replace(at, what.size(), with);
        };
        replace("host = \"seoul-1\"", "host = \"seoul-2\"");
        replace("/host.journal\"", "/" + journal + "\"");
        replace("[guard]", "[operator]\nsocket = \"" + socket + "\"\n[guard]");
        folder.write("other.toml", text);
        return path("other.toml");
    }
    /// All is clear, as the host has heard it.
    void calm() {
        quiet_day();
        REQUIRE(eventually([&] { return has(verb({"status"}).out, "online"); }));
        REQUIRE(eventually([&] { return state("pangyo-a") == "ready"; }));
    }
    [[nodiscard]] static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
};

bool has(const std::string& text, const std::string& part) {
    return Stage::has(text, part);
}

}  // namespace

TEST_CASE("operator: a held target is not drained, across a restart, and is once it is resumed",
          "[system][host][operator]") {
    const TempDir journal;
    Stage stage(journal);
    stage.start_host();
    stage.calm();
    const auto held = stage.verb({"hold", "text", "--for", "30m", "--why", "rack work"});
    INFO(held.err);
    CHECK(held.code == 0);
    CHECK(stage.verb({"hold", "txet", "--for", "30m", "--why", "x"}).code == 1);
    CHECK(stage.verb({"hold", "text", "--for", "soon", "--why", "x"}).code == 2);
    stage.host->kill();
    stage.start_host();
    stage.beat();
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return has(stage.posture("text").blocked, "rack work"); }));
    CHECK(stage.is("ready"));
    const auto why = stage.verb({"why", "text"});
    INFO(why.out);
    CHECK(why.code == 0);
    CHECK(has(why.out, "at least drain while pangyo/room/gas"));
    CHECK(has(why.out, "held by "));
    CHECK(has(stage.verb({"plan"}).out, "pangyo-a drain because pangyo/room/gas: hold: held by"));
    const auto json = stage.verb({"why", "text", "--json"}).out;
    CHECK(has(json, R"("wanted":"drain")"));
    CHECK(stage.verb({"resume", "text"}).code == 0);
    CHECK(eventually([&] { return stage.is("drain"); }));
    CHECK(eventually([&] { return stage.posture("text").reached == Posture::drain; }));
    CHECK(stage.host->stop() == 0);

    const auto newest = stage.verb({"history", "--target", "text", "--last", "3", "--json"}).out;
    INFO(newest);
    CHECK(std::count(newest.begin(), newest.end(), '\n') == 3);
    CHECK(has(newest, "text"));
    const auto most = stage.verb({"history", "--last", "4611686018427387904"});  // of 2^64 a part
    CHECK(most.out == stage.verb({"history", "--last", "0"}).out);
    const auto nobody = stage.verb({"status", "--json"});
    CHECK(nobody.code == 1);
    CHECK(has(nobody.out, R"("done":false)"));
    CHECK(has(nobody.out, "no host can be asked"));
    const auto history = stage.verb({"history", "--last", "0"}).out;
    INFO(history);
    for (const char* part : {"verb=hold target=text", "why=rack work", "recalled", "refusal",
                             "item=pangyo-a action=drain", "because=pangyo/room/gas"}) {
        INFO(part);
        CHECK(has(history, part));
    }
    const auto proof = stage.verb({"history", "--verify", "--replay"});
    INFO(proof.out);
    CHECK(proof.code == 0);
    CHECK(has(proof.out, "whole"));
    CHECK(has(proof.out, "2 lives"));
    CHECK(has(proof.out, "0 differences"));

    Process change("sqlite3", {(journal.path() / "host.journal").string(),
                               "UPDATE row SET text = replace(text, 'drain', 'ready') WHERE n = "
                               "(SELECT max(n) FROM row WHERE kind = 'order')"});
    REQUIRE(change.wait(60s) == 0);
    const auto broken = stage.verb({"history", "--verify", "--replay"});
    CHECK(broken.code == 1);
    CHECK(has(broken.out, "was changed after it was written"));
    CHECK(has(broken.out, "was decided then"));
}

TEST_CASE("operator: with a journal that cannot be read it only rehearses until somebody arms it",
          "[system][host][operator]") {
    const TempDir journal;
    journal.write("host.journal", std::string(8192, 'x'));
    Stage stage(journal);
    stage.start_host();
    REQUIRE(eventually(
        [&] { return has(stage.verb({"status"}).out, "disarmed by an unread journal"); }));
    stage.calm();
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return stage.posture("text").wanted == Posture::drain; }));
    std::this_thread::sleep_for(1s);
    CHECK(stage.is("ready"));
    CHECK(eventually([&] { return stage.verb({"arm"}).code == 0; }));
    CHECK(eventually([&] { return stage.is("drain"); }));
}

TEST_CASE("operator: a drill drains real servers and brings them back, an alarm ends it",
          "[system][host][operator]") {
    const TempDir journal;
    Stage stage(journal);
    stage.start_host();
    stage.calm();
    REQUIRE(eventually([&] { return stage.verb({"drill", "text"}).code == 0; }));
    CHECK(eventually([&] { return stage.is("drain"); }));
    CHECK(stage.verb({"drill", "text"}).code == 1);
    CHECK(eventually([&] { return stage.is("ready"); }));
    CHECK(eventually([&] { return stage.posture("text").wanted == Posture::normal; }));

    REQUIRE(eventually([&] { return stage.verb({"drill", "text"}).code == 0; }));
    REQUIRE(eventually([&] { return stage.is("drain"); }));
    stage.alarm("on-battery", Phase::firing);
    REQUIRE(eventually([&] { return has(stage.host->err(), "event=drill-ended"); }));
    std::this_thread::sleep_for(3s);  // longer than the drill and calm_for
    CHECK(stage.is("drain"));
    CHECK(stage.verb({"drill", "text"}).err == "pangyo/room/on-battery is active\n");
    stage.alarm("on-battery", Phase::clear);
    CHECK(eventually([&] { return stage.is("ready"); }));
    CHECK(stage.host->stop() == 0);
    const auto proof = stage.verb({"history", "--verify", "--replay"});
    INFO(proof.out);
    CHECK(proof.code == 0);
}

TEST_CASE("operator: disarmed it rehearses, also after a restart; restore does not wait for calm",
          "[system][host][operator]") {
    const TempDir journal;
    Stage stage(journal);
    stage.start_host();
    stage.calm();
    CHECK(stage.verb({"disarm"}).code == 0);
    CHECK(eventually([&] { return !stage.host_status().armed; }));
    stage.host->kill();
    stage.start_host();
    CHECK_FALSE(stage.host_status().armed);
    stage.beat();
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return has(stage.host->err(), "event=rehearsed"); }));
    CHECK(stage.is("ready"));
    CHECK(stage.verb({"arm"}).code == 0);
    CHECK(eventually([&] { return stage.is("drain"); }));
    CHECK(has(stage.verb({"restore", "text"}).err, "is asked for by pangyo/room/gas"));
    CHECK(stage.verb({"history", "--replay"}).code == 0);  // while it runs
}

TEST_CASE("operator: on a full disk nothing new is begun, and goes on once there is room",
          "[system][host][operator]") {
    const TempDir disk;
    if (::mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
        WARN("may not mount a small disk here");
        return;
    }
    {
        Stage stage(disk);
        stage.start_host();
        stage.calm();
        Process fill("dd", {"if=/dev/zero", "of=" + (disk.path() / "ballast").string(), "bs=4k"});
        static_cast<void>(fill.wait(60s));
        // Something must be written for it to be noticed: operators' requests are.
        for (int i = 0; i < 200 && !has(stage.host->err(), "event=journal-failing"); ++i) {
            static_cast<void>(
                stage.verb({"hold", "racks", "--for", "1m", "--why", std::string(190, 'x')}));
        }
        REQUIRE(eventually([&] { return has(stage.host->err(), "event=journal-failing"); }));
        stage.alarm("gas", Phase::firing);
        REQUIRE(eventually(
            [&] { return has(stage.posture("text").blocked, "the journal cannot be written"); }));
        CHECK(stage.is("ready"));
        CHECK(eventually([&] {
            const auto counters = stage.host_status().counters;
            const auto failures = counters.find("journal.failures");
            return failures != counters.end() && failures->second >= 1;
        }));
        std::filesystem::remove(disk.path() / "ballast");
        CHECK(eventually([&] { return stage.is("drain"); }));
        CHECK(has(stage.host->err(), "event=journal-written"));
        CHECK(stage.host->stop() == 0);
        const auto proof = stage.verb({"history", "--verify", "--replay"});
        INFO(proof.out);
        CHECK(proof.code == 0);
    }
    CHECK(::umount2(disk.path().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("operator: a host that names another's journal does not begin, and may once that is gone",
          "[system][host][operator]") {
    const TempDir journal;
    Stage stage(journal);
    stage.start_host();
    stage.calm();
    const auto other = stage.other("host.journal", stage.path("other.sock"));
    Process second(host_binary, {"run", "--config", other});
    CHECK(second.wait(60s) == 2);
    CHECK(has(second.err(), "event=journal-in-use"));
    CHECK(has(second.err(), "host.journal is in use by host seoul/seoul-1, process " +
                                std::to_string(stage.host->pid()) + " on "));
    stage.alarm("gas", Phase::firing);  // the first goes on
    CHECK(eventually([&] { return stage.is("drain"); }));
    CHECK(eventually([&] { return stage.posture("text").reached == Posture::drain; }));
    stage.host->kill();
    Process third(host_binary, {"run", "--config", other});
    CHECK(eventually([&] { return has(third.err(), "event=journal-open"); }));
    CHECK(third.stop() == 0);
    const auto proof = stage.verb({"history", "--verify"});
    INFO(proof.out);
    CHECK(proof.code == 0);
    CHECK(has(proof.out, "whole"));
}

TEST_CASE("operator: the socket is its group's alone, shuts out slow callers and survives garbage",
          "[system][host][operator]") {
    const TempDir journal;
    Stage stage(journal);
    stage.start_host();
    const auto path = (journal.path() / "host.sock").string();
    struct stat what {};
    REQUIRE(::stat(path.c_str(), &what) == 0);
    CHECK((what.st_mode & 0777) == 0660);
    for (const auto& garbage : {std::string("{\n"), std::string("\n"), std::string("\0\xff\n", 3),
                                std::string(1 << 20, '[') + '\n'}) {
        static_cast<void>(ask_host(path, garbage));
    }
    const int silent = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(silent, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(stage.verb({"status"}).code == 0);
    ::close(silent);
    Process second(host_binary, {"run", "--config", stage.other("journal-2", path)});
    CHECK(eventually([&] { return has(second.err(), "event=operator-socket"); }));
    second.kill();
    CHECK(stage.verb({"status"}).code == 0);
    CHECK(stage.host->stop() == 0);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(stage.verb({"status"}).code == 1);
}
