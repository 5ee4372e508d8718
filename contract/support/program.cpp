#include "contract/support/program.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait is POSIX, not C
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <thread>

#include "contract/support/log.hpp"

namespace firebreak {
namespace {

class CliVerb : public Verb {
public:
    explicit CliVerb(CLI::App& app) : app_(app) {}

    Verb& option(const std::string& flag, const std::string& help, std::string& into,
                 bool required) override {
        app_.add_option(flag, into, help)->required(required);
        return *this;
    }
    Verb& flag(const std::string& flag, const std::string& help, bool& into) override {
        app_.add_flag(flag, into, help);
        return *this;
    }
    Verb& words(const std::string& name, const std::string& help, std::vector<std::string>& into,
                int least, int most) override {
        app_.add_option(name, into, help)->expected(least, most)->required(least > 0);
        return *this;
    }

private:
    CLI::App& app_;
};

}  // namespace

struct Program::State {
    CLI::App app;
    std::vector<std::unique_ptr<CliVerb>> verbs;
    std::function<int()> chosen;
};

Program::Program(const std::string& name, const std::string& purpose)
    : state_(std::make_unique<State>()) {
    auto& app = state_->app;
    app.name(name);
    app.description(purpose);
    app.set_version_flag("--version", name + " " FIREBREAK_VERSION);
    app.require_subcommand(1);
}

Program::~Program() = default;

Verb& Program::verb(const std::string& name, const std::string& help, std::function<int()> action) {
    auto* app = state_->app.add_subcommand(name, help);
    app->callback([this, action = std::move(action)] { state_->chosen = action; });
    return *state_->verbs.emplace_back(std::make_unique<CliVerb>(*app));
}

int Program::run(int argc, char** argv) {
    open_log(state_->app.get_name(), LogLevel::info);
    try {
        state_->app.parse(argc, argv);
        return state_->chosen();
    } catch (const CLI::ParseError& error) {
        // CLI11 throws for --help and --version too, and then exits with 0.
        return state_->app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        log(LogLevel::error, "program_failed", {{"what", error.what()}});
        return 1;
    }
}

struct StopSignal::State {
    std::thread thread;
};

// The signals are taken by sigwait() on a thread, where the action may do anything; a handler
// could hardly do more than set a flag. The end of the object is a signal of its own, sent to
// that thread alone.
StopSignal::StopSignal(std::function<void()> action) : state_(std::make_unique<State>()) {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t awaited;
    sigemptyset(&awaited);
    for (const int number : {SIGTERM, SIGINT, SIGRTMIN}) sigaddset(&awaited, number);
    // They stay blocked for good: a second SIGTERM must not kill a program that is ending well.
    pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
    state_->thread = std::thread([action = std::move(action), awaited] {
        int number = 0;
        while (sigwait(&awaited, &number) != 0) {
        }
        if (number != SIGRTMIN) action();
    });
}

StopSignal::~StopSignal() {
    // Not joined yet, so its id is valid even if it has ended; then the signal goes nowhere.
    pthread_kill(state_->thread.native_handle(), SIGRTMIN);
    state_->thread.join();
}

std::string make_boot_id() {
    std::uint64_t id = 0;
    if (::getentropy(&id, sizeof id) != 0) {
        // A kernel without getrandom: the clock and the process tell two lives apart.
        id = static_cast<std::uint64_t>(
                 std::chrono::system_clock::now().time_since_epoch().count()) ^
             static_cast<std::uint64_t>(::getpid()) << 48u;
    }
    return fmt::format("{:016x}", id);
}

}  // namespace firebreak
