#include "host/actuate/child.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Result<ChildEnd> sh(const std::string& script, Duration patience = 20s, std::string input = "",
                    std::size_t most = 1 << 20, int stop_fd = -1) {
    ChildPlan plan;
    plan.words = {"/bin/sh", "-c", script};
    plan.environment = {"ONLY=this"};
    plan.input = std::move(input);
    plan.most_output = most;
    return run_child(plan, std::chrono::steady_clock::now() + patience, stop_fd);
}

}  // namespace

TEST_CASE("child: exit code, both outputs and input are its own", "[system][child]") {
    const auto end = sh("cat; echo oops >&2; exit 7", 20s, "in");
    REQUIRE(end);
    CHECK(end->code == 7);
    CHECK(end->out == "in");
    CHECK(complaint_of(*end) == "oops");
    CHECK(sh("kill -9 $$")->code == 128 + SIGKILL);
    CHECK(complaint_of(*sh("exit 3")) == "exit code 3");
}

TEST_CASE("child: what is done meanwhile is done once, while it runs", "[system][child]") {
    const TempDir folder;
    const auto file = (folder.path() / "told").string();
    int times = 0;
    ChildPlan plan;
    plan.words = {"/bin/sh", "-c", "while [ ! -e " + file + " ]; do sleep 0.01; done"};
    plan.environment = {"PATH=/usr/bin:/bin"};
    plan.meanwhile = [&] {
        ++times;
        std::ofstream(file) << "x";
    };
    CHECK(run_child(plan, std::chrono::steady_clock::now() + 20s, -1)->code == 0);
    CHECK(times == 1);
    plan.words = {"/nowhere/at/all"};
    CHECK_FALSE(run_child(plan, std::chrono::steady_clock::now() + 20s, -1).has_value());
    CHECK(times == 1);
}

TEST_CASE("child: it sees its own environment and none of ours", "[system][child]") {
    ::setenv("FIREBREAK_SECRET", "x", 1);
    const auto end = sh("echo \"$ONLY $FIREBREAK_SECRET\"; ls /proc/self/fd | wc -l");
    REQUIRE(end);
    CHECK(end->out.starts_with("this \n4"));  // 0, 1, 2, and the folder that ls reads
}

TEST_CASE("child: what is not done in time is killed with all it started", "[system][child]") {
    const TempDir folder;
    const auto pid_file = (folder.path() / "pid").string();
    const auto before = std::chrono::steady_clock::now();
    const auto end = sh("sleep 300 & echo $! > " + pid_file + "; wait", 300ms);
    REQUIRE(!end);
    CHECK(end.error().fault == Fault::timeout);
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    int pid = 0;
    std::ifstream(pid_file) >> pid;
    REQUIRE(pid > 0);
    CHECK(eventually([&] {
        std::string word;
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        stat >> word >> word >> word;
        return !stat || word == "Z";
    }));
}

TEST_CASE("child: something left in the background does not hold up its end", "[system][child]") {
    const auto before = std::chrono::steady_clock::now();
    const auto end = sh("sleep 300 & echo done", 60s);
    REQUIRE(end);
    CHECK(end->out == "done\n");
    CHECK(std::chrono::steady_clock::now() - before < 30s);
}

TEST_CASE("child: output without end is cut off, complaints without end are not waited for",
          "[system][child]") {
    const auto flood = sh("yes", 20s, "", 10'000);
    REQUIRE(!flood);
    CHECK(flood.error().fault == Fault::corrupt);
    const auto noisy = sh("yes | head -c 3000000 >&2; echo fine");
    REQUIRE(noisy);
    CHECK(noisy->out == "fine\n");
    CHECK(noisy->err.size() < 10'000);
}

TEST_CASE("child: input that is not read is no trouble, and a large one arrives whole",
          "[system][child]") {
    CHECK(sh("exec true", 20s, std::string(3'000'000, 'x'))->code == 0);
    CHECK(sh("wc -c", 20s, std::string(3'000'000, 'x'))->out == "3000000\n");
}

TEST_CASE("child: it is given up when stopping, and an absent program is a matter of the file",
          "[system][child]") {
    const int stop = ::eventfd(1, EFD_CLOEXEC);
    CHECK(sh("sleep 300", 60s, "", 100, stop).error().what == "stopping");
    ::close(stop);
    ChildPlan plan;
    plan.words = {"/nowhere/tool"};
    const auto end = run_child(plan, std::chrono::steady_clock::now() + 5s, -1);
    CHECK(end.error().fault == Fault::config);
}
