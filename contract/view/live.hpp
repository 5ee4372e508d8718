// What agents and hosts say, as a table in a terminal: alarms, targets, actions, who is there, and
// devices with their readings. Fed with the messages that go over the wire. Pure text out,
// printable whatever a device's label was; bounded; time is an argument; one thread owns it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "contract/message.hpp"
#include "contract/payload.hpp"
#include "contract/support/time.hpp"
#include "contract/topic.hpp"

namespace firebreak {

class Live {
public:
    /// Things shown at most; what comes beyond is counted and left out.
    static constexpr std::size_t most = 50'000;

    /// Of a point the newest; what is said late of a time without a link changes nothing.
    void take(const Message& message, Instant now);

    /// The whole picture, a line a reading. Alarms stand first, the most pressing at the top. With
    /// more than one sender each thing is named `site/id/name`, and who is there is told.
    [[nodiscard]] std::string table(Instant now) const;

private:
    using Name = std::pair<Origin, std::string>;
    struct Row {
        ReadingNotice notice;
        Instant at;  ///< when this was said
    };
    struct Device {
        std::map<std::string, Row> rows;
        DeviceStatus status;
        bool known = false;  ///< whether `status` was said
    };
    struct Sender {
        Status status;
        Instant at;
        bool known = false;  ///< whether `status` was said
    };

    template <class Map, class Key>
    auto* room(Map& map, const Key& key);
    void take_status(const Origin& sender, const Status& status, Instant now);
    [[nodiscard]] bool is_crowd() const;
    [[nodiscard]] std::string shown(const Name& name) const;
    [[nodiscard]] bool is_heard(const Origin& origin, Instant now) const;
    [[nodiscard]] std::string alarms(Instant now) const;
    [[nodiscard]] std::string targets() const;
    [[nodiscard]] std::string senders(Instant now) const;
    [[nodiscard]] std::string devices(Instant now) const;

    std::map<Origin, Sender> senders_;
    std::map<Name, Device> devices_;
    std::map<Name, AlarmNotice> alarms_;
    std::map<Name, ActionNotice> actions_;
    std::map<Name, PostureNotice> targets_;
    std::size_t things_ = 0;
    std::size_t left_out_ = 0;
};

/// One message on a line of its own, "" for one that people need not see: for a pipe or a file.
[[nodiscard]] std::string live_line(const Message& message);

/// A message as one JSON object: {"topic":…,"payload":{…}}.
[[nodiscard]] std::string live_json(const Message& message);

/// What of `text` fits a terminal: lines cut to `columns`, and to `rows` with a word on the rest.
[[nodiscard]] std::string fit(const std::string& text, std::size_t columns, std::size_t rows);

}  // namespace firebreak
