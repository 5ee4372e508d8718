// Logs: one line an event on stderr, `time=… level=… event=… key=value …` (logfmt).
// Safe from any thread, never waits for a slow reader (counts the lines it lost). Values with
// blanks or quotes are quoted; control bytes are escaped.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace firebreak {

enum class LogLevel { debug, info, warning, error };

struct Field {
    std::string_view key;
    std::string value;

    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    template <class N>
    requires(std::integral<N> || std::floating_point<N>) Field(std::string_view k, N v)
        : key(k), value(std::to_string(v)) {}
};

/// `program` stands in every line; lines below `least` are dropped. Call it before threads start.
void open_log(std::string_view program, LogLevel least);

void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});

/// A line that a core asks its shell to write: a core does no I/O itself.
struct LogLine {
    LogLevel level = LogLevel::info;
    std::string fields;  ///< as format_fields() writes them
};
void log(const LogLine& line);

/// One logfmt line without time or newline; what log() prints, for tests.
[[nodiscard]] std::string format_fields(std::string_view event,
                                        std::initializer_list<Field> fields);

}  // namespace firebreak
