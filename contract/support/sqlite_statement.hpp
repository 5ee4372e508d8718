// One statement of SQLite, finalized with its object, and what its result codes mean for the
// caller. Included only by the two sources that own a file of SQLite: the agent's store, the host's
// journal. One thread at a time, as its connection.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "contract/support/result.hpp"

namespace firebreak {

/// What the caller must do next about one of SQLite's result codes.
inline Fault fault_of(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_ERROR:  // a table of ours is not there
        case SQLITE_MISMATCH:
            return Fault::corrupt;
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return Fault::refused;
        default:
            return Fault::busy;
    }
}

/// One statement, finalized with its object.
class Statement {
public:
    Statement(sqlite3* base, const char* sql) {
        code_ = sqlite3_prepare_v2(base, sql, -1, &statement_, nullptr);
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int at, const std::string& text) {
        if (code_ == SQLITE_OK) {
            code_ = sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()),
                                      SQLITE_TRANSIENT);
        }
        return *this;
    }
    Statement& bind(int at, std::uint64_t number) {
        if (code_ == SQLITE_OK) {
            code_ = sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
        }
        return *this;
    }
    /// A row, when there is one; code() says whether the end was a good one.
    bool row() {
        if (code_ == SQLITE_OK) code_ = sqlite3_step(statement_);
        if (code_ != SQLITE_ROW) return false;
        code_ = SQLITE_OK;
        return true;
    }
    /// Runs it to its end and makes it ready for the next values.
    int run() {
        while (row()) {
        }
        const int ended = code_ == SQLITE_DONE ? SQLITE_OK : code_;
        sqlite3_reset(statement_);
        code_ = ended;
        return ended;
    }
    [[nodiscard]] int code() const { return code_ == SQLITE_DONE ? SQLITE_OK : code_; }
    [[nodiscard]] std::string text(int column) const {
        const auto* begin = sqlite3_column_blob(statement_, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return begin == nullptr ? "" : std::string(static_cast<const char*>(begin), size);
    }
    [[nodiscard]] std::uint64_t number(int column) const {
        return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
    }

private:
    sqlite3_stmt* statement_ = nullptr;
    int code_ = SQLITE_OK;
};

}  // namespace firebreak
