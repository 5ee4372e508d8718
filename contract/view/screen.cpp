#include "contract/view/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace firebreak {
namespace {

struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

Size terminal_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return {};
    }
    return {size.ws_col, size.ws_row};
}

bool print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0;
}

/// Overwrites what stands there line for line, so that nothing flickers (ECMA-48: EL, ED).
std::string in_place(const std::string& text) {
    std::string drawn = "\x1b[H";
    for (const char c : text) drawn += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
    return drawn + "\x1b[J";
}

}  // namespace

Form Screen::suited(bool json) {
    if (json) return Form::json;
    return ::isatty(STDOUT_FILENO) == 1 ? Form::table : Form::lines;
}

bool Screen::take(const Message& message, Instant now) {
    if (form_ == Form::json) return print(live_json(message));
    if (form_ == Form::lines) return print(live_line(message));
    live_.take(message, now);
    return true;
}

bool Screen::draw(Instant now) {
    if (form_ == Form::once) return print(live_.table(now));
    if (form_ != Form::table) return true;
    const auto size = terminal_size();
    if (!cleared_ && !print("\x1b[2J")) return false;
    cleared_ = true;
    // The last row stays free for the cursor.
    return print(in_place(fit(live_.table(now), size.columns, size.rows - 1)));
}

}  // namespace firebreak
