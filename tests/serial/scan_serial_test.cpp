// firebreak-agent's scan on a serial line: a pseudo-terminal with one sensor on it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>

#include "firmware/bus/rtu.hpp"
#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/pty.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// An XY-MD02 as unit 7: input registers 1 and 2, and an exception to all else.
LineReply sensor(const Bytes& request) {
    if (request.size() < 8 || request[0] != 7) return {};
    const Bytes asks_for_both{7, 0x04, 0, 1, 0, 2};
    if (std::equal(asks_for_both.begin(), asks_for_both.end(), request.begin())) {
        return {.parts = {wrap_rtu(7, Bytes{0x04, 4, 0x01, 0x31, 0x02, 0x22})}};
    }
    return {.parts = {wrap_rtu(7, Bytes{static_cast<std::uint8_t>(request[1] | 0x80U), 2})}};
}

struct Line {
    TempDir folder;
    std::string path = folder.path() / "line";
    std::atomic<int> writes = 0;
    ScriptedLine line{path, [this](const Bytes& request) {
                          const auto function = request.size() > 1 ? request[1] : 0;
                          if (function == 5 || function == 6 || function >= 15) ++writes;
                          if (function == 0x11 || function == 0x2B) --writes;
                          return sensor(request);
                      }};

    [[nodiscard]] std::unique_ptr<Process> scan() const {
        return firebreak::firebreak("agent", {"scan", "--port", path, "--baud", "115200", "--units",
                                              "6-8", "--timeout", "100ms"});
    }
};

}  // namespace

TEST_CASE("scan on a line: a sensor is found by its exceptions and known by its registers",
          "[serial][scan]") {
    const Line line;
    const auto scan = line.scan();
    REQUIRE(scan->wait(30s) == 0);
    INFO(scan->out() << scan->err());
    CHECK(scan->err().find("1 of 3 units answer") != std::string::npos);
    CHECK(scan->out().find("unit 7: answers (exception 2, illegal address)") != std::string::npos);
    CHECK(scan->out().find("may be xy-md02: 2 measures read well") != std::string::npos);
    CHECK(line.writes == 0);
}

TEST_CASE("scan on a line: a port that a running agent holds is said to be held",
          "[serial][scan]") {
    const Line line;
    const int fd = ::open(line.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::flock(fd, LOCK_EX | LOCK_NB) == 0);
    const auto scan = line.scan();
    CHECK(scan->wait(30s) == 1);
    CHECK(scan->err().find("is in use by another program: stop it first") != std::string::npos);
    ::close(fd);
}
