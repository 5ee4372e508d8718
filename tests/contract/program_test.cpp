#include "contract/support/program.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX, not C
#include <unistd.h>

#include <algorithm>
#include <future>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// A program with the verbs of ours, run on the given words; what it printed is kept.
struct Trial {
    std::string config;
    bool once = false;
    std::vector<std::string> files;
    std::string out;
    std::string err;

    int run(
        std::vector<std::string> words, std::function<int()> action = [] { return 0; }) {
        Program program("firebreak-test", "Tests the outside of a program.");
        program.verb("run", "runs", action)
            .option("--config", "the file", config, true)
            .flag("--once", "ends after one round", once);
        program.verb("check", "checks files", action).words("FILE", "files", files, 1, 3);
        words.insert(words.begin(), "firebreak-test");
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        std::ostringstream out_text, err_text;
        auto* const out_was = std::cout.rdbuf(out_text.rdbuf());
        auto* const err_was = std::cerr.rdbuf(err_text.rdbuf());
        const int code = program.run(static_cast<int>(words.size()), argv.data());
        std::cout.rdbuf(out_was);
        std::cerr.rdbuf(err_was);
        out = out_text.str();
        err = err_text.str();
        return code;
    }
};

/// StopSignal leaves its signals blocked; the tests after this one get their mask back.
class KeptSignalMask {
public:
    KeptSignalMask() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_); }
    ~KeptSignalMask() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }
    KeptSignalMask(const KeptSignalMask&) = delete;
    KeptSignalMask& operator=(const KeptSignalMask&) = delete;

private:
    sigset_t mask_{};
};

}  // namespace

TEST_CASE("program: a verb with its options runs and gives the exit code", "[contract][program]") {
    Trial trial;
    CHECK(trial.run({"run", "--config", "site.toml", "--once"}, [] { return 0; }) == 0);
    CHECK(trial.config == "site.toml");
    CHECK(trial.once);
    CHECK(trial.run({"run", "--config=b.toml"}, [] { return 2; }) == 2);
    CHECK(trial.config == "b.toml");
}

TEST_CASE("program: words are taken in their order and number", "[contract][program]") {
    Trial trial;
    CHECK(trial.run({"check", "a.toml", "b.toml"}) == 0);
    CHECK(trial.files == std::vector<std::string>{"a.toml", "b.toml"});
    CHECK(trial.run({"check"}) == 2);
    CHECK(trial.run({"check", "a", "b", "c", "d"}) == 2);
}

TEST_CASE("program: --version and --help answer on stdout with 0 and run nothing",
          "[contract][program]") {
    Trial trial;
    bool ran = false;
    const auto action = [&] {
        ran = true;
        return 1;
    };
    CHECK(trial.run({"--version"}, action) == 0);
    CHECK(trial.out == "firebreak-test " FIREBREAK_VERSION "\n");
    CHECK(trial.run({"--help"}, action) == 0);
    CHECK(trial.out.find("check") != std::string::npos);
    CHECK(trial.run({"run", "--help"}, action) == 0);
    CHECK(trial.out.find("--config") != std::string::npos);
    CHECK_FALSE(ran);
}

TEST_CASE("program: wrong use exits with 2, says why on stderr and runs nothing",
          "[contract][program]") {
    Trial trial;
    bool ran = false;
    for (const auto& words :
         std::vector<std::vector<std::string>>{{},
                                               {"dance"},
                                               {"run"},
                                               {"run", "--config"},
                                               {"run", "--config", "a", "--nope"},
                                               {"--nope"},
                                               {"run", "--config", "a", "extra"}}) {
        CHECK(trial.run(words, [&] {
            ran = true;
            return 0;
        }) == 2);
        CHECK_FALSE(trial.err.empty());
        CHECK(trial.out.empty());
    }
    CHECK_FALSE(ran);
}

TEST_CASE("program: what escapes from a verb is failure, not a crash", "[contract][program]") {
    Trial trial;
    CHECK(trial.run({"check", "a"}, []() -> int { throw std::runtime_error("gone"); }) == 1);
}

TEST_CASE("program: a stop signal calls its action once, whatever comes after",
          "[contract][program]") {
    const KeptSignalMask kept;
    for (const int number : {SIGTERM, SIGINT}) {
        int calls = 0;
        std::promise<void> called;
        {
            const StopSignal stop([&] {
                ++calls;
                called.set_value();
            });
            ::kill(::getpid(), number);
            called.get_future().wait();
            ::kill(::getpid(), number);  // pending for ever, as the process would be ending
        }
        CHECK(calls == 1);
        sigset_t both;
        sigemptyset(&both);
        sigaddset(&both, number);
        int taken = 0;
        sigwait(&both, &taken);  // do not let the second one kill the tests
    }
}

TEST_CASE("program: a stop signal that never came does not hold up the end",
          "[contract][program]") {
    const KeptSignalMask kept;
    int calls = 0;
    for (int i = 0; i < 20; ++i) {
        const StopSignal stop([&] { ++calls; });
    }
    CHECK(calls == 0);
}

TEST_CASE("program: a boot id is 16 hexadecimal digits and not the last one",
          "[contract][program]") {
    std::set<std::string> ids;
    for (int i = 0; i < 100; ++i) {
        const std::string id = make_boot_id();
        CHECK(id.size() == 16);
        CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
        ids.insert(id);
    }
    CHECK(ids.size() == 100);
}
