#include "contract/support/log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "contract/support/time.hpp"

namespace firebreak {
namespace {

// One write(2) of at most PIPE_BUF bytes is atomic on a pipe (POSIX.1-2017, write), so lines
// of several threads never mix and need no lock.
constexpr std::size_t longest_line = 4096;
constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

std::string program = "firebreak";  // set once by open_log(), before there are threads
std::atomic<LogLevel> least_level = LogLevel::info;
std::atomic<std::uint64_t> lost_lines = 0;

bool is_plain(char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

void append_value(std::string& line, std::string_view value) {
    bool plain = !value.empty();
    for (const char c : value) plain = plain && (is_plain(c) || c < 0);  // UTF-8 needs no quotes
    if (plain) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if ((c >= 0 && c < ' ') || c == 0x7f) {
            line += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            line += c;
        }
    }
    line += '"';
}

void append_field(std::string& line, std::string_view key, std::string_view value) {
    if (!line.empty()) line += ' ';
    for (const char c : key) line += is_plain(c) ? c : '_';
    line += '=';
    append_value(line, value);
}

}  // namespace

void open_log(std::string_view name, LogLevel least) {
    program = name;
    least_level = least;
}

std::string format_fields(std::string_view event, std::initializer_list<Field> fields) {
    std::string line;
    append_field(line, "event", event);
    for (const auto& field : fields) append_field(line, field.key, field.value);
    return line;
}

void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
    log(LogLine{level, format_fields(event, fields)});
}

void log(const LogLine& told) {
    if (told.level < least_level.load(std::memory_order_relaxed)) return;
    // A reader of the log that hangs must not stop a thread that watches a fire: what does
    // not fit into the pipe now is counted, and the next line tells.
    pollfd out{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&out, 1, 0) != 1) {
        ++lost_lines;
        return;
    }
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    std::string line = "time=" + format_wall(now);
    append_field(line, "level", level_names.at(static_cast<std::size_t>(told.level)));
    append_field(line, "program", program);
    line += ' ' + told.fields;
    if (const auto lost = lost_lines.exchange(0); lost > 0) {
        append_field(line, "lost_lines", std::to_string(lost));
    }
    if (line.size() >= longest_line) line.resize(longest_line - 1);
    line += '\n';
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) ++lost_lines;
}

}  // namespace firebreak
