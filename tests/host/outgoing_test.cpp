#include "host/outgoing.hpp"

#include "contract/payload.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const Origin self{"seoul", Role::host, "seoul-1"};

Command command(const std::string& id) {
    Command out;
    out.id = id;
    out.target = "text";
    out.item = "a";
    out.action = "drain";
    out.stamp = {"life", 1, {}};
    return out;
}

std::string id_of(const Message* message) {
    REQUIRE(message != nullptr);
    const auto parsed = parse_command(message->payload);
    REQUIRE(parsed);
    return parsed->id;
}

}  // namespace

TEST_CASE("outgoing: a command is written below its host's own topic, not retained",
          "[host][outgoing]") {
    Outgoing outgoing(self);
    outgoing.record(command("one"));
    CHECK(outgoing.next() == nullptr);  // no link
    outgoing.link_up();
    const auto* message = outgoing.next();
    REQUIRE(message != nullptr);
    CHECK(message->topic == to_string(Topic{self, Kind::command, "text", ""}));
    CHECK_FALSE(message->retained);
    CHECK(id_of(message) == "one");
    outgoing.sent();
    CHECK(outgoing.next() == nullptr);
}

TEST_CASE("outgoing: of too many records the oldest are dropped and counted", "[host][outgoing]") {
    Outgoing outgoing(self);
    outgoing.link_up();
    for (std::size_t i = 0; i < Outgoing::max_records + 3; ++i) {
        outgoing.record(command(std::to_string(i)));
    }
    CHECK(outgoing.dropped() == 3);
    CHECK(id_of(outgoing.next()) == "3");
}

TEST_CASE("outgoing: what is sent is what was offered, though it was dropped meanwhile",
          "[host][outgoing]") {
    Outgoing outgoing(self);
    outgoing.link_up();
    for (std::size_t i = 0; i < Outgoing::max_records; ++i) {
        outgoing.record(command(std::to_string(i)));
    }
    CHECK(id_of(outgoing.next()) == "0");
    outgoing.record(command("new"));  // drops "0", which is on its way
    outgoing.sent();
    CHECK(id_of(outgoing.next()) == "1");  // never offered: it still waits
}

TEST_CASE("outgoing: commands to be obeyed, then the newest of each state, then what has been done",
          "[host][outgoing]") {
    Outgoing outgoing(self);
    outgoing.link_up();
    outgoing.retain({"t", "old", true});
    outgoing.retain({"t", "new", true});
    outgoing.note() = command("done long ago");
    outgoing.record(command("one"));
    CHECK(id_of(outgoing.next(/*notes=*/false)) == "one");
    outgoing.sent();
    REQUIRE(outgoing.next(/*notes=*/false) != nullptr);
    CHECK(outgoing.next()->payload == "new");
    outgoing.sent();
    CHECK(outgoing.next(/*notes=*/false) == nullptr);
    CHECK(id_of(outgoing.next()) == "done long ago");
    outgoing.sent();
    CHECK(outgoing.next() == nullptr);
    outgoing.link_down();
    outgoing.link_up();
    REQUIRE(outgoing.next() != nullptr);  // a new broker knows nothing
    CHECK(outgoing.next()->payload == "new");
}
