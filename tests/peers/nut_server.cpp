#include "tests/peers/nut_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {

using Guard = std::lock_guard<std::mutex>;

/// The driver's side of NUT's sock-protocol: SETINFO, ADDCMD, DATAOK out, INSTCMD in.
struct NutServer::Driver {
    explicit Driver(const std::string& path)
        : listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          wake(::eventfd(0, EFD_CLOEXEC)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        if (::bind(listener, generic, sizeof address) != 0 || ::listen(listener, 4) != 0) {
            throw std::runtime_error("no driver socket at " + path);
        }
        thread = std::thread([this] { work(); });
    }
    ~Driver() {
        static_cast<void>(::eventfd_write(wake, 1));
        thread.join();
        if (upsd >= 0) ::close(upsd);
        ::close(listener);
        ::close(wake);
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    void send(const std::string& line) const {
        const auto text = line + '\n';
        if (upsd >= 0) static_cast<void>(::send(upsd, text.data(), text.size(), MSG_NOSIGNAL));
    }
    void set(const std::string& variable, const std::string& value) {
        variables[variable] = value;
        send("SETINFO " + variable + " \"" + value + '"');
    }

    void dump() const {
        for (const auto& [name, value] : variables) send("SETINFO " + name + " \"" + value + '"');
        for (const char* of : {"", "outlet.1.", "outlet.2."}) {
            send(std::string("ADDCMD ") + of + "load.on");
            send(std::string("ADDCMD ") + of + "load.off");
        }
        send(stale ? "DATASTALE" : "DATAOK");
        send("DUMPDONE");
    }

    void take(const std::string& line) {
        const Guard lock(mutex);
        if (line == "DUMPALL") dump();
        if (line == "PING") send("PONG");
        const std::string begins = "INSTCMD ";
        if (line.rfind(begins, 0) != 0) return;
        const auto command =
            line.substr(begins.size(), line.find(' ', begins.size()) - begins.size());
        commands += command + ' ';
        const auto load = command.rfind("load.");
        const auto variable = load == 0 ? "outlet.status" : command.substr(0, load) + "status";
        due.emplace_back(delay, [=, this] { set(variable, command.substr(load + 5)); });
    }

    void do_what_is_due() {
        const Guard lock(mutex);
        for (auto& [turns, what] : due) {
            if (--turns < 0) what();
        }
        std::erase_if(due, [](const auto& each) { return each.first < 0; });
    }

    void work() {
        std::string come;
        for (;;) {
            pollfd fds[] = {{wake, POLLIN, 0}, {listener, POLLIN, 0}, {upsd, POLLIN, 0}};
            ::poll(fds, 3, 10);
            if (fds[0].revents != 0) return;
            if (fds[1].revents != 0) upsd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (fds[2].revents != 0) {
                char buffer[4096];
                const auto got = ::recv(upsd, buffer, sizeof buffer, 0);
                if (got > 0) come.append(buffer, static_cast<std::size_t>(got));
            }
            for (auto end = come.find('\n'); end != std::string::npos; end = come.find('\n')) {
                take(come.substr(0, end));
                come.erase(0, end + 1);
            }
            do_what_is_due();
        }
    }

    mutable std::mutex mutex;
    std::map<std::string, std::string> variables = {{"ups.status", "OL"},
                                                    {"outlet.status", "on"},
                                                    {"outlet.1.status", "on"},
                                                    {"outlet.2.status", "on"}};
    std::string commands;
    std::vector<std::pair<int, std::function<void()>>> due;
    int delay = 0;
    bool stale = false;
    int listener = -1;
    int wake = -1;
    int upsd = -1;
    std::thread thread;
};

namespace {

/// A user's password may hold what upsd's words are quoted with.
constexpr const char* users = R"([fire]
password = "a \"b\" c"
actions = FSD
instcmds = ALL
[guest]
password = guest
)";

}  // namespace

NutServer::NutServer() : port_(free_port()) {
    folder_.write("ups.conf",
                  "maxretry = 1\n[rack]\ndriver = scripted\nport = x\n[room]\ndriver = dummy-ups\n"
                  "mode = dummy-once\nport = " +
                      path("room.dev") + '\n');
    folder_.write("room.dev", "ups.status: OL\n");
    folder_.write("upsd.conf", "LISTEN 127.0.0.1 " + std::to_string(port_) +
                                   "\nMAXAGE 15\nSTATEPATH " + folder_.path().string() + '\n');
    ::chmod(folder_.write("upsd.users", users).c_str(), 0600);
    log_in_as("fire", "a \"b\" c");
    driver_ = std::make_unique<Driver>(path("scripted-rack"));
    const auto folder = folder_.path().string();
    const std::map<std::string, std::string> environment = {
        {"NUT_CONFPATH", folder}, {"NUT_STATEPATH", folder}, {"NUT_ALTPIDPATH", folder}};
    dummy_ = std::make_unique<Process>("/lib/nut/dummy-ups",
                                       std::vector<std::string>{"-a", "room", "-u", "root", "-D"},
                                       environment);
    if (!eventually([&] { return ::access(path("dummy-ups-room").c_str(), F_OK) == 0; })) {
        throw std::runtime_error("dummy-ups did not start: " + dummy_->err());
    }
    upsd_ = std::make_unique<Process>("/lib/nut/upsd", std::vector<std::string>{"-u", "root", "-D"},
                                      environment);
    if (!eventually([&] { return accepts(port_); })) {
        throw std::runtime_error("upsd did not start: " + upsd_->err());
    }
}

NutServer::~NutServer() = default;

void NutServer::log_in_as(const std::string& user, const std::string& password) {
    folder_.write("login", user + '\n' + password + '\n');
}

void NutServer::say(const std::string& variable, const std::string& value) {
    const Guard lock(driver_->mutex);
    driver_->set(variable, value);
}

void NutServer::set_delay(int turns) {
    const Guard lock(driver_->mutex);
    driver_->delay = turns;
}

void NutServer::say_stale(bool stale) {
    const Guard lock(driver_->mutex);
    driver_->stale = stale;
    driver_->send(stale ? "DATASTALE" : "DATAOK");
}

std::string NutServer::commands() const {
    const Guard lock(driver_->mutex);
    return driver_->commands;
}

}  // namespace firebreak
