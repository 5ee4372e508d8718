#include "tests/support/demo.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "contract/payload.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {

namespace {

const std::string source = FIREBREAK_SOURCE_DIR;
constexpr int ports_needed = 32;
constexpr const char* services[] = {"text", "login", "payment", "photos", "videos"};

std::string slurp(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    if (text.find(from) == std::string::npos) throw std::logic_error("no '" + from + "' to edit");
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

std::string ask(const std::string& socket_path, const std::string& command) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    std::string answer;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        ::write(fd, command.data(), command.size()) > 0) {
        char buffer[4096];
        for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
            answer.append(buffer, static_cast<std::size_t>(n));
        }
    }
    ::close(fd);
    return answer;
}

/// `changes` inside the demo's room: same devices, racks and first values, its own story.
std::string scenario_with(const std::string& changes) {
    auto text = slurp(source + "/sim/scenarios/pangyo-2022.toml");
    text.erase(text.find("# What they show afterwards."));
    replace_all(text, "begins = \"-5m\"", "begins = \"-1s\"");
    return text + changes;
}

}  // namespace

std::unique_ptr<Process> firebreak(const std::string& program,
                                   const std::vector<std::string>& arguments,
                                   const std::string& folder) {
    return std::make_unique<Process>(
        FIREBREAK_BIN_DIR "/firebreak-" + program, arguments,
        std::map<std::string, std::string>{{"FIREBREAK_PROFILES", source + "/firmware/profiles"}},
        folder);
}

Demo::Demo(const std::string& changes) : first_port_(free_ports(ports_needed)) {
    for (const char* file : {"site.toml", "policy.toml", "room.toml"}) {
        folder_.write(file, slurp(source + "/sim/demo/" + file));
    }
    folder_.write("scenario.toml", scenario_with(changes));
    const auto broker_port = ":" + std::to_string(broker.port());
    edit("site.toml", ":18830", broker_port);
    edit("site.toml", ":15020", ":" + std::to_string(first_port_));
    edit("policy.toml", ":18830", broker_port);
    edit("policy.toml", "/run/haproxy/admin.sock", path("haproxy.sock"));
    edit("room.toml", "../scenarios/pangyo-2022.toml", "scenario.toml");
    edit("room.toml", "first_port = 18100", "first_port = " + std::to_string(first_port_ + 2));
    edit("room.toml", "speed = 100 ", "speed = 1 ");
    write_haproxy_cfg();
}

void Demo::write_haproxy_cfg() const {
    auto config = slurp(source + "/sim/demo/haproxy.cfg.in");
    replace_all(config, "@SOCKET@", path("haproxy.sock"));
    replace_all(config, "@PORT@", std::to_string(first_port_ + 1));
    int index = 0;
    for (const char* service : services) {
        config += std::string("\nbackend ") + service + "\n";
        const int rack = first_port_ + 2 + 2 * index++;
        for (const auto& [name, port] : {std::pair("pangyo-a", rack),
                                         {"pangyo-b", rack + 1},
                                         {"elsewhere-1", rack + 10},
                                         {"elsewhere-2", rack + 11}}) {
            config +=
                std::string("    server ") + name + " 127.0.0.1:" + std::to_string(port) + "\n";
        }
    }
    folder_.write("haproxy.cfg", config);
}

void Demo::start_haproxy() {
    haproxy = std::make_unique<Process>("haproxy",
                                        std::vector<std::string>{"-db", "-f", path("haproxy.cfg")});
    if (!eventually([this] { return !servers("text").empty(); })) {
        throw std::runtime_error("haproxy did not start: " + haproxy->err());
    }
}

void Demo::start_sim() {
    sim = firebreak("sim", {"run", "--config", path("room.toml")});
    if (!eventually([this] { return sim->err().find("event=ready") != std::string::npos; })) {
        throw std::runtime_error("the simulator did not start: " + sim->err());
    }
}

void Demo::start_agent() {
    agent = firebreak("agent", {"run", "--config", path("site.toml")});
}
void Demo::start_host() {
    host = firebreak("host", {"run", "--config", path("policy.toml")});
}

void Demo::start() {
    start_haproxy();
    start_sim();
    start_agent();
    start_host();
}

void Demo::edit(const std::string& file, const std::string& from, const std::string& to) const {
    auto text = slurp(path(file));
    replace_all(text, from, to);
    folder_.write(file, text);
}

std::map<std::string, std::string> Demo::servers(const std::string& backend) const {
    // Columns of "show servers state", version 1: HAProxy management guide, section 9.3.
    std::istringstream lines(ask(path("haproxy.sock"), "show servers state " + backend + "\n"));
    std::map<std::string, std::string> states;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string backend_id, backend_name, id, name, address;
        int operational = 0, admin = 0;
        if (!(words >> backend_id >> backend_name >> id >> name >> address >> operational >>
              admin)) {
            continue;
        }
        const bool maint = (admin & 0x01) != 0, drain = (admin & 0x08) != 0;
        states[name] = maint ? "maint" : drain ? "drain" : operational == 0 ? "down" : "ready";
    }
    return states;
}

bool Demo::all_drained() const {
    for (const char* service : services) {
        const auto states = servers(service);
        if (states.empty() || states.at("pangyo-a") != "drain" ||
            states.at("pangyo-b") != "drain") {
            return false;
        }
    }
    return true;
}

std::optional<PostureNotice> Demo::posture(const std::string& target) const {
    const auto json = broker.retained(
        to_string(Topic{{"seoul", Role::host, "seoul-1"}, Kind::posture, target, ""}));
    const auto notice = parse_posture_notice(json);
    return notice ? std::optional(*notice) : std::nullopt;
}

bool Demo::reached(const std::string& target, Posture wanted) const {
    const auto notice = posture(target);
    return notice && notice->reached >= wanted;
}

std::optional<Status> Demo::status(Role role) const {
    const auto origin = role == Role::agent ? Origin{"pangyo", Role::agent, "battery-room"}
                                            : Origin{"seoul", Role::host, "seoul-1"};
    const auto status =
        parse_status(broker.retained(to_string(Topic{origin, Kind::status, "", ""})));
    return status ? std::optional(*status) : std::nullopt;
}

std::optional<Ack> Demo::outlet_ack(const std::string& target) const {
    const Origin origin{"pangyo", Role::agent, "battery-room"};
    const auto ack = parse_ack(broker.retained(to_string(Topic{origin, Kind::ack, target, ""})));
    return ack ? std::optional(*ack) : std::nullopt;
}

std::string Demo::world() const {
    return slurp(path("world.csv"));
}

std::string Demo::path(const std::string& file) const {
    return (folder_.path() / file).string();
}

}  // namespace firebreak
