#include "bench/bus/raw_libmodbus.hpp"

#include <arpa/inet.h>
#include <modbus.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace firebreak {
namespace {

void serve_connection(modbus_t* modbus, modbus_mapping_t* mapping) {
    std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
    while (true) {
        const int length = modbus_receive(modbus, query.data());
        if (length < 0) return;
        if (length > 0) modbus_reply(modbus, query.data(), length, mapping);
    }
}

[[noreturn]] void serve(int listener) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGCHLD, SIG_IGN);
    auto* modbus = modbus_new_tcp("127.0.0.1", 502);  // the port is the listener's
    auto* mapping = modbus_mapping_new(0, 0, 1000, 0);
    while (modbus_tcp_accept(modbus, &listener) >= 0) {
        if (::fork() == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve_connection(modbus, mapping);
            ::_exit(0);
        }
        ::close(modbus_get_socket(modbus));  // modbus_close() would shut it down for the child too
    }
    ::_exit(1);
}

}  // namespace

LibmodbusServer::LibmodbusServer() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener, 8) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("libmodbus server");
        std::exit(1);
    }
    port_ = ntohs(address.sin_port);
    pid_ = ::fork();
    if (pid_ == 0) serve(listener);
    ::close(listener);
}

LibmodbusServer::~LibmodbusServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

struct LibmodbusClient::State {
    modbus_t* modbus = nullptr;
    std::array<std::uint16_t, 125> words{};
};

LibmodbusClient::LibmodbusClient(std::uint16_t port) : state_(std::make_unique<State>()) {
    state_->modbus = modbus_new_tcp("127.0.0.1", port);
    if (modbus_connect(state_->modbus) != 0) {
        std::perror("libmodbus client");
        std::exit(1);
    }
}

LibmodbusClient::~LibmodbusClient() {
    modbus_close(state_->modbus);
    modbus_free(state_->modbus);
}

bool LibmodbusClient::read(int count) {
    if (modbus_read_registers(state_->modbus, 0, count, state_->words.data()) == count) return true;
    std::fprintf(stderr, "libmodbus client: %s\n", modbus_strerror(errno));
    return false;
}

}  // namespace firebreak
