#include "bench/host/edge.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <stdexcept>

#include "host/actuate/haproxy_text.hpp"
#include "tests/support/eventually.hpp"

namespace firebreak {
namespace {

/// HAProxy answers one line a connection and closes. "" when nobody is there.
std::string ask(const std::string& path, std::string line) {
    line += '\n';
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
        std::array<char, 16 * 1024> buffer{};
        for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
            answer.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }
    ::close(fd);
    return answer;
}

}  // namespace

Edge::Edge(const Fleet& fleet) : fleet_(fleet) {
    const auto config = folder_.write("haproxy.cfg", fleet_.haproxy_file(socket()));
    process_ = std::make_unique<Process>("haproxy", std::vector<std::string>{"-db", "-f", config});
    using namespace std::chrono_literals;
    if (!eventually([this] { return !ask(socket(), "show info").empty(); }, 60s)) {
        throw std::runtime_error("haproxy did not start: " + process_->err());
    }
}

std::string Edge::socket() const {
    return (folder_.path() / "admin.sock").string();
}

double Edge::pour(const std::string& action) {
    std::vector<std::string> lines;  // made before the clock runs: they are no part of the floor
    for (std::size_t i = 0; i < fleet_.backends(); ++i) {
        std::vector<Step> steps;
        for (const auto& name : fleet_.names(i)) {
            steps.push_back({"", Fleet::backend(i), name, action, Posture::drain, ""});
        }
        auto some = command_lines(Fleet::backend(i), settings_of(steps));
        std::move(some.begin(), some.end(), std::back_inserter(lines));
    }
    const auto start = std::chrono::steady_clock::now();
    for (const auto& line : lines) static_cast<void>(ask(socket(), line));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::size_t Edge::count(const std::string& state) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < fleet_.backends(); ++i) {
        const auto backend = Fleet::backend(i);
        const auto servers = parse_servers(ask(socket(), "show servers state " + backend), backend);
        if (!servers) throw std::runtime_error(servers.error().what);
        for (const auto& [name, is] : states_of(*servers, false)) {
            if (is == state && !name.starts_with("elsewhere")) ++count;
        }
    }
    return count;
}

}  // namespace firebreak
