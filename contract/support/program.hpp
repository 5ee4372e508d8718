// The outside of a program: its verbs, options and exit codes, and the signal that ends it.
// Owns the only use of CLI11. Exit codes: 0 well, 1 failed, 2 wrong use or wrong configuration.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace firebreak {

class Verb {
public:
    virtual ~Verb() = default;
    virtual Verb& option(const std::string& flag, const std::string& help, std::string& into,
                         bool required = false) = 0;
    virtual Verb& flag(const std::string& flag, const std::string& help, bool& into) = 0;
    /// Positional arguments, at least `least` and at most `most` of them.
    virtual Verb& words(const std::string& name, const std::string& help,
                        std::vector<std::string>& into, int least, int most) = 0;
};

class Program {
public:
    Program(const std::string& name, const std::string& purpose);
    ~Program();

    /// `action` runs when the verb was given and its words were right; returns the exit code.
    Verb& verb(const std::string& name, const std::string& help, std::function<int()> action);

    /// Parses, answers --help and --version, runs one verb; returns the exit code. Catches
    /// what escapes, logs it and returns 1.
    int run(int argc, char** argv);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Blocks SIGTERM and SIGINT in every thread started later and calls `action` once, on a
/// thread of its own, when the first comes. Make it before any other thread. SIGPIPE is ignored.
class StopSignal {
public:
    explicit StopSignal(std::function<void()> action);
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A random id for this life of the process: 16 hexadecimal digits.
[[nodiscard]] std::string make_boot_id();

}  // namespace firebreak
