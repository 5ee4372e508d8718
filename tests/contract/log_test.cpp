#include "contract/support/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// What is written to stderr while it lives goes into a pipe that never blocks its reader.
class CapturedStderr {
public:
    CapturedStderr() : saved_(::dup(STDERR_FILENO)) {
        REQUIRE(::pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC) == 0);
        ::dup2(ends_[1], STDERR_FILENO);
    }
    ~CapturedStderr() {
        ::dup2(saved_, STDERR_FILENO);
        for (const int fd : {saved_, ends_[0], ends_[1]}) ::close(fd);
    }
    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;

    [[nodiscard]] std::string read() const {
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t n = 0; (n = ::read(ends_[0], part.data(), part.size())) > 0;) {
            all.append(part.data(), static_cast<std::size_t>(n));
        }
        return all;
    }

private:
    std::array<int, 2> ends_{};
    int saved_;
};

}  // namespace

TEST_CASE("log: plain values stand bare, all others in quotes", "[contract][log]") {
    CHECK(format_fields("poll", {}) == "event=poll");
    CHECK(format_fields("poll", {{"device", "ups1"}, {"unit", 3}, {"ok", true}}) ==
          "event=poll device=ups1 unit=3 ok=true");
    CHECK(format_fields("e", {{"v", "two words"}}) == "event=e v=\"two words\"");
    CHECK(format_fields("e", {{"v", ""}}) == "event=e v=\"\"");
    CHECK(format_fields("e", {{"v", "a=b"}}) == "event=e v=\"a=b\"");
    CHECK(format_fields("e", {{"v", "25 °C"}}) == "event=e v=\"25 °C\"");
    CHECK(format_fields("e", {{"v", "한국"}}) == "event=e v=한국");
}

TEST_CASE("log: quotes, backslashes and control bytes are escaped", "[contract][log]") {
    CHECK(format_fields("e", {{"v", "say \"hi\""}}) == R"(event=e v="say \"hi\"")");
    CHECK(format_fields("e", {{"v", "a\\b"}}) == R"(event=e v="a\\b")");
    CHECK(format_fields("e", {{"v", "a\nlevel=error event=forged"}}) ==
          R"(event=e v="a\nlevel=error event=forged")");
    CHECK(format_fields("e", {{"v", "\x1b[31mred\x7f"}}) == R"(event=e v="\x1b[31mred\x7f")");
    CHECK(format_fields("e", {{"v", std::string("a\0b", 3)}}) == R"(event=e v="a\x00b")");
}

TEST_CASE("log: a key never breaks the line", "[contract][log]") {
    CHECK(format_fields("e", {{"a b=c", 1}}) == "event=e a_b_c=1");
}

TEST_CASE("log: a line has time, level, program, event and fields", "[contract][log]") {
    const CapturedStderr captured;
    open_log("firebreak-test", LogLevel::info);
    log(LogLevel::warning, "bus_lost", {{"bus", "room-lan"}});
    const std::string line = captured.read();
    INFO(line);
    CHECK(line.rfind("time=", 0) == 0);
    CHECK(line.substr(4 + 1 + 24) ==
          " level=warning program=firebreak-test event=bus_lost bus=room-lan\n");
}

TEST_CASE("log: lines below the least level are not written", "[contract][log]") {
    const CapturedStderr captured;
    open_log("firebreak-test", LogLevel::warning);
    log(LogLevel::debug, "a");
    log(LogLevel::info, "b");
    log(LogLevel::error, "c");
    open_log("firebreak-test", LogLevel::info);
    const std::string lines = captured.read();
    INFO(lines);
    CHECK(lines.find("event=a") == std::string::npos);
    CHECK(lines.find("event=b") == std::string::npos);
    CHECK(lines.find("event=c") != std::string::npos);
}

TEST_CASE("log: a huge value is cut, and the line still ends", "[contract][log]") {
    const CapturedStderr captured;
    log(LogLevel::error, "big", {{"v", std::string(1'000'000, 'x')}});
    log(LogLevel::error, "next");
    const std::string lines = captured.read();
    CHECK(lines.find('\n') == 4095);
    CHECK(lines.find("event=next") != std::string::npos);
}

TEST_CASE("log: a reader that does not read costs lines, not the writer's time",
          "[contract][log]") {
    const CapturedStderr captured;
    for (int i = 0; i < 100; ++i) log(LogLevel::error, "full", {{"v", std::string(4000, 'x')}});
    CHECK(captured.read().find("lost_lines") == std::string::npos);
    log(LogLevel::error, "after");
    CHECK(captured.read().find("event=after lost_lines=") != std::string::npos);
}
