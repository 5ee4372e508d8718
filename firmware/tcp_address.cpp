#include "firmware/tcp_address.hpp"

namespace firebreak {

std::optional<TcpAddress> parse_tcp_address(const std::string& text) {
    std::string host = text;
    std::string port;
    const auto bracket = text.find(']');
    if (text.starts_with('[') && bracket != std::string::npos) {
        host = text.substr(1, bracket - 1);
        port = text.substr(bracket + 1);
        if (!port.empty() && port.front() != ':') return std::nullopt;
    } else if (const auto colon = text.find(':'); colon != std::string::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (host.empty() || host.find_first_of(" \t[]/") != std::string::npos) return std::nullopt;
    if (port.empty()) return TcpAddress{host};
    if (port.size() < 2 || port.size() > 6 ||
        port.find_first_not_of("0123456789", 1) != std::string::npos) {
        return std::nullopt;
    }
    const int number = std::stoi(port.substr(1));
    if (number < 1 || number > 65535) return std::nullopt;
    return TcpAddress{host, static_cast<std::uint16_t>(number)};
}

}  // namespace firebreak
