#include "firmware/board.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct Loaded {
    Complaints complaints;
    Board board;
};

Loaded load(const std::string& text) {
    const auto path = fs::temp_directory_path() / ("firebreak-board-" + std::to_string(::getpid()));
    std::ofstream(path) << text;
    Loaded loaded;
    loaded.board = load_board(path.string(), loaded.complaints);
    fs::remove(path);
    return loaded;
}

}  // namespace

TEST_CASE("board: ports have names, paths and a way to turn the driver", "[firmware][board]") {
    const auto [complaints, board] = load(R"(
board = "A board"
[[port]]
name = "rs485-1"
path = "/dev/ttyS1"
direction = "kernel"
[[port]]
name = "rs485-2"
path = "line2"
direction = "rts"
rts = "low"
rts_delay = "2ms"
echo = true
)");
    CHECK(complaints.empty());
    REQUIRE(board.find("rs485-1") != nullptr);
    CHECK(board.find("rs485-1")->path == "/dev/ttyS1");
    CHECK(board.find("rs485-1")->direction == Direction::kernel);
    const auto* second = board.find("rs485-2");
    REQUIRE(second != nullptr);
    CHECK(second->path == (fs::temp_directory_path() / "line2").string());
    CHECK_FALSE(second->rts_high_to_send);
    CHECK(second->rts_delay == 2ms);
    CHECK(second->echo);
    CHECK(board.find("rs485-3") == nullptr);
}

TEST_CASE("board: what is wrong is told with its line, all at once", "[firmware][board]") {
    const auto [complaints, board] = load(R"(board = "b"
[[port]]
name = "a"
path = "/dev/ttyS1"
direction = "sideways"
[[port]]
name = "a"
path = "/dev/ttyS2"
rts_delay = "1ms"
[[port]]
name = "c"
path = "/dev/ttyS3"
direction = "rts"
rts_delay = "2s"
colour = "blue"
)");
    const auto text = complaints.text();
    INFO(text);
    CHECK(complaints.size() == 5);
    CHECK(text.find(":5:") != std::string::npos);
    CHECK(text.find("direction = \"rts\" only") != std::string::npos);
    CHECK(text.find("there is already a port named a") != std::string::npos);
    CHECK(text.find("from 0s to 100ms") != std::string::npos);
    CHECK(text.find("colour") != std::string::npos);
}

TEST_CASE("board: every board of the repository loads, and names its ports", "[firmware][board]") {
    int boards = 0;
    for (const auto& entry : fs::directory_iterator(FIREBREAK_SOURCE_DIR "/boards")) {
        const auto path = entry.path() / "board.toml";
        if (!fs::exists(path)) continue;
        ++boards;
        Complaints complaints;
        const auto board = load_board(path.string(), complaints);
        INFO(path << "\n" << complaints.text());
        CHECK(complaints.empty());
        CHECK_FALSE(board.ports.empty());
        CHECK(fs::exists(entry.path() / "README.md"));
    }
    CHECK(boards >= 3);
}
