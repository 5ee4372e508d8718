#include "host/operator/socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "contract/support/log.hpp"
#include "host/operator/wire.hpp"

namespace firebreak {
namespace {

constexpr Duration patience = std::chrono::seconds(1);       // with a caller
constexpr Duration for_the_core = std::chrono::seconds(5);   // it takes in a flood first
constexpr Duration for_the_host = std::chrono::seconds(10);  // of a verb
constexpr std::size_t longest_answer = 64U << 20U;

Instant steady_now() {
    return std::chrono::steady_clock::now();
}

/// Whether it is ready for `events` before `deadline`.
bool wait_for(int socket, short events, Instant deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
    pollfd ready{socket, events, 0};
    return left.count() > 0 && ::poll(&ready, 1, static_cast<int>(left.count())) == 1;
}

/// Up to the first line end; nothing when it does not come in time or is too long.
std::optional<std::string> read_line(int socket, std::size_t longest, Instant deadline) {
    std::string line;
    std::array<char, 4096> part{};
    while (line.size() <= longest && wait_for(socket, POLLIN, deadline)) {
        const auto got = ::recv(socket, part.data(), part.size(), MSG_DONTWAIT);
        if (got <= 0) return std::nullopt;
        line.append(part.data(), static_cast<std::size_t>(got));
        if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
    return std::nullopt;
}

bool write_line(int socket, std::string_view line, Instant deadline) {
    while (!line.empty() && wait_for(socket, POLLOUT, deadline)) {
        const auto put = ::send(socket, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put <= 0) return false;
        line.remove_prefix(static_cast<std::size_t>(put));
    }
    return line.empty();
}

std::string user_at(int socket) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "somebody";
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(who.uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) {
        return found->pw_name;
    }
    return fmt::format("uid-{}", who.uid);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

bool connects(int socket, const std::string& path) {
    const auto address = address_of(path);
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

int new_socket() {
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/// Takes the place of what a host that ended badly has left, never of a living one.
int listen_at(const std::string& path) {
    const int probe = new_socket();
    const bool taken = connects(probe, path);
    ::close(probe);
    if (taken) {
        errno = EADDRINUSE;
        return -1;
    }
    std::error_code ignored;
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    struct stat what {};
    if (::lstat(path.c_str(), &what) == 0 && S_ISSOCK(what.st_mode)) ::unlink(path.c_str());
    const int listener = new_socket();
    const auto address = address_of(path);
    const auto mask = ::umask(0117);  // 0660 from the first moment on
    const bool bound =
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(mask);
    if (bound && ::listen(listener, 16) == 0) return listener;
    const int why = errno;
    ::close(listener);
    errno = why;
    return -1;
}

}  // namespace

OperatorSocket::OperatorSocket(std::string path, std::function<bool(Ask)> post)
    : path_(std::move(path)), post_(std::move(post)), listener_(listen_at(path_)) {
    if (listener_ < 0 || ::pipe(stop_) != 0) {
        log(LogLevel::error, "operator-socket",
            {{"path", path_}, {"why", std::strerror(errno)}, {"note", "nobody can ask this host"}});
        return;
    }
    thread_ = std::thread([this] { run(); });
}

OperatorSocket::~OperatorSocket() {
    if (thread_.joinable()) {
        ::close(stop_[1]);
        thread_.join();
        ::close(stop_[0]);
    }
    if (listener_ < 0) return;
    ::close(listener_);
    ::unlink(path_.c_str());
}

void OperatorSocket::run() {
    while (true) {
        std::array<pollfd, 2> ready = {{{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
        if (ready[1].revents != 0) return;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        serve(client);
        ::close(client);
    }
}

void OperatorSocket::serve(int client) {
    const auto line = read_line(client, longest_request, steady_now() + patience);
    if (!line) return;
    const auto reply = reply_to(*line, client);
    static_cast<void>(write_line(client, reply, steady_now() + patience));
}

std::string OperatorSocket::reply_to(const std::string& line, int client) {
    auto request = parse_request(line);
    if (!request)
        return to_line(HostAnswer{0, AskVerb::status, false, request.error().what, {}}, false);
    Ask ask = request->ask;
    ask.ticket = ++tickets_;
    ask.by = user_at(client);
    const auto deadline = steady_now() + for_the_core;
    if (post_(std::move(ask))) {
        while (auto answer = answers_.take(deadline)) {
            if (answer->ticket == tickets_) return to_line(*answer, request->json);
        }
    }
    return to_line(HostAnswer{0, AskVerb::status, false, "the host is too busy to answer", {}},
                   false);
}

Result<std::string> ask_host(const std::string& path, const std::string& line) {
    const int socket = new_socket();
    struct Closed {
        int socket;
        ~Closed() { ::close(socket); }
    } closed{socket};
    if (!connects(socket, path)) {
        const int why = errno;
        return fail(why == EACCES ? Fault::refused : Fault::port_lost,
                    fmt::format("no host can be asked at {}: {}", path, std::strerror(why)));
    }
    const auto deadline = steady_now() + for_the_host;
    if (!write_line(socket, line, deadline)) return fail(Fault::port_lost, path + ": cannot ask");
    auto answer = read_line(socket, longest_answer, deadline);
    if (!answer) return fail(Fault::timeout, path + ": no answer");
    return std::move(*answer);
}

}  // namespace firebreak
