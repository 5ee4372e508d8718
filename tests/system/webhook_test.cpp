// The webhook actuator and the HTTP client below it, against a real HTTP server that keeps states.
#include "host/actuate/webhook.hpp"

#include <httplib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <deque>
#include <set>
#include <thread>

#include "host/actuate/webhook_text.hpp"
#include "tests/catch.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr const char* secret = "not for the log";

/// Does what it is told, unless its next answers are prescribed.
class Service {
public:
    Service() {
        server_.Post("/hook", [this](const auto& in, auto& out) { post(in, out); });
        server_.Get("/hook", [this](const auto& in, auto& out) { get(in, out); });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();  // stop() would be lost
    }
    ~Service() {
        server_.stop();
        thread_.join();
    }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/hook";
    }

    struct Canned {
        int status = 200;
        std::string body;
        std::string retry_after;
        std::string location;
    };
    std::deque<Canned> next_posts;
    std::string shown;  ///< in place of the states
    bool lies = false;
    std::vector<httplib::Request> posts;
    std::vector<httplib::Request> gets;
    std::map<std::string, std::string> states = {{"a", "ready"}, {"b", "ready"}};

private:
    void post(const httplib::Request& in, httplib::Response& out) {
        posts.push_back(in);
        if (!next_posts.empty()) {
            const auto canned = next_posts.front();
            next_posts.pop_front();
            out.status = canned.status;
            if (!canned.retry_after.empty()) out.set_header("Retry-After", canned.retry_after);
            if (!canned.location.empty()) out.set_header("Location", canned.location);
            out.set_content(canned.body, "text/plain");
            return;
        }
        if (lies) return;
        const auto begin = in.body.find("\"action\":\"") + 10;
        const auto action = in.body.substr(begin, in.body.find('"', begin) - begin);
        for (auto& [item, state] : states) {
            if (in.body.find('"' + item + '"') != std::string::npos) state = action;
        }
    }
    void get(const httplib::Request& in, httplib::Response& out) {
        gets.push_back(in);
        std::string text;
        for (const auto& [item, state] : states) {
            text += (text.empty() ? "" : ",") + ('"' + item + "\":\"" + state + '"');
        }
        out.set_content(shown.empty() ? "{\"items\":{" + text + "}}" : shown, "application/json");
    }

    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

struct Hook {
    TempDir folder;
    Service service;

    [[nodiscard]] EndpointPlan plan(Duration timeout = 10s) const {
        WebhookEndpoint how;
        how.secret_file = folder.write("secret", std::string(secret) + '\n');
        return {"lamp", service.url(), timeout, how};
    }
    [[nodiscard]] Result<ItemStates> drain(Duration timeout = 10s) const {
        return make_webhook(plan(timeout), {{"text", {"a", "b"}}}, -1)
            ->apply("text", {{"7", "text", "a", "drain", Posture::drain, "p/r/gas"}});
    }
};

/// As an HTTP server writes a date.
std::string date_in(std::chrono::seconds how_long) {
    const auto at = std::time(nullptr) + how_long.count();
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    std::string text(64, '\0');
    text.resize(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    return text;
}

Error error_of(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error();
}

}  // namespace

TEST_CASE("webhook: steps are posted once an action, signed, and read back", "[system][webhook]") {
    Hook hook;
    const auto actuator = make_webhook(hook.plan(), {{"text", {"a", "b"}}}, -1);
    const auto first = actuator->observe("text");
    INFO((first ? "" : first.error().what));
    REQUIRE(first);
    CHECK(*first == ItemStates{{"a", "ready"}, {"b", "ready"}});
    CHECK(hook.service.posts.empty());
    CHECK(hook.service.gets.at(0).get_param_value("target") == "text");

    const std::vector<Step> both = {{"1", "text", "a", "drain", Posture::drain, "p/r/gas"},
                                    {"2", "text", "b", "drain", Posture::drain, "p/r/gas"}};
    CHECK(*actuator->apply("text", both) == ItemStates{{"a", "drain"}, {"b", "drain"}});
    REQUIRE(hook.service.posts.size() == 1);
    const auto& post = hook.service.posts[0];
    CHECK(post.body == R"({"target":"text","action":"drain","items":["a","b"],"ids":["1","2"],)"
                       R"("because":"p/r/gas"})");
    CHECK(post.get_header_value("Content-Type") == "application/json");
    CHECK(post.get_header_value("Idempotency-Key") == idempotency_key({"2", "1"}));
    const auto time = post.get_header_value("X-Firebreak-Timestamp");
    CHECK(std::abs(std::stol(time) - std::time(nullptr)) < 60);
    CHECK(post.get_header_value("X-Firebreak-Signature") ==
          "sha256=" + hmac_sha256(secret, time + '.' + post.body));
}

TEST_CASE("webhook: a service that asks for patience is asked again under the same key",
          "[system][webhook]") {
    Hook hook;
    hook.service.next_posts = {{429, "", "0", ""}, {503, "", "", ""}, {502, "", "", ""}};
    const auto states = hook.drain();
    INFO((states ? "" : states.error().what));
    REQUIRE(states);
    CHECK(states->at("a") == "drain");
    REQUIRE(hook.service.posts.size() == 4);
    std::set<std::string> keys;
    for (const auto& post : hook.service.posts) {
        keys.insert(post.get_header_value("Idempotency-Key"));
    }
    CHECK(keys == std::set<std::string>{"7"});
}

TEST_CASE("webhook: one that asks for more time than there is left is busy, and not asked before",
          "[system][webhook]") {
    Hook hook;
    const auto actuator = make_webhook(hook.plan(), {{"text", {"a"}}, {"login", {"b"}}}, -1);
    const auto drain = [&](const std::string& target) {
        return error_of(
            actuator->apply(target, {{"7", target, "a", "drain", Posture::drain, "p/r/gas"}}));
    };
    // For one hour, however long it asks for.
    const auto [asks, least, most] = GENERATE(table<std::string, Duration, Duration>(
        {{"1800", 30min, 30min}, {"99999999999", 1h, 1h}, {date_in(1800s), 29min, 30min}}));
    const auto before = std::chrono::system_clock::now();
    hook.service.next_posts = {{503, "being mended\nby kim", asks, ""}};
    const auto error = drain("text");
    CHECK(error.fault == Fault::busy);
    const std::string said = "lamp: POST: answered 503: being mended; not asked before ";
    REQUIRE(error.what.starts_with(said));
    const auto until = parse_wall(error.what.substr(said.size()));
    REQUIRE(until);
    CHECK(*until - before >= least);
    CHECK(*until - before <= most + 10s);
    // Neither for these steps nor for any other target of this endpoint.
    CHECK(drain("text").what == error.what);
    CHECK(drain("login").what == error.what);
    CHECK(error_of(actuator->observe("text")).fault == Fault::busy);
    CHECK(hook.service.posts.size() == 1);
    CHECK(hook.service.gets.empty());
}

TEST_CASE("webhook: one that asked for more time than there was is asked again after it",
          "[system][webhook]") {
    Hook hook;
    const auto actuator = make_webhook(hook.plan(500ms), {{"text", {"a", "b"}}}, -1);
    hook.service.next_posts = {{429, "", "1", ""}};
    const Step step = {"7", "text", "a", "drain", Posture::drain, "p/r/gas"};
    CHECK(error_of(actuator->apply("text", {step})).fault == Fault::busy);
    CHECK(error_of(actuator->apply("text", {step})).fault == Fault::busy);
    CHECK(hook.service.posts.size() == 1);
    std::this_thread::sleep_for(1100ms);
    CHECK(actuator->apply("text", {step})->at("a") == "drain");
}

TEST_CASE("webhook: a refusal is asked once and told", "[system][webhook]") {
    for (const int status : {400, 401, 403, 404, 409, 422}) {
        Hook hook;
        hook.service.next_posts = {{status, "no", "", ""}};
        const auto error = error_of(hook.drain());
        CHECK(error.fault == Fault::refused);
        CHECK(error.what == "lamp: POST: answered " + std::to_string(status) + ": no");
        CHECK(hook.service.posts.size() == 1);
    }
    Hook hook;
    hook.service.next_posts = {{500, "", "", ""}};
    CHECK(error_of(hook.drain()).fault == Fault::busy);
    CHECK(hook.service.posts.size() == 1);
}

TEST_CASE("webhook: one refused action does not keep the others back", "[system][webhook]") {
    Hook hook;
    hook.service.next_posts = {{403, "not a", "", ""}};  // actions go in the order of their words
    const auto result = make_webhook(hook.plan(), {{"text", {"a", "b"}}}, -1)
                            ->apply("text", {{"1", "text", "a", "drain", Posture::drain, "x"},
                                             {"2", "text", "b", "maint", Posture::drain, "x"}});
    CHECK(error_of(result).what == "lamp: POST: answered 403: not a");
    CHECK(hook.service.states == ItemStates{{"a", "ready"}, {"b", "maint"}});
}

TEST_CASE("webhook: a redirect is not followed, with our signature or without",
          "[system][webhook]") {
    Hook hook;
    hook.service.next_posts = {{307, "", "", hook.service.url()}};
    CHECK(error_of(hook.drain()).fault == Fault::refused);
    CHECK(hook.service.posts.size() == 1);
}

TEST_CASE("webhook: one that lies is found out by what it shows", "[system][webhook]") {
    Hook hook;
    hook.service.lies = true;
    CHECK(hook.drain()->at("a") == "ready");
    const std::vector<std::string> garbage = {"drained",
                                              "[]",
                                              "{}",
                                              R"({"items":[]})",
                                              R"({"items":{"a":"drained"}})",
                                              R"({"items":{"a":1}})",
                                              R"({"items":{"a":)" + std::string(100000, '['),
                                              "{\"items\":{}" + std::string(2000000, ' ') + '}'};
    for (const auto& text : garbage) {
        hook.service.shown = text;
        CHECK(error_of(hook.drain()).fault == Fault::corrupt);
    }
}

TEST_CASE("webhook: of servers that it invents a thousand are believed, and its items all the same",
          "[system][webhook]") {
    Hook hook;
    for (int i = 0; i < 5000; ++i) hook.service.states["0-" + std::to_string(i)] = "ready";
    const auto shown = hook.drain();
    REQUIRE(shown);
    CHECK(shown->size() == 2 + 1024);
    CHECK(shown->at("a") == "drain");
}

TEST_CASE("webhook: without its secret nothing is asked", "[system][webhook]") {
    Hook hook;
    auto plan = hook.plan();
    for (const auto& path : {hook.folder.write("empty", "\n"), std::string("/nowhere/secret")}) {
        std::get<WebhookEndpoint>(plan.how).secret_file = path;
        const auto error = error_of(make_webhook(plan, {{"text", {"a"}}}, -1)->observe("text"));
        CHECK(error.fault == Fault::config);
    }
    CHECK(hook.service.gets.empty());
}

TEST_CASE("webhook: nobody there is port lost, one who never answers costs the timeout",
          "[system][webhook]") {
    Hook hook;
    auto plan = hook.plan(300ms);
    plan.address = "http://127.0.0.1:" + std::to_string(free_port()) + "/";
    CHECK(error_of(make_webhook(plan, {{"text", {"a"}}}, -1)->observe("text")).fault ==
          Fault::port_lost);

    // A socket that listens and is never accepted from: the connection stands, the answer does not.
    const int mute = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(mute, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(mute, 4) == 0);
    REQUIRE(::getsockname(mute, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    plan.address = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/";
    CHECK(error_of(make_webhook(plan, {{"text", {"a"}}}, -1)->observe("text")).fault ==
          Fault::timeout);

    // And a stop ends it without waiting for that.
    const int stop = ::eventfd(1, EFD_CLOEXEC);
    plan.timeout = 1h;
    CHECK(error_of(make_webhook(plan, {{"text", {"a"}}}, stop)->observe("text")).fault ==
          Fault::timeout);
    ::close(stop);
    ::close(mute);
}
