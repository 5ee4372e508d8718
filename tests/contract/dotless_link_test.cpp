#include "contract/link/dotless_link.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// Keeps what it is given.
class Played final : public Link {
public:
    Instant tick(Instant now) override { return now; }
    Result<void> publish(const Message& message) override {
        topics.push_back(message.topic);
        return {};
    }
    std::vector<std::uint64_t> take_delivered() override { return {7}; }
    void close(const Message& farewell) override { topics.push_back(farewell.topic); }

    std::vector<std::string> topics;
};

}  // namespace

TEST_CASE("dotless link: no dot goes out in a topic, and all come back", "[contract][link]") {
    const Dots dots('~');
    auto made = std::make_unique<Played>();
    auto* played = made.get();
    DotlessLink link(dots, std::move(made));
    CHECK(link.publish({"a/battery.cell.1/x", "1.5", false}));
    link.close({"a/b.c", "", true});
    CHECK(played->topics == std::vector<std::string>{"a/battery~cell~1/x", "a/b~c"});
    CHECK(link.take_delivered() == std::vector<std::uint64_t>{7});

    LinkOptions options;
    options.subscriptions = {"a/b.c/+"};
    options.will.topic = "a/b.c/status";
    options = dots.away(std::move(options));
    CHECK(options.subscriptions == std::vector<std::string>{"a/b~c/+"});
    CHECK(options.will.topic == "a/b~c/status");

    std::vector<LinkEvent> events;
    const auto sink = dots.back([&](LinkEvent event) { events.push_back(std::move(event)); });
    sink(Arrived{"a/b~c/d", "1.5~"});
    sink(LinkUp{"mqtt://a.b~c"});
    CHECK(std::get<Arrived>(events.at(0)).topic == "a/b.c/d");
    CHECK(std::get<Arrived>(events.at(0)).payload == "1.5~");
    CHECK(std::get<LinkUp>(events.at(1)).broker == "mqtt://a.b~c");
}
