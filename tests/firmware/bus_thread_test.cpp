#include "firmware/bus/bus_thread.hpp"

#include <deque>

#include "contract/support/inbox.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using Call = std::variant<ReadRequest, WriteRequest>;

/// What a fake bus was asked and what it shall answer. Every call waits for its answer, so that a
/// test steps the bus thread one call at a time: no clock, no sleep, no race.
struct Script {
    Inbox<Call> calls{1000};
    Inbox<Result<Words>> answers{1000};

    Call next() { return *calls.take(never); }
    ReadRequest next_read() { return std::get<ReadRequest>(next()); }
    WriteRequest next_write() { return std::get<WriteRequest>(next()); }
    void answer(Result<Words> words) { answers.post(std::move(words)); }
    void answer_writes() { answers.post(Words{}); }
};

class ScriptedBus final : public Bus {
public:
    explicit ScriptedBus(std::shared_ptr<Script> script) : script_(std::move(script)) {}

    Result<Words> read(const ReadRequest& request) override {
        script_->calls.post(request);
        return *script_->answers.take(never);
    }

    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override {
        return fail(Fault::refused, "nobody asks here");
    }
    Result<void> write(const WriteRequest& request) override {
        script_->calls.post(request);
        const auto answer = *script_->answers.take(never);
        if (!answer) return tl::unexpected(answer.error());
        return {};
    }

private:
    std::shared_ptr<Script> script_;
};

DevicePlan device(std::size_t bus, std::uint8_t unit, std::vector<Block> blocks, Duration period) {
    DevicePlan plan;
    plan.name = "d" + std::to_string(unit);
    plan.bus = bus;
    plan.unit = unit;
    plan.blocks = std::move(blocks);
    plan.period = period;
    for (auto& each : plan.blocks) each.period = period;
    return plan;
}

Block block(std::uint16_t address, std::uint16_t count) {
    return {.table = Table::input, .address = address, .count = count, .registers = {}};
}

/// Periods of an hour: what is due is due at the start, and then no more within a test.
struct Bench {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    Inbox<BusNews> news{1000};
    std::vector<DevicePlan> devices;
    std::unique_ptr<BusThread> thread;

    void start(std::vector<DevicePlan> plans, std::size_t index = 0) {
        devices = std::move(plans);
        thread = std::make_unique<BusThread>(std::make_unique<ScriptedBus>(script), index, devices,
                                             [this](BusNews item) { news.post(std::move(item)); });
    }
    ~Bench() {
        // Whatever call is under way ends, so that the thread can be joined.
        const Result<Words> over = fail(Fault::timeout, "the test is over");
        for (int i = 0; i < 100; ++i) script->answer(over);
        thread.reset();
    }

    BusReport report() { return std::get<BusReport>(*news.take(never)); }
    WriteReport write_report() { return std::get<WriteReport>(*news.take(never)); }
};

WriteOrder order(std::uint64_t ticket, std::uint16_t address, Words words) {
    return {.ticket = ticket,
            .device = 0,
            .request = {
                .unit = 6, .table = Table::coil, .address = address, .words = std::move(words)}};
}

}  // namespace

TEST_CASE("bus_thread: every block of every device on the bus is read and reported",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(1, 9, {block(0, 1)}, 1h), device(0, 5, {block(0, 2), block(10, 1)}, 1h),
                 device(0, 6, {block(3, 1)}, 2h)});
    struct Expected {
        std::uint8_t unit;
        std::uint16_t address;
        std::size_t device;
        std::size_t block;
    };
    for (const auto& e : {Expected{5, 0, 1, 0}, {5, 10, 1, 1}, {6, 3, 2, 0}}) {
        const auto read = bench.script->next_read();
        CHECK(read.unit == e.unit);
        CHECK(read.address == e.address);
        bench.script->answer(Words{e.address});
        const auto report = bench.report();
        CHECK(report.device == e.device);
        CHECK(report.block == e.block);
        REQUIRE(report.words);
        CHECK(*report.words == Words{e.address});
    }
}

TEST_CASE("bus_thread: failures are reported too, with their fault", "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(0, 1, {block(0, 1), block(5, 1)}, 1h)});
    bench.script->next();
    bench.script->answer(fail(Fault::refused, "exception 2"));
    CHECK(bench.report().words.error() == Error{Fault::refused, "exception 2"});
    CHECK(bench.script->next_read().address == 5);  // refused is an answer: the round goes on
    bench.script->answer(fail(Fault::timeout, "no answer"));
    CHECK(bench.report().words.error().fault == Fault::timeout);
}

TEST_CASE("bus_thread: a silent device's other blocks are not tried, its neighbour is",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(0, 1, {block(0, 1), block(5, 1)}, 1h), device(0, 2, {block(0, 1)}, 2h)});
    CHECK(bench.script->next_read().unit == 1);
    bench.script->answer(fail(Fault::timeout, "no answer"));
    CHECK(bench.script->next_read().unit == 2);
}

TEST_CASE("bus_thread: a write goes ahead of reads that are due", "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(0, 1, {block(0, 1), block(1, 1), block(2, 1)}, 1h)});
    CHECK(bench.script->next_read().address == 0);  // under way
    REQUIRE(bench.thread->write(order(7, 4, {1})));
    bench.script->answer(Words{0});
    CHECK(bench.script->next_write().address == 4);
    bench.script->answer_writes();
    const auto back = bench.script->next_read();
    CHECK(back.table == Table::coil);
    CHECK(back.unit == 6);
    CHECK(back.address == 4);
    CHECK(back.count == 1);
    bench.script->answer(Words{1});
    CHECK(bench.script->next_read().address == 1);  // the round goes on where it was
    bench.report();
    const auto done = bench.write_report();
    CHECK(done.ticket == 7);
    REQUIRE(done.words);
    CHECK(*done.words == Words{1});
}

TEST_CASE("bus_thread: a write wakes a bus that has nothing to read", "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    REQUIRE(bench.thread->write(order(1, 0, {0})));
    CHECK(bench.script->next_write().words == Words{0});
    bench.script->answer_writes();
    bench.script->next_read();
    bench.script->answer(Words{0});
    CHECK(bench.write_report().ticket == 1);
}

TEST_CASE("bus_thread: the report tells what was read back, not what was written",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    REQUIRE(bench.thread->write(order(1, 0, {1})));
    bench.script->next();
    bench.script->answer_writes();
    bench.script->next();
    bench.script->answer(Words{0});  // a relay that is stuck
    CHECK(*bench.write_report().words == Words{0});
}

TEST_CASE("bus_thread: a write that is refused is not read back", "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    REQUIRE(bench.thread->write(order(1, 0, {1})));
    REQUIRE(bench.thread->write(order(2, 3, {1})));
    bench.script->next_write();
    bench.script->answer(fail(Fault::refused, "exception 2"));
    const auto report = bench.write_report();
    CHECK(report.ticket == 1);
    CHECK(report.words.error().fault == Fault::refused);
    CHECK(bench.script->next_write().address == 3);
}

TEST_CASE("bus_thread: a write on a connection that died is tried once more",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    REQUIRE(bench.thread->write(order(1, 9, {1})));
    CHECK(bench.script->next_write().address == 9);
    bench.script->answer(fail(Fault::port_lost, "gone"));
    CHECK(bench.script->next_write().address == 9);
    bench.script->answer(fail(Fault::port_lost, "cannot connect"));
    CHECK(bench.write_report().words.error().fault == Fault::port_lost);
}

TEST_CASE("bus_thread: a write whose answer was lost on the line is read back all the same",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    for (const bool done : {true, false}) {
        REQUIRE(bench.thread->write(order(1, 0, {1})));
        bench.script->next_write();
        bench.script->answer(fail(Fault::timeout, "no answer"));
        bench.script->next_read();
        bench.script->answer(Words{std::uint16_t{done}});
        const auto report = bench.write_report();
        CHECK(report.words.has_value() == done);
        if (!done) CHECK(report.words.error().what.find("writing") != std::string::npos);
    }
}

TEST_CASE("bus_thread: what nobody knows is read before it is overwritten",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    auto looks = order(1, 4, {1});
    looks.look_first = true;
    REQUIRE(bench.thread->write(looks));
    CHECK(bench.script->next_read().address == 4);
    bench.script->answer(Words{0});
    CHECK(bench.script->next_write().address == 4);
    bench.script->answer_writes();
    bench.script->next_read();
    bench.script->answer(Words{1});
    const auto report = bench.write_report();
    CHECK(report.before == Words{0});
    CHECK(*report.words == Words{1});
    REQUIRE(bench.thread->write(looks));
    bench.script->next_read();
    bench.script->answer(fail(Fault::corrupt, "CRC"));  // that must not keep it from being written
    bench.script->next_write();
    bench.script->answer_writes();
    bench.script->next_read();
    bench.script->answer(Words{1});
    CHECK_FALSE(bench.write_report().before);
}

TEST_CASE("bus_thread: a read-back that fails is told as written but not proven",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({});
    REQUIRE(bench.thread->write(order(1, 0, {1})));
    bench.script->next_write();
    bench.script->answer_writes();
    bench.script->next_read();
    bench.script->answer(fail(Fault::timeout, "no answer"));
    const auto report = bench.write_report();
    REQUIRE_FALSE(report.words);
    CHECK(report.words.error().fault == Fault::timeout);
    CHECK(report.words.error().what.find("written") != std::string::npos);
}

TEST_CASE("bus_thread: writes keep their order and too many are refused, not lost",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(0, 1, {block(0, 1)}, 1h)});
    bench.script->next();  // the thread is busy with a read
    std::uint64_t accepted = 0;
    while (bench.thread->write(order(accepted + 1, 0, {1}))) ++accepted;
    CHECK(accepted == 64);
    bench.script->answer(Words{0});
    bench.report();
    for (std::uint64_t ticket = 1; ticket <= accepted; ++ticket) {
        bench.script->next_write();
        bench.script->answer(fail(Fault::refused, "no"));
        CHECK(bench.write_report().ticket == ticket);
    }
}

TEST_CASE("bus_thread: stopping ends an idle bus and one with a full queue of writes",
          "[firmware][bus_thread]") {
    {
        Bench idle;
        idle.start({});
        idle.thread.reset();
    }
    Bench bench;
    bench.start({device(0, 1, {block(0, 1)}, 1h)});
    bench.script->next();
    while (bench.thread->write(order(1, 0, {1}))) {
    }
    // ~Bench answers the read under way; the writes behind it must not all be carried out first.
}

TEST_CASE("bus_thread: a lost port does not keep a write from being tried",
          "[firmware][bus_thread]") {
    Bench bench;
    bench.start({device(0, 1, {block(0, 1)}, 1h), device(0, 2, {block(0, 1)}, 2h)});
    bench.script->next();
    bench.script->answer(fail(Fault::port_lost, "cannot connect"));
    CHECK(bench.report().words.error().fault == Fault::port_lost);
    bench.script->next();
    REQUIRE(bench.thread->write(order(1, 0, {1})));
    bench.script->answer(fail(Fault::port_lost, "cannot connect"));  // from here the bus pauses
    const auto call = bench.script->next();
    CHECK(std::holds_alternative<WriteRequest>(call));
}
