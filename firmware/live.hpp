// What an agent says, as a table in a terminal: devices with their readings, alarms. Fed with the
// very messages that the broker would get. Pure text out, printable whatever a device's label was;
// time is an argument; one thread owns it.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "contract/message.hpp"
#include "contract/payload.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

class Live {
public:
    void take(const Message& message, Instant now);

    /// The whole picture, a line a reading. Alarms stand first, the most pressing at the top.
    [[nodiscard]] std::string table(Instant now) const;

private:
    struct Row {
        ReadingNotice notice;
        Instant at;  ///< when this was said
    };
    struct Device {
        std::map<std::string, Row> rows;
        DeviceStatus status;
        bool known = false;  ///< whether `status` was said
    };

    std::map<std::string, Device> devices_;
    std::map<std::string, AlarmNotice> alarms_;
};

/// One message on a line of its own, "" for one that people need not see: for a pipe or a file.
[[nodiscard]] std::string live_line(const Message& message);

/// A message as one JSON object: {"topic":…,"payload":{…}}.
[[nodiscard]] std::string live_json(const Message& message);

/// What of `text` fits a terminal: lines cut to `columns`, and to `rows` with a word on the rest.
[[nodiscard]] std::string fit(const std::string& text, std::size_t columns, std::size_t rows);

}  // namespace firebreak
