// The HAProxy actuator against a real haproxy.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "contract/support/inbox.hpp"
#include "host/actuate/catalog.hpp"
#include "host/actuate/crew.hpp"
#include "host/actuate/haproxy.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// A haproxy with one backend "text" of `servers` servers s0, s1, …; nothing listens behind.
class RealHaproxy {
public:
    explicit RealHaproxy(int servers = 3) : port_(free_port()) {
        std::string config = fmt::format(
            "global\n  stats socket {} level admin\n  stats socket {}.user level user\n"
            "  stats socket ipv4@127.0.0.1:{} level admin\n"
            "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n"
            "  timeout connect 1s\n"
            "backend text\n",
            socket(), socket(), port_);
        for (int i = 0; i < servers; ++i) {
            config += fmt::format("  server s{} 127.0.0.1:1 weight {}\n", i, 10 * (i % 25 + 1));
        }
        folder_.write("haproxy.cfg", config);
        start();
    }
    void start() {
        process_.emplace("haproxy", std::vector<std::string>{
                                        "-db", "-f", (folder_.path() / "haproxy.cfg").string()});
        REQUIRE(eventually([&] { return actuator()->observe("text").has_value(); }));
    }
    void kill() { process_.reset(); }
    void freeze() {
        process_->signal(SIGSTOP);  // takes its time where there are several threads
        REQUIRE(eventually([&] { return !actuator("", "text", 100ms)->observe("text"); }));
    }

    /// What it answers to a line of a person's.
    std::string told(const std::string& line) const {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
        REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
        const auto text = line + '\n';
        REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0);
        std::string answer(4096, '\0');
        const auto got = ::recv(fd, answer.data(), answer.size(), MSG_WAITALL);
        ::close(fd);
        answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return answer;
    }
    [[nodiscard]] bool weighs(const std::string& server, int weight) const {
        const auto answer = told("get weight text/" + server);
        UNSCOPED_INFO(answer);
        return answer.starts_with(std::to_string(weight) + " (");
    }

    [[nodiscard]] std::string socket() const { return (folder_.path() / "admin.sock").string(); }
    [[nodiscard]] std::string tcp() const { return fmt::format("127.0.0.1:{}", port_); }

    [[nodiscard]] std::unique_ptr<Actuator> actuator(const std::string& address = "",
                                                     const std::string& backend = "text",
                                                     Duration timeout = 2s) const {
        return make_haproxy({"edge", address.empty() ? socket() : address, timeout},
                            {{"text", backend}}, -1);
    }

private:
    std::uint16_t port_;
    TempDir folder_;
    std::optional<Process> process_;
};

Step step(const std::string& item, const std::string& action) {
    return {"id", "text", item, action, Posture::drain, "pangyo/room/gas"};
}

Fault fault_of(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error().fault;
}

}  // namespace

TEST_CASE("haproxy: drain, maint and ready are carried out and read back", "[system][haproxy]") {
    const RealHaproxy haproxy;
    const auto actuator = haproxy.actuator();
    CHECK(*actuator->observe("text") ==
          ItemStates{{"s0", "ready"}, {"s1", "ready"}, {"s2", "ready"}});
    CHECK(*actuator->apply("text", {step("s0", "drain"), step("s1", "maint")}) ==
          ItemStates{{"s0", "drain"}, {"s1", "maint"}, {"s2", "ready"}});
    CHECK(*actuator->apply("text", {step("s0", "drain")}) ==
          ItemStates{{"s0", "drain"}, {"s1", "maint"}, {"s2", "ready"}});
    CHECK(*actuator->apply("text", {step("s1", "drain")}) ==
          ItemStates{{"s0", "drain"}, {"s1", "drain"}, {"s2", "ready"}});
    CHECK(*actuator->apply("text", {step("s0", "ready"), step("s1", "ready")}) ==
          ItemStates{{"s0", "ready"}, {"s1", "ready"}, {"s2", "ready"}});
}

TEST_CASE("haproxy: drained by weight, a server gets back the weight that was read before",
          "[system][haproxy]") {
    const RealHaproxy haproxy;
    const auto ours = [&] {
        return make_haproxy({"edge", haproxy.socket(), 2s}, {{"text", "text"}}, -1, {"text"});
    };
    auto actuator = ours();
    (void)haproxy.told("set server text/s1 weight 77");  // by a person, not the file's 20
    CHECK(*actuator->apply("text", {step("s0", "drain"), step("s1", "drain")}) ==
          ItemStates{{"s0", "drain@10"}, {"s1", "drain@77"}, {"s2", "ready@30"}});
    CHECK(haproxy.weighs("s1", 0));
    CHECK(actuator->apply("text", {step("s1", "maint")})->at("s1") == "maint@77");
    CHECK(actuator->apply("text", {step("s1", "drain")})->at("s1") == "drain@77");
    CHECK(haproxy.weighs("s1", 0));
    CHECK(actuator->apply("text", {step("s1", "ready")})->at("s1") == "ready@77");
    CHECK(haproxy.weighs("s1", 77));
    CHECK(haproxy.weighs("s0", 0));
    // A later life that is not told does not guess; what it can do it does.
    actuator = ours();
    const auto guess = actuator->apply("text", {step("s0", "ready"), step("s2", "drain")});
    CHECK(fault_of(guess) == Fault::refused);
    CHECK(guess.error().what ==
          "edge: the weight before the drain is not known: set it by hand: s0");
    CHECK(haproxy.weighs("s0", 0));
    CHECK(actuator->observe("text")->at("s2") == "drain@30");
    CHECK(actuator->apply("text", {step("s2", "ready")})->at("s2") == "ready@30");
    CHECK(haproxy.weighs("s2", 30));
    // One that is told gives it back, and believes what it reads itself before that.
    (void)haproxy.told("set server text/s2 weight 44");
    actuator = make_haproxy({"edge", haproxy.socket(), 2s}, {{"text", "text"}}, -1, {"text"},
                            {{{"text", "s0"}, 10}, {{"text", "s2"}, 30}});
    CHECK(*actuator->observe("text") ==
          ItemStates{{"s0", "drain@10"}, {"s1", "ready@77"}, {"s2", "ready@44"}});
    CHECK(actuator->apply("text", {step("s0", "ready"), step("s2", "drain")})->at("s0") ==
          "ready@10");
    CHECK(haproxy.weighs("s0", 10));
    CHECK(actuator->apply("text", {step("s2", "ready")})->at("s2") == "ready@44");
}

TEST_CASE("haproxy: drained by weight, a person's drain and maintenance are left to the person",
          "[system][haproxy]") {
    const RealHaproxy haproxy;
    const auto ours =
        make_haproxy({"edge", haproxy.socket(), 2s}, {{"text", "text"}}, -1, {"text"});
    CHECK(ours->apply("text", {step("s0", "drain")})->at("s0") == "drain@10");
    (void)haproxy.told("set server text/s0 state drain");
    CHECK(ours->observe("text")->at("s0") == "drain@10");
    CHECK(ours->apply("text", {step("s0", "ready")})->at("s0") == "drain-other@10");
    CHECK(haproxy.weighs("s0", 10));
    // Between the look and the step.
    (void)haproxy.told("set server text/s1 state maint");
    auto late = step("s1", "drain");
    late.from = 0;
    CHECK(ours->apply("text", {late})->at("s1") == "maint@20");
    CHECK(haproxy.weighs("s1", 20));
}

TEST_CASE("haproxy: the runtime API over TCP does the same", "[system][haproxy]") {
    const RealHaproxy haproxy;
    const auto actuator = haproxy.actuator(haproxy.tcp());
    CHECK(actuator->apply("text", {step("s0", "drain")})->at("s0") == "drain");
}

TEST_CASE("haproxy: an unknown server or backend and a mere user are refused, in its words",
          "[system][haproxy]") {
    const RealHaproxy haproxy;
    const auto unknown =
        haproxy.actuator()->apply("text", {step("nope", "drain"), step("s1", "drain")});
    CHECK(fault_of(unknown) == Fault::refused);
    CHECK(unknown.error().what == "edge: No such server.");
    // The others were drained all the same.
    CHECK(haproxy.actuator()->observe("text")->at("s1") == "drain");

    CHECK(fault_of(haproxy.actuator("", "nowhere")->observe("text")) == Fault::refused);
    CHECK(fault_of(
              haproxy.actuator(haproxy.socket() + ".user")->apply("text", {step("s0", "drain")})) ==
          Fault::refused);
    CHECK(haproxy.actuator()->observe("text")->at("s0") == "ready");
}

TEST_CASE(
    "haproxy: more servers than go into a line are drained and brought back in one order each",
    "[system][haproxy]") {
    constexpr int servers = 700;
    const RealHaproxy haproxy(servers);
    const auto actuator = haproxy.actuator();
    for (const char* action : {"drain", "ready"}) {
        std::vector<Step> steps;
        for (int i = 0; i < servers; ++i) steps.push_back(step(fmt::format("s{}", i), action));
        const auto states = actuator->apply("text", steps);
        REQUIRE(states);
        CHECK(states->size() == servers);
        for (const auto& [server, state] : *states) CHECK(state == action);
    }
}

TEST_CASE("haproxy: what a policy says of drain_by and pace reaches the actuator",
          "[system][haproxy]") {
    const RealHaproxy haproxy;
    PolicyPlan plan;
    plan.endpoints = {{"edge", haproxy.socket(), 2s}};
    TargetPlan target;
    target.name = target.endpoint = "edge";
    target.backend = "text";
    target.items = {"s1"};
    target.drain_by_weight = true;
    target.pace = PacePlan{};
    plan.targets = {target};
    const auto actuator = make_actuator(plan.endpoints[0], plan, -1);
    auto drain = step("s1", "drain");
    drain.target = "edge";
    CHECK(actuator->apply("edge", {drain})->at("s1") == "drain@20");
    CHECK(haproxy.weighs("s1", 0));
    REQUIRE(actuator->feedback("edge"));
    CHECK(*actuator->feedback("edge") == Feedback{});  // the first reading: no rates yet
    target.pace.reset();
    plan.targets = {target};
    const auto unpaced = make_actuator(plan.endpoints[0], plan, -1);
    CHECK(unpaced->observe("edge"));
    CHECK_FALSE(unpaced->feedback("edge"));
    // Unless it is where another site's drain goes, in steps.
    auto drained = target;
    target.service = drained.service = "text";
    target.site = "seoul";
    drained.name = drained.endpoint = "other";
    drained.site = "pangyo";
    drained.pace = PacePlan{};
    plan.targets = {target, drained};
    const auto receiving = make_actuator(plan.endpoints[0], plan, -1);
    CHECK(receiving->observe("edge"));
    REQUIRE(receiving->feedback("edge"));
    CHECK(receiving->feedback("edge")->own == Feedback::Own{});
}

TEST_CASE("haproxy: a socket that is absent or that nobody serves is a lost port",
          "[system][haproxy]") {
    RealHaproxy haproxy;
    CHECK(fault_of(haproxy.actuator("/nowhere/admin.sock")->observe("text")) == Fault::port_lost);
    haproxy.kill();
    CHECK(fault_of(haproxy.actuator()->observe("text")) == Fault::port_lost);
    CHECK(fault_of(haproxy.actuator(haproxy.tcp())->observe("text")) == Fault::port_lost);
    haproxy.start();
    CHECK(haproxy.actuator()->observe("text").has_value());
}

TEST_CASE("haproxy: one that hangs costs its timeout and no more", "[system][haproxy]") {
    RealHaproxy haproxy;
    haproxy.freeze();
    const auto before = std::chrono::steady_clock::now();
    CHECK(fault_of(haproxy.actuator("", "text", 200ms)->observe("text")) == Fault::timeout);
    CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("haproxy: something else behind the socket is not believed", "[system][haproxy]") {
    const TempDir folder;
    const auto path = (folder.path() / "liar.sock").string();
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener, 8) == 0);
    for (const std::string answer : {"", "SSH-2.0-OpenSSH_9.2\r\n", "1\n# be_id be_name\n"}) {
        std::thread liar([&] {
            const int peer = ::accept(listener, nullptr, nullptr);
            std::string line(256, '\0');
            static_cast<void>(::recv(peer, line.data(), line.size(), 0));
            static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
            ::close(peer);
        });
        const auto states =
            make_haproxy({"edge", path, 2s}, {{"text", "text"}}, -1)->observe("text");
        liar.join();
        const auto fault = fault_of(states);
        CHECK((fault == Fault::corrupt || fault == Fault::refused));
    }
    ::close(listener);
}

namespace {

struct Answer {
    std::string target;
    std::size_t steps = 0;
    Result<ItemStates> states;
};

PolicyPlan two_endpoints(const std::string& good, const std::string& bad, Duration timeout) {
    PolicyPlan plan;
    plan.endpoints = {{"good", good, 2s}, {"bad", bad, timeout}};
    for (const auto& [name, endpoint] : {std::pair<std::string, std::string>{"text", "good"},
                                         {"stuck", "bad"},
                                         {"stuck-too", "bad"}}) {
        TargetPlan target;
        target.name = name;
        target.endpoint = endpoint;
        target.backend = "text";
        target.items = {"s0"};
        plan.targets.push_back(target);
    }
    return plan;
}

/// A crew over the plan's endpoints, whose receipts go to `answers`.
Crew crew_of(const PolicyPlan& plan, Inbox<Answer>& answers) {
    return {plan,
            [&plan](const EndpointPlan& endpoint, int stop_fd) {
                return make_actuator(endpoint, plan, stop_fd);
            },
            [&answers](const Receipt& receipt) {
                return answers.post({receipt.target, receipt.steps.size(), receipt.states});
            }};
}

}  // namespace

TEST_CASE("crew: a hanging HAProxy stalls no other, and stopping waits for none",
          "[system][haproxy]") {
    const RealHaproxy good;
    RealHaproxy bad;
    bad.freeze();
    Inbox<Answer> answers(64);
    const auto plan = two_endpoints(good.socket(), bad.socket(), 30s);
    const auto before = std::chrono::steady_clock::now();
    {
        auto crew = crew_of(plan, answers);
        REQUIRE(crew.order("stuck", {step("s0", "drain")}));
        REQUIRE(crew.order("text", {step("s0", "drain")}));
        CHECK_FALSE(crew.order("nobody", {}));
        const auto answer = answers.take(before + 10s);
        REQUIRE(answer);
        CHECK(answer->target == "text");
        REQUIRE(answer->states);
        CHECK(answer->states->at("s0") == "drain");
    }
    CHECK(std::chrono::steady_clock::now() - before < 10s);  // not the 30 s of the stuck one
}

TEST_CASE("crew: two targets of one HAProxy are drained at once, each as it was ordered",
          "[system][haproxy]") {
    const RealHaproxy one;
    Inbox<Answer> answers(64);
    const auto plan = two_endpoints(one.socket(), one.socket(), 10s);
    auto crew = crew_of(plan, answers);
    constexpr int rounds = 50;
    for (int i = 0; i < rounds; ++i) {
        for (const char* target : {"stuck", "stuck-too"}) {
            Order order{target, {step("s0", i % 2 == 0 ? "drain" : "ready")}};
            REQUIRE(crew.order_alone(order));
        }
    }
    std::map<std::string, int> heard;
    for (int i = 0; i < 2 * rounds; ++i) {
        const auto answer = answers.take(std::chrono::steady_clock::now() + 30s);
        REQUIRE(answer);
        REQUIRE(answer->states);
        CHECK(answer->steps == 1);
        ++heard[answer->target];
    }
    CHECK(heard == std::map<std::string, int>{{"stuck", rounds}, {"stuck-too", rounds}});
    Order unknown{"nobody", {step("s0", "drain")}};
    CHECK_FALSE(crew.order_alone(unknown));
    CHECK_FALSE(crew.order(unknown));
    CHECK(unknown.steps.size() == 1);  // still the caller's
}

TEST_CASE("crew: what waits behind an absent HAProxy fails with it, not one by one",
          "[system][haproxy]") {
    const RealHaproxy good;
    RealHaproxy bad;
    bad.freeze();
    Inbox<Answer> answers(64);
    const auto plan = two_endpoints(good.socket(), bad.socket(), 500ms);
    auto crew = crew_of(plan, answers);
    for (int i = 0; i < 20; ++i) REQUIRE(crew.order(i % 2 == 0 ? "stuck" : "stuck-too", {}));
    const auto deadline = std::chrono::steady_clock::now() + 5s;  // 20 timeouts would be 10 s
    for (int i = 0; i < 20; ++i) {
        const auto answer = answers.take(deadline);
        REQUIRE(answer);
        CHECK(answer->states.error().fault == Fault::timeout);
    }
}
