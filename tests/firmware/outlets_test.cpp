#include "firmware/outlets.hpp"

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const Origin seoul{"seoul", Role::host, "seoul-1"};
const Origin busan{"busan", Role::host, "busan-1"};

Register coil(const std::string& measure, std::uint16_t address) {
    Register reg;
    reg.measure = measure;
    reg.table = Table::coil;
    reg.address = address;
    reg.type = WordType::bit;
    reg.writable = true;
    return reg;
}

SitePlan strip() {
    SitePlan site;
    site.site = "pangyo";
    DevicePlan pdu;
    pdu.name = "pdu1";
    pdu.unit = 6;
    pdu.base = 100;
    pdu.silent_after = 5s;
    pdu.profile = profile_of({coil("outlet.1.switch", 0), coil("outlet.2.switch", 1)});
    site.devices.push_back(pdu);
    site.outlets.push_back({"videos-a", 0, "outlet.1.switch", true});
    site.outlets.push_back({"videos-b", 0, "outlet.2.switch", false});
    return site;
}

Command command(const std::string& action, std::uint64_t seq, const std::string& item = "videos-a",
                bool armed = true) {
    return {"id-" + item + "-" + action, "videos-racks", item, action, armed, "because",
            Stamp{"boot1", seq, {}}};
}

struct Room {
    SitePlan site = strip();
    History history{t0};
    Outlets outlets{site};

    Room() { history.expect("pdu1", 5s); }
    void shows(double state, Duration at) {
        history.heard("pdu1", t0 + at);
        history.add({{"pdu1", "outlet.1.switch"}, state, "", Unit::none, t0 + at});
    }
    bool asks(const Command& what, Duration at, const Origin& host = seoul) {
        return outlets.obey(host, what, history, t0 + at);
    }
    void reports(std::uint64_t ticket, Result<Words> words, Duration at,
                 std::optional<Words> before = std::nullopt) {
        if (auto back = outlets.take({ticket, std::move(words), t0 + at, std::move(before)})) {
            history.add(back->second);
        }
        outlets.tick(history, t0 + at);
    }
    /// Seen on, told off by one that carries it out; the answer is still to be taken.
    void switches_off() {
        shows(1, 0s);
        asks(command("off", 1), 1s);
        reports(outlets.take_writes().at(0).ticket, Words{0}, 2s);
    }
    std::vector<Outcome> outcomes() {
        std::vector<Outcome> all;
        for (const auto& answer : outlets.take_answers()) all.push_back(answer.outcome);
        return all;
    }
};

using Outcomes = std::vector<Outcome>;

}  // namespace

TEST_CASE("outlets: an armed command to an armed outlet is written, read back and answered",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    REQUIRE(room.asks(command("off", 7), 1s));
    const auto writes = room.outlets.take_writes();
    REQUIRE(writes.size() == 1);
    CHECK_FALSE(writes[0].look_first);
    CHECK(writes[0].device == 0);
    CHECK(writes[0].request.unit == 6);
    CHECK(writes[0].request.table == Table::coil);
    CHECK(writes[0].request.address == 100);
    CHECK(writes[0].request.words == Words{0});
    CHECK(room.outlets.take_answers().empty());

    room.reports(writes[0].ticket, Words{0}, 2s);
    const auto answers = room.outlets.take_answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].outcome == Outcome::done);
    CHECK(answers[0].target == "videos-racks");
    CHECK(answers[0].id == "id-videos-a-off");
    CHECK(answers[0].boot == "boot1");
    CHECK(answers[0].seq == 7);
    CHECK(room.outlets.next_deadline() == never);
}

TEST_CASE("outlets: without both interlocks armed nothing is written", "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    CHECK(room.asks(command("off", 1, "videos-b", true), 1s));
    CHECK(room.asks(command("off", 2, "videos-a", false), 1s));
    CHECK(room.outcomes() == Outcomes{Outcome::rehearsed, Outcome::rehearsed});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: another's item is none of ours", "[firmware][outlets]") {
    Room room;
    CHECK_FALSE(room.asks(command("drain", 1, "pangyo-a"), 0s));
    CHECK_FALSE(room.asks(command("off", 2, ""), 0s));
    CHECK(room.outlets.take_answers().empty());
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: an action that is no switching is refused", "[firmware][outlets]") {
    Room room;
    CHECK(room.asks(command("drain", 1), 0s));
    CHECK(room.outcomes() == Outcomes{Outcome::refused});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: what is so already is answered and not written", "[firmware][outlets]") {
    Room room;
    room.shows(0, 0s);
    room.asks(command("off", 1), 1s);
    CHECK(room.outcomes() == Outcomes{Outcome::already});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: a reading too old to trust does not stand for the state",
          "[firmware][outlets]") {
    Room room;
    room.shows(0, 0s);
    room.asks(command("off", 1), 5s);
    CHECK(room.outlets.take_writes().size() == 1);
}

TEST_CASE("outlets: a command delivered twice is answered again and written once",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    room.asks(command("off", 1), 1s);  // while under way
    const auto writes = room.outlets.take_writes();
    REQUIRE(writes.size() == 1);
    room.reports(writes[0].ticket, Words{0}, 2s);
    CHECK(room.outcomes() == Outcomes{Outcome::done});
    room.shows(1, 3s);  // somebody switched it on by hand
    room.asks(command("off", 1), 4s);
    CHECK(room.outcomes() == Outcomes{Outcome::done});
    CHECK(room.outlets.take_writes().empty());
    CHECK(room.outlets.duplicates() == 2);
}

TEST_CASE("outlets: asked again with a new number, what was carried out is done, not so before",
          "[firmware][outlets]") {
    Room room;
    room.switches_off();
    CHECK(room.outcomes() == Outcomes{Outcome::done});  // and the answer is lost
    room.shows(0, 3s);
    room.asks(command("off", 2), 4s);
    auto later = command("off", 1);
    later.stamp.boot = "boot2";  // the host was restarted in between
    room.asks(later, 5s);
    CHECK(room.outcomes() == Outcomes{Outcome::done, Outcome::done});
    auto another = command("off", 2);
    another.stamp.boot = "boot2";
    another.id = "another-alarm";
    room.asks(another, 5s);
    CHECK(room.outcomes() == Outcomes{Outcome::already});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: what somebody else has switched meanwhile is no longer the step's doing",
          "[firmware][outlets]") {
    Room room;
    room.switches_off();
    static_cast<void>(room.outcomes());
    Duration again = 5s;
    SECTION("on by hand, and off again") {
        room.shows(1, 3s);
        room.outlets.tick(room.history, t0 + 3s);
        room.shows(0, 4s);
    }
    SECTION("nobody could look for a time") {
        room.outlets.tick(room.history, t0 + 20s);
        room.shows(0, 21s);
        again = 22s;
    }
    SECTION("another host had it switched on, and a person off") {
        room.asks(command("on", 9), 3s, busan);
        room.reports(room.outlets.take_writes().at(0).ticket, Words{1}, 3s);
        room.shows(0, 4s);
    }
    static_cast<void>(room.outcomes());
    room.asks(command("off", 2), again);
    CHECK(room.outcomes() == Outcomes{Outcome::already});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: a host that asks for what another's step has done did not do it",
          "[firmware][outlets]") {
    Room room;
    room.switches_off();
    static_cast<void>(room.outcomes());
    room.asks(command("off", 1), 3s, busan);  // the same id: the same step for the same alarm
    CHECK(room.outcomes() == Outcomes{Outcome::already});
    room.asks(command("off", 2), 4s, seoul);
    CHECK(room.outcomes() == Outcomes{Outcome::done});
}

TEST_CASE("outlets: an agent that has not looked yet looks before it writes",
          "[firmware][outlets]") {
    // It has just come back, and a person has opened the breaker while it was away.
    Room room;
    room.asks(command("off", 1), 1s);
    const auto write = room.outlets.take_writes().at(0);
    CHECK(write.look_first);
    SECTION("it was off before") {
        room.reports(write.ticket, Words{0}, 2s, Words{0});
        CHECK(room.outcomes() == Outcomes{Outcome::already});
        room.asks(command("off", 2), 3s);
        CHECK(room.outcomes() == Outcomes{Outcome::already});
    }
    SECTION("it was on before") {
        room.reports(write.ticket, Words{0}, 2s, Words{1});
        CHECK(room.outcomes() == Outcomes{Outcome::done});
    }
    SECTION("it could not be read before") {
        room.reports(write.ticket, Words{0}, 2s);
        const auto answers = room.outlets.take_answers();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].outcome == Outcome::already);
        CHECK(answers[0].detail == "videos-a: reads back off, and may have been so before");
    }
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: a late copy from before the host's restart undoes nothing",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("on", 9), 1s);
    auto newer = command("off", 1);
    newer.stamp.boot = "boot2";
    room.asks(newer, 1s);
    CHECK(room.outlets.take_writes().size() == 1);
    static_cast<void>(room.outlets.take_answers());
    room.asks(command("on", 10), 2s);  // boot1 again
    CHECK(room.outlets.take_writes().empty());
    CHECK(room.outlets.take_answers().empty());
    CHECK(room.outlets.duplicates() == 1);
}

TEST_CASE("outlets: two hosts asking the same share one write and each get an answer",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s, seoul);
    room.asks(command("off", 55), 1s, busan);
    const auto writes = room.outlets.take_writes();
    REQUIRE(writes.size() == 1);
    room.reports(writes[0].ticket, Words{0}, 2s);
    const auto answers = room.outlets.take_answers();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].seq == 1);
    CHECK(answers[1].seq == 55);
}

TEST_CASE("outlets: the opposite command waits for the write and then has its way",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    const auto off = room.outlets.take_writes();
    REQUIRE(off.size() == 1);
    room.asks(command("on", 2), 1s);
    CHECK(room.outlets.take_writes().empty());
    room.reports(off[0].ticket, Words{0}, 2s);
    const auto on = room.outlets.take_writes();
    REQUIRE(on.size() == 1);
    CHECK(on[0].request.words == Words{1});
    room.reports(on[0].ticket, Words{1}, 3s);
    CHECK(room.outcomes() == Outcomes{Outcome::done, Outcome::done});
}

TEST_CASE("outlets: of two waiting commands the newest wins and the other is told so",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    const auto off = room.outlets.take_writes();
    REQUIRE(off.size() == 1);
    room.asks(command("on", 2), 1s);
    room.asks(command("off", 3), 1s);  // joins the write under way
    CHECK(room.outcomes() == Outcomes{Outcome::refused});
    room.reports(off[0].ticket, Words{0}, 2s);
    CHECK(room.outcomes() == Outcomes{Outcome::done});
    CHECK(room.outlets.take_writes().empty());
}

TEST_CASE("outlets: what does not read back has failed", "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    room.reports(room.outlets.take_writes().at(0).ticket, Words{1}, 2s);
    CHECK(room.outcomes() == Outcomes{Outcome::failed});
    room.asks(command("off", 2), 3s);
    room.reports(room.outlets.take_writes().at(0).ticket, Words{}, 4s);  // an empty answer
    CHECK(room.outcomes() == Outcomes{Outcome::failed});
}

TEST_CASE("outlets: the device's no is a refusal, its silence a failure", "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    room.reports(room.outlets.take_writes().at(0).ticket, fail(Fault::refused, "exception 2"), 2s);
    CHECK(room.outcomes() == Outcomes{Outcome::refused});
    room.asks(command("off", 2), 3s);
    room.reports(room.outlets.take_writes().at(0).ticket, fail(Fault::timeout, "none"), 4s);
    CHECK(room.outcomes() == Outcomes{Outcome::failed});
}

TEST_CASE("outlets: after a failed write an older reading no longer proves the state",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    // It timed out, and may have switched all the same: "on" must be written, not assumed.
    room.reports(room.outlets.take_writes().at(0).ticket, fail(Fault::timeout, "none"), 2s);
    room.asks(command("on", 2), 3s);
    CHECK(room.outlets.take_writes().size() == 1);
}

TEST_CASE("outlets: a write that is never reported on is given up", "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    room.asks(command("off", 1), 1s);
    const auto lost = room.outlets.take_writes().at(0).ticket;
    CHECK(room.outlets.next_deadline() == t0 + 11s);
    room.outlets.tick(room.history, t0 + 11s);
    CHECK(room.outcomes() == Outcomes{Outcome::failed});
    CHECK(room.outlets.next_deadline() == never);
    room.reports(lost, Words{0}, 12s);  // far too late
    CHECK(room.outlets.take_answers().empty());
}

TEST_CASE("outlets: a report for a write nobody ordered is dropped", "[firmware][outlets]") {
    Room room;
    room.reports(99, Words{0}, 1s);
    room.reports(0, fail(Fault::timeout, "none"), 1s);
    CHECK(room.outlets.take_answers().empty());
}

TEST_CASE("outlets: endless hosts and endless commands leave a bounded memory",
          "[firmware][outlets]") {
    Room room;
    room.shows(1, 0s);
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        Origin host{"site-" + std::to_string(i), Role::host, "seoul-1"};
        auto what = command("off", 1);
        what.id = "id-" + std::to_string(i);
        room.asks(what, 1s, host);
    }
    const auto writes = room.outlets.take_writes();
    REQUIRE(writes.size() == 1);
    room.reports(writes[0].ticket, Words{0}, 2s);
    CHECK(room.outcomes().size() <= 16);
}
