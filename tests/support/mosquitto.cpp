#include "tests/support/mosquitto.hpp"

#include <chrono>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {

Mosquitto::Mosquitto(At begin, const std::string& settings, const std::string& listener_settings)
    : port_(free_port()) {
    // Started as root it would become user mosquitto, who may not read a test's files.
    config_ = folder_.write("mosquitto.conf", "user root\npersistence false\n" + settings +
                                                  "listener " + std::to_string(port_) +
                                                  " 127.0.0.1\n" + listener_settings);
    if (begin == At::once) start();
}

void Mosquitto::start() {
    process_.reset();
    process_ = std::make_unique<Process>("mosquitto", std::vector<std::string>{"-c", config_});
    if (!eventually([this] { return accepts(port_) || !process_->running(); }) ||
        !process_->running()) {
        throw std::runtime_error("mosquitto does not start: " + process_->err());
    }
}

std::string Mosquitto::url() const {
    return "mqtt://127.0.0.1:" + std::to_string(port_);
}

std::string Mosquitto::retained(const std::string& topic) const {
    Process sub("mosquitto_sub", {"-h", "127.0.0.1", "-p", std::to_string(port_), "-t", topic,
                                  "--retained-only", "-C", "1", "-W", "1", "-N"});
    (void)sub.wait(std::chrono::seconds(5));
    return sub.out();
}

bool Mosquitto::publish(const std::string& topic, const std::string& payload, bool retain) const {
    // By file: a payload may be longer than a command line.
    const auto file = folder_.write("payload", payload);
    std::vector<std::string> words = {
        "-h", "127.0.0.1", "-p", std::to_string(port_), "-q", "1", "-t", topic, "-f", file};
    if (retain) words.emplace_back("-r");
    Process pub("mosquitto_pub", words);
    return pub.wait(std::chrono::seconds(10)) == 0;
}

}  // namespace firebreak
