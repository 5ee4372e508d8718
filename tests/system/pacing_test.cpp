// A drain behind a real HAProxy that serves real requests: it holds while those that receive fail
// or queue, says why, and goes on by itself.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "host/actuate/catalog.hpp"
#include "host/actuate/stream.hpp"
#include "tests/support/free_port.hpp"
#include "tests/system/host_stage.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

const std::string binary = FIREBREAK_BIN_DIR "/firebreak-host";

/// People who ask a web server for a page, each the next one once it has the last.
class Users {
public:
    Users(std::uint16_t port, int how_many) : port_(port) {
        for (int i = 0; i < how_many; ++i) threads_.emplace_back([this] { ask(); });
    }
    ~Users() { leave(); }
    Users(const Users&) = delete;
    Users& operator=(const Users&) = delete;

    void leave() {
        left_ = true;
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }

private:
    void ask() const {
        while (!left_) {
            const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port_);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            const std::string_view request = "GET / HTTP/1.0\r\n\r\n";
            std::string answer(512, '\0');
            if (::connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                ::send(peer, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
                while (::recv(peer, answer.data(), answer.size(), 0) > 0) continue;
            }
            ::close(peer);
            std::this_thread::sleep_for(5ms);
        }
    }

    std::uint16_t port_;
    std::atomic<bool> left_ = false;
    std::vector<std::thread> threads_;
};

/// Servers that answer, in the same HAProxy, as the map "mood" says.
class Served {
public:
    explicit Served(const std::string& pace, const std::string& server_options)
        : stage(binary,
                "[drain]\nstuck = \"wait\"\n[pace]\nstep_percent = 50\nsettle = \"1s\"\n" + pace),
          port(free_ports(2)) {
        stage.haproxy.reset();
        stage.folder.write("mood", "servers good\n");
        std::string config = fmt::format(
            "global\n  stats socket {} level admin\ndefaults\n  mode http\n"
            "  timeout client 10s\n  timeout server 10s\n  timeout connect 5s\n"
            "  timeout queue 10s\nfrontend users\n  bind 127.0.0.1:{}\n"
            "  default_backend text\nbackend text\n",
            stage.socket(), port);
        for (const auto* server : {"pangyo-a", "pangyo-b", "seoul-a", "seoul-b"}) {
            config +=
                fmt::format("  server {} 127.0.0.1:{} {}\n", server, port + 1, server_options);
        }
        const auto mood = fmt::format("str(servers),map({})", stage.path("mood"));
        config += fmt::format(
            "frontend servers\n  bind 127.0.0.1:{}\n  timeout tarpit 300ms\n"
            "  http-request tarpit deny_status 200 if {{ {} slow }}\n"
            "  http-request return status 500 if {{ {} bad }}\n  http-request return status 200\n",
            port + 1, mood, mood);
        stage.folder.write("haproxy.cfg", config);
        stage.haproxy.emplace(
            "haproxy", std::vector<std::string>{"-W", "-db", "-f", stage.path("haproxy.cfg")});
        REQUIRE(eventually([&] { return stage.is("ready"); }));
        stage.start_host();
        stage.quiet_day();
    }

    void become(const std::string& mood) const {
        Stream stream(std::chrono::steady_clock::now() + 10s, -1);
        REQUIRE(stream.connect(*parse_address(stage.socket())));
        REQUIRE(stream.send("set map " + stage.path("mood") + " servers " + mood + '\n'));
        std::string answer;
        while (stream.receive(answer).value_or(false)) continue;
        REQUIRE(answer.find("unknown") == std::string::npos);
    }
    /// Held by this limit, as three readings say in turn, with something left to be drained.
    [[nodiscard]] bool is_held_by(const std::string& limit) const {
        std::set<std::string> said;
        return eventually(
                   [&] {
                       const auto blocked = stage.posture("text").blocked;
                       if (blocked.find(limit) != std::string::npos) said.insert(blocked);
                       return said.size() >= 3;
                   },
                   60s) &&
               !stage.is("drain");
    }
    [[nodiscard]] bool is_drained() const {
        return eventually(
            [&] {
                const auto notice = stage.posture("text");
                return stage.is("drain") && notice.reached == Posture::drain &&
                       notice.blocked.empty();
            },
            60s);
    }

    HostStage stage;
    std::uint16_t port;
};

}  // namespace

TEST_CASE("pacing: a drain holds while those that receive answer 500, and goes on once they do not",
          "[system][haproxy]") {
    Served served("max_error_percent = 5\n", "");
    const Users users(served.port, 4);
    served.become("bad");
    served.stage.alarm("gas", Phase::firing);
    CHECK(served.is_held_by("max_error_percent"));
    served.become("good");
    CHECK(served.is_drained());
    CHECK(served.stage.state("seoul-a") == "ready");
}

TEST_CASE("pacing: a drain holds while requests queue, and goes on once they are served",
          "[system][haproxy]") {
    Served served("max_queue = 2\n", "maxconn 1");
    Users users(served.port, 12);
    served.become("slow");
    served.stage.alarm("gas", Phase::firing);
    const auto held = [&] {
        return served.stage.posture("text").blocked.find("max_queue") != std::string::npos;
    };
    CHECK(eventually(held, 60s));
    CHECK_FALSE(served.stage.is("drain"));
    users.leave();
    CHECK(served.is_drained());
}

}  // namespace firebreak
