// Where a verb shows what agents and hosts say: a table that renews itself in a terminal, a
// line a message in a pipe, JSON when asked for, or one table at the end. Owns stdout; one thread.
#pragma once

#include <string>

#include "contract/message.hpp"
#include "contract/support/time.hpp"
#include "contract/view/live.hpp"

namespace firebreak {

enum class Form : std::uint8_t {
    table,  ///< drawn in place, as often as draw() is called
    once,   ///< the same table without moving the cursor, when draw() is called
    lines,  ///< each message as it comes
    json,   ///< each message as it comes
};

class Screen {
public:
    /// What suits stdout: Form::table in a terminal, else Form::lines; unless JSON is wanted.
    [[nodiscard]] static Form suited(bool json);

    explicit Screen(Form form) : form_(form) {}

    /// Both are false once nobody reads stdout any more.
    [[nodiscard]] bool take(const Message& message, Instant now);
    [[nodiscard]] bool draw(Instant now);

    [[nodiscard]] Form form() const { return form_; }

private:
    Form form_;
    Live live_;
    bool cleared_ = false;
};

}  // namespace firebreak
