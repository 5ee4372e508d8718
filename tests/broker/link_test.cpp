#include "contract/link/link.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/support/inbox.hpp"
#include "tests/broker/link_client.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

using Seconds = std::chrono::seconds;

constexpr auto status = own_status;
const Message online{status, "online", true};
const Message offline{status, "offline", true};

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const char* folder) {
    using Entry = std::filesystem::directory_iterator;
    return static_cast<std::size_t>(std::distance(Entry(folder), Entry()));
}

}  // namespace

TEST_CASE("link: what is published retained stands at the broker", "[broker][link]") {
    const Mosquitto broker;
    Client client(broker.url());
    REQUIRE(client.comes_up());
    REQUIRE(client.publish(online));
    CHECK(eventually([&] { return broker.retained(status) == "online"; }));

    REQUIRE(client.publish({"t", "passing", false}));
    REQUIRE(client.publish({"t2", "staying", true}));
    CHECK(eventually([&] { return broker.retained("t2") == "staying"; }));
    CHECK(broker.retained("t").empty());
}

TEST_CASE("link: subscriptions hold before the link says it is up", "[broker][link]") {
    const Mosquitto broker;
    REQUIRE(broker.publish("in/retained", "old", true));
    Client client(broker.url(), {"in/+", "deep/+/+"});
    REQUIRE(client.comes_up());
    REQUIRE(broker.publish("in/live", "new"));
    REQUIRE(broker.publish("deep/a/b", ""));
    REQUIRE(broker.publish("other/live", "not asked for"));
    REQUIRE(broker.publish("in/last", "last"));
    REQUIRE(client.until([&] { return client.arrived.size() >= 4; }));
    std::set<std::pair<std::string, std::string>> got;
    for (const auto& message : client.arrived) got.emplace(message.topic, message.payload);
    const std::set<std::pair<std::string, std::string>> wanted = {
        {"in/retained", "old"}, {"in/live", "new"}, {"deep/a/b", ""}, {"in/last", "last"}};
    CHECK(got == wanted);
}

TEST_CASE("link: at QoS 0 as many may be published, and the will and sure filters are at QoS 1",
          "[broker][link]") {
    const TempDir folder;
    const auto log = (folder.path() / "log").string();
    const Mosquitto broker(Mosquitto::At::once, "log_type subscribe\nlog_dest file " + log + "\n");
    Process heard("mosquitto_sub", {"-p", std::to_string(broker.port()), "-q", "2", "-t", "out/#",
                                    "-t", own_status, "-F", "%t %q"});
    REQUIRE(eventually([&] { return text_of(log).find("2 out/#") != std::string::npos; }));
    auto client = std::make_unique<Client>(LinkOptions{.broker = {.urls = {broker.url()}},
                                                       .client_id = "one",
                                                       .subscriptions = {"in/as/ever"},
                                                       .sure_subscriptions = {"in/surely"},
                                                       .will = {own_status, "died", false},
                                                       .qos = 0});
    REQUIRE(client->comes_up());
    CHECK(text_of(log).find("one 0 in/as/ever") != std::string::npos);
    CHECK(text_of(log).find("one 1 in/surely") != std::string::npos);
    for (int i = 0; i < 200; ++i) {  // of which 64 at most are on their way
        REQUIRE(client->publish({"out/" + std::to_string(i), "x", false}));
    }
    CHECK(eventually([&] { return heard.out().find("out/199 0\n") != std::string::npos; }));
    CHECK(heard.out().find("out/0 0\n") != std::string::npos);
    client->link().close({own_status, "ended", false});
    CHECK(eventually(
        [&] { return heard.out().find(own_status + std::string(" 1\n")) != std::string::npos; }));
}

TEST_CASE("link: a huge message is handed on as just too large", "[broker][link]") {
    const Mosquitto broker;
    Client client(broker.url(), {"in/+"});
    REQUIRE(client.comes_up());
    REQUIRE(broker.publish("in/huge", std::string(1024 * 1024, 'x')));
    REQUIRE(broker.publish("in/largest", std::string(max_payload_bytes, 'x')));
    REQUIRE(client.until([&] { return client.arrived.size() == 2; }));
    CHECK(client.arrived[0].payload.size() == max_payload_bytes + 1);
    CHECK_FALSE(parse_reading(client.arrived[0].payload));
    CHECK(client.arrived[1].payload.size() == max_payload_bytes);
}

TEST_CASE("link: a first connect before the broker exists is tried again", "[broker][link]") {
    Mosquitto broker(Mosquitto::At::later);
    Client client(broker.url());
    REQUIRE(client.goes_down());
    INFO(client.downs.back());
    CHECK(client.downs.back().find(broker.url()) != std::string::npos);
    REQUIRE(client.goes_down());
    broker.start();
    CHECK(client.comes_up());
}

TEST_CASE("link: while there is no connection publishing says busy", "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url());
    const auto early = client.link().publish(online);
    REQUIRE_FALSE(early);
    CHECK(early.error().fault == Fault::busy);

    REQUIRE(client.comes_up());
    REQUIRE(client.publish(online));
    broker.kill();
    REQUIRE(client.goes_down());
    const auto late = client.link().publish(online);
    REQUIRE_FALSE(late);
    CHECK(late.error().fault == Fault::busy);
}

TEST_CASE("link: after a broker's restart it is up again and subscribed anew", "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url(), {"in/+"});
    REQUIRE(client.comes_up());
    for (const bool kill : {true, false}) {
        if (kill) {
            broker.kill();
        } else {
            (void)broker.stop();
        }
        REQUIRE(client.goes_down());
        broker.start();
        REQUIRE(client.comes_up());
        const auto before = client.arrived.size();
        REQUIRE(broker.publish("in/live", "again"));
        CHECK(client.until([&] { return client.arrived.size() > before; }));
    }
}

TEST_CASE("link: no more is in flight than the broker wants, and never over 64", "[broker][link]") {
    const auto [wanted, most] = GENERATE(std::pair(7, 6), std::pair(0, 64));  // 0: no limit
    Mosquitto broker(Mosquitto::At::once, "max_inflight_messages " + std::to_string(wanted) + "\n");
    Client client(broker.url());
    REQUIRE(client.comes_up());
    broker.freeze();
    int taken = 0;
    while (taken < 1000 && client.link().publish({"t", "x", false})) ++taken;
    CHECK(taken == most);
    broker.thaw();
    CHECK(client.publish({"t", "x", false}));
}

TEST_CASE("link: what was in flight when the broker died is sent to the next one in order",
          "[broker][link]") {
    Mosquitto broker(Mosquitto::At::once, "max_inflight_messages 0\n");
    Client client(broker.url());
    REQUIRE(client.comes_up());
    broker.freeze();
    for (int i = 0; i < 64; ++i) {
        REQUIRE(client.link().publish({"n/" + std::to_string(i), std::to_string(i), true}));
    }
    broker.kill();
    REQUIRE(client.goes_down());
    broker.start();
    REQUIRE(client.comes_up());
    REQUIRE(client.publish({"n/0", "newest", true}));
    Client reader(broker.url(), {"n/+"}, "reader");
    std::map<std::string, std::string> last;
    REQUIRE(reader.until([&] {
        for (const auto& message : reader.arrived) last[message.topic] = message.payload;
        return last.size() == 64 && last["n/0"] == "newest";
    }));
    for (int i = 1; i < 64; ++i) CHECK(last["n/" + std::to_string(i)] == std::to_string(i));
}

TEST_CASE("link: a broker that dies under a stream of messages crashes nothing", "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url(), {"t/+"});
    for (int round = 0; round < 3; ++round) {
        REQUIRE(client.comes_up());
        int taken = 0;
        for (int i = 0; i < 200; ++i) {
            if (client.link().publish(
                    {"t/" + std::to_string(i % 7), std::string(5000, 'x'), false})) {
                ++taken;
            }
        }
        // What was in flight when the last broker died may fill the window first.
        CHECK((taken > 0 || client.publish(online)));
        broker.kill();
        REQUIRE(client.goes_down());
        broker.start();
    }
    REQUIRE(client.comes_up());
    CHECK(client.publish(online));
}

TEST_CASE("link: many reconnections leave no thread and no descriptor behind", "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url(), {"in/+"});
    std::size_t threads = 0;
    std::size_t descriptors = 0;
    for (int round = 0; round < 10; ++round) {
        REQUIRE(client.comes_up());
        client.grow_old();
        if (round == 2) {
            threads = entries("/proc/self/task");
            descriptors = entries("/proc/self/fd");
        }
        if (round == 9) break;
        broker.kill();
        REQUIRE(client.goes_down());
        REQUIRE(client.goes_down());  // one attempt that fails as well
        broker.start();
    }
    CHECK(entries("/proc/self/task") <= threads);
    CHECK(entries("/proc/self/fd") <= descriptors);
}

TEST_CASE("link: a farewell stands at the broker instead of the will", "[broker][link]") {
    const Mosquitto broker;
    {
        Client client(broker.url());
        REQUIRE(client.comes_up());
        REQUIRE(client.publish(online));
        client.link().close(offline);
        CHECK(broker.retained(status) == "offline");
        CHECK_FALSE(client.link().publish(online));
        CHECK(client.link().tick(std::chrono::steady_clock::now()) == never);
    }
    CHECK(broker.retained(status) == "offline");
}

// Not a test of its own: the program that the next one kills.
TEST_CASE("link: a client to be killed", "[broker][.victim]") {
    const char* url = std::getenv("FIREBREAK_VICTIM_URL");
    if (url == nullptr) return;
    Client client(url);
    REQUIRE(client.comes_up());
    REQUIRE(client.publish(online));
    (void)client.until([] { return false; }, Seconds(60));
}

TEST_CASE("link: a killed program leaves its will", "[broker][link]") {
    const Mosquitto broker;
    Process victim("/proc/self/exe", {"[.victim]"}, {{"FIREBREAK_VICTIM_URL", broker.url()}});
    REQUIRE(eventually([&] { return broker.retained(status) == "online"; }, Seconds(20)));
    victim.kill();
    CHECK(eventually([&] { return broker.retained(status) == "died"; }));
}

TEST_CASE("link: closing does not wait for a broker that is frozen, dead or was never there",
          "[broker][link]") {
    Mosquitto broker;
    const std::string ending = GENERATE("frozen", "full", "dead", "absent");
    if (ending == "absent") broker.kill();
    Client client(broker.url());
    if (ending == "absent") {
        REQUIRE(client.goes_down());
    } else {
        REQUIRE(client.comes_up());
    }
    if (ending == "frozen" || ending == "full") broker.freeze();
    if (ending == "full") {
        while (client.link().publish({"t", std::string(max_payload_bytes, 'x'), false})) {
        }
    }
    if (ending == "dead") broker.kill();
    const auto start = std::chrono::steady_clock::now();
    client.link().close(offline);
    const auto closed = std::chrono::steady_clock::now();
    client.destroy();
    const auto destroyed = std::chrono::steady_clock::now();
    // The contract is a second; the rest is for a busy machine. A keep-alive is far longer.
    CHECK(closed - start < Seconds(3));
    CHECK(destroyed - closed < Seconds(5));
}

TEST_CASE("link: a connection that the broker ends is reported with the reason", "[broker][link]") {
    const Mosquitto broker;
    Client first(broker.url(), {}, "same");
    REQUIRE(first.comes_up());
    Client second(broker.url(), {}, "same");
    REQUIRE(second.comes_up());
    REQUIRE(first.goes_down());
    INFO(first.downs.back());
    CHECK_FALSE(first.downs.back().empty());
    CHECK_FALSE(first.link().publish(online));
}

TEST_CASE("link: a broker that lets nobody in is no link", "[broker][link]") {
    const Mosquitto broker(Mosquitto::At::once, "", "allow_anonymous false\n");
    Client client(broker.url());
    REQUIRE(client.goes_down());
    CHECK(client.downs.back().find("uthori") != std::string::npos);
    CHECK(client.ups == 0);
}

TEST_CASE("link: a filter the broker refuses keeps the link down", "[broker][link]") {
    const Mosquitto broker;
    Client client(broker.url(), {"good/+", "bad/#/filter"});
    REQUIRE(client.goes_down());
    CHECK(client.ups == 0);
}

TEST_CASE("link: over TLS only a broker with a trusted certificate is one", "[broker][link]") {
    if (std::system("command -v openssl >/dev/null") != 0) {
        WARN("no openssl to make certificates with: not tested");
        return;
    }
    const TempDir keys;
    const auto make = [&](const std::string& name) {
        Process openssl(
            "openssl", {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout",
                        (keys.path() / (name + ".key")).string(), "-out",
                        (keys.path() / (name + ".crt")).string()});
        REQUIRE(openssl.wait(Seconds(20)) == 0);
        return (keys.path() / name).string();
    };
    const auto ours = make("ours");
    const auto other = make("other");
    const Mosquitto broker(
        Mosquitto::At::once, "",
        "allow_anonymous true\ncertfile " + ours + ".crt\nkeyfile " + ours + ".key\n");
    const auto url = "mqtts://localhost:" + std::to_string(broker.port());

    Client trusting(url, {"in/+"}, "one", ours + ".crt");
    CHECK(trusting.comes_up());
    CHECK(trusting.publish(online));

    Client wary(url, {}, "two", other + ".crt");
    CHECK(wary.goes_down());
    Client plain("mqtt://localhost:" + std::to_string(broker.port()), {}, "three");
    CHECK(plain.goes_down());
    CHECK(wary.ups + plain.ups == 0);
}

TEST_CASE("link: the next broker of the list has its turn when one is gone", "[broker][link]") {
    Mosquitto first(Mosquitto::At::later);
    Mosquitto second;
    Client client(BrokerPlan{.urls = {first.url(), second.url()}});
    REQUIRE(client.comes_up());
    CHECK(client.broker == second.url());
    first.start();
    second.kill();
    REQUIRE(client.comes_up());
    CHECK(client.broker == first.url());
    CHECK(client.publish(online));
}

TEST_CASE("link: when no broker of the list is there, a round of them backs off",
          "[broker][link]") {
    const auto gone = [] { return "mqtt://127.0.0.1:" + std::to_string(free_port()); };
    Client client(BrokerPlan{.urls = {gone(), gone(), gone()}});
    REQUIRE(client.until([&] { return client.downs.size() == 6; }));
    for (std::size_t i = 3; i < 6; ++i)
        CHECK(client.downs[i].substr(0, 25) == client.downs[i - 3].substr(0, 25));
    CHECK(client.ups == 0);
}

TEST_CASE("link: a broker that stops answering without a word is noticed", "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url());
    REQUIRE(client.comes_up());
    broker.freeze();
    CHECK(client.goes_down());
    broker.thaw();
    CHECK(client.comes_up());
}

TEST_CASE("link: it speaks MQTT 3.1.1 where it must, and says why that is refused",
          "[broker][link]") {
    const Mosquitto broker;
    Client client(BrokerPlan{.urls = {broker.url()}, .version = MqttVersion::v3_1_1}, {"in/+"});
    REQUIRE(client.comes_up());
    REQUIRE(client.publish(online));
    CHECK(eventually([&] { return broker.retained(status) == "online"; }));
    REQUIRE(broker.publish("in/1", "hello"));
    CHECK(client.until([&] { return client.arrived.size() == 1; }));

    const Mosquitto closed(Mosquitto::At::once, "", "allow_anonymous false\n");
    Client stranger(BrokerPlan{.urls = {closed.url()}, .version = MqttVersion::v3_1_1}, {}, "two");
    REQUIRE(stranger.goes_down());
    CHECK(stranger.downs[0].find("not authorized") != std::string::npos);
}

TEST_CASE("link: an address that leads nowhere is retried and crashes nothing", "[broker][link]") {
    const std::string url = GENERATE(
        std::string("http://127.0.0.1"), std::string(""), std::string("mqtt://"),
        std::string("mqtt://no-such-host.invalid:1883"), std::string("mqtt://127.0.0.1:99999"));
    Client client(url);
    REQUIRE(client.goes_down());
    REQUIRE(client.goes_down());
    CHECK(client.ups == 0);
}

TEST_CASE("link: nothing is reported after the link's end", "[broker][link]") {
    const Mosquitto broker;
    Client source(broker.url(), {}, "source");
    REQUIRE(source.comes_up());
    for (int round = 0; round < 3; ++round) {
        auto alive = std::make_shared<std::atomic<bool>>(true);
        std::atomic<int> late{0};
        std::atomic<int> events{0};
        auto link = make_mqtt_link({.broker = {.urls = {broker.url()}},
                                    .client_id = "flooded",
                                    .subscriptions = {"flood/+"}},
                                   [&, alive](const LinkEvent&) {
                                       ++events;
                                       if (!*alive) ++late;
                                   });
        REQUIRE(source.until([&] {
            (void)link->tick(std::chrono::steady_clock::now());
            (void)source.link().publish({"flood/x", std::string(1000, 'x'), false});
            return events > 50;
        }));
        link.reset();
        *alive = false;
        for (int i = 0; i < 50; ++i) REQUIRE(source.publish({"flood/x", "x", false}));
        CHECK(late == 0);
    }
}

TEST_CASE("link: a message with a ticket is sent until the broker has it, however late that is",
          "[broker][link]") {
    Mosquitto broker;
    Client client(broker.url());
    REQUIRE(client.comes_up());
    std::vector<std::uint64_t> had;
    const auto collect = [&] {
        for (const auto ticket : client.link().take_delivered()) had.push_back(ticket);
        return had.size();
    };
    REQUIRE(client.publish({"early", "1", true, 41}));
    REQUIRE(client.until([&] { return collect() == 1; }));

    broker.freeze();
    REQUIRE(client.publish({"kept", "2", true, 42}));
    REQUIRE(client.publish({"given-up", "3", true}));
    REQUIRE(client.publish({"kept-too", "4", true, 43}));
    broker.kill();  // it has never read them
    REQUIRE(client.goes_down());
    for (int i = 0; i < 3; ++i) client.grow_old();  // past all patience with the others
    broker.start();
    REQUIRE(client.comes_up());
    REQUIRE(client.until([&] { return collect() >= 3; }));
    CHECK(had == std::vector<std::uint64_t>{41, 42, 43});
    CHECK(client.link().take_delivered().empty());
}

}  // namespace firebreak
