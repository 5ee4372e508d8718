#include <charconv>

#include "contract/metrics/exporter.hpp"

namespace firebreak {

namespace {

/// "127.0.0.1:9464", "[::1]:9464": a numeric address and a port, as a server binds them.
bool is_listen(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    const auto host = text.substr(0, colon);
    const bool is_v6 = host.front() == '[' && host.back() == ']' && host.size() > 2;
    const auto* allowed = is_v6 ? "[]:.0123456789abcdefABCDEF" : ".0123456789";
    if (host.find_first_not_of(allowed) != std::string::npos) return false;
    int port = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    return read.ec == std::errc() && read.ptr == end && port >= 1 && port <= 65535;
}

}  // namespace

std::string read_metrics(Section& root, const std::string& unless_said) {
    auto table = root.table("metrics");
    if (!table) return "";
    auto listen = table->text_or("listen", unless_said);
    if (!is_listen(listen)) {
        table->complain("listen", "must be an address and a port, like \"127.0.0.1:9464\"");
        listen.clear();
    }
    table->finish();
    return listen;
}

}  // namespace firebreak
