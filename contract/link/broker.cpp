#include "contract/link/broker.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, MqttVersion>, 2> versions = {
    {{"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v3_1_1}}};

bool is_secure(std::string_view url) {
    return url.starts_with("mqtts://");
}

/// host, host:port, 10.0.0.5:1883, [::1]:1883
bool is_url(std::string_view url) {
    if (!is_secure(url) && !url.starts_with("mqtt://")) return false;
    const auto authority = url.substr(url.find("//") + 2);
    const auto colon = authority.find(
        ':', authority.rfind(']') == std::string_view::npos ? 0 : authority.rfind(']'));
    const auto host = authority.substr(0, colon);
    if (host.empty() || host.find_first_of("/ @?#") != std::string_view::npos) return false;
    if (colon == std::string_view::npos) return true;
    const auto digits = authority.substr(colon + 1);
    int port = 0;
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    return error == std::errc() && stop == end && port >= 1 && port <= 65535;
}

class BrokerReader {
public:
    explicit BrokerReader(Section section)
        : section_(std::move(section)),
          folder_(std::filesystem::path(section_.place().file).parent_path()) {}

    BrokerPlan read() {
        read_urls();
        plan_.username = section_.text_or("username", "");
        read_password();
        plan_.ca_file = existing("ca_file");
        plan_.cert_file = existing("cert_file");
        plan_.key_file = existing("key_file");
        check_tls();
        plan_.version = section_.choice_or<MqttVersion>("version", versions, plan_.version);
        read_keep_alive();
        read_session();
        read_dot();
        section_.finish();
        return std::move(plan_);
    }

private:
    void read_urls() {
        const bool one = section_.has("url");
        const bool many = section_.has("urls");
        if (!one && !many) {
            section_.complain("", "say url = \"mqtt://host:port\", or urls = [...] to try in turn");
            return;
        }
        if (one && many) section_.complain("urls", "give url or urls, not both");
        const std::string_view key = one ? "url" : "urls";
        plan_.urls = one ? std::vector{section_.text("url")} : section_.texts("urls");
        if (plan_.urls.empty()) section_.complain(key, "no broker: name at least one");
        for (const auto& url : plan_.urls) {
            if (is_url(url)) continue;
            section_.complain(key, fmt::format("\"{}\" must be mqtt://host:port or "
                                               "mqtts://host:port",
                                               url));
        }
        const auto secure = std::count_if(plan_.urls.begin(), plan_.urls.end(), is_secure);
        if (secure != 0 && secure != static_cast<std::ptrdiff_t>(plan_.urls.size())) {
            // Or who can break the encrypted ones gets the words in clear from the others.
            section_.complain(key, "all brokers must be mqtts://, or none");
        }
    }

    void read_password() {
        const std::array<std::string_view, 3> ways = {"password", "password_file",
                                                      "password_credential"};
        std::string_view given;
        for (const auto way : ways) {
            if (!section_.has(way)) continue;
            if (!given.empty()) {
                section_.complain(way, fmt::format("give {} or {}, not both", given, way));
            }
            given = way;
        }
        plan_.password = section_.text_or("password", "");
        if (section_.has("password_file")) {
            plan_.password = first_line("password_file", folder_ / section_.text("password_file"));
        }
        if (section_.has("password_credential")) read_credential();
    }

    /// What systemd's LoadCredential= hands to a service: systemd.exec(5), CREDENTIALS.
    void read_credential() {
        const std::filesystem::path name = section_.text("password_credential");
        const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
        if (name.has_parent_path() || name.empty()) {
            section_.complain("password_credential", "must be a credential's name, no path");
        } else if (folder == nullptr) {
            section_.complain("password_credential",
                              "there is no $CREDENTIALS_DIRECTORY: run under systemd with "
                              "LoadCredential=, or use password_file");
        } else {
            plan_.password =
                first_line("password_credential", std::filesystem::path(folder) / name);
        }
    }

    std::string first_line(std::string_view key, const std::filesystem::path& path) {
        std::ifstream in(path);
        std::string line;
        if (!std::getline(in, line) || line.empty() || line.size() > 4096) {
            section_.complain(key, fmt::format("cannot read a password from {}: it must be the "
                                               "first line",
                                               path.string()));
            return "";
        }
        if (line.back() == '\r') line.pop_back();
        return line;
    }

    /// A file that TLS needs: better missed now than at the first connection.
    std::string existing(std::string_view key) {
        if (!section_.has(key)) return "";
        const auto path = (folder_ / section_.text(key)).string();
        if (!std::ifstream(path).is_open() || std::filesystem::is_directory(path)) {
            section_.complain(key, fmt::format("cannot read {}", path));
        }
        return path;
    }

    void check_tls() {
        if (plan_.cert_file.empty() != plan_.key_file.empty()) {
            const bool cert = !plan_.cert_file.empty();
            section_.complain(cert ? "cert_file" : "key_file",
                              cert ? "a certificate needs its key: add key_file"
                                   : "a key needs its certificate: add cert_file");
        }
        if (plan_.urls.empty() || is_secure(plan_.urls.front())) return;
        for (const std::string_view key : {"ca_file", "cert_file", "key_file"}) {
            if (section_.has(key))
                section_.complain(key, "is of no use with mqtt://: use mqtts://");
        }
    }

    void read_keep_alive() {
        using namespace std::chrono_literals;
        const auto wanted = section_.duration_or("keep_alive", plan_.keep_alive);
        if (wanted < 1s || wanted > 1h || wanted % 1s != Duration::zero()) {
            section_.complain("keep_alive", "must be whole seconds from 1s to 1h");
            return;
        }
        plan_.keep_alive = wanted;
    }

    void read_session() {
        using namespace std::chrono_literals;
        plan_.session = section_.duration_or("session", plan_.session);
        if (plan_.session < 0s || plan_.session > 24h * 7 || plan_.session % 1s != 0s) {
            section_.complain("session", "must be whole seconds from 0s to 168h");
        }
    }

    void read_dot() {
        const auto dot = section_.text_or("dot", ".");
        // No name has one of these, and no broker gives them a meaning.
        if (dot.size() != 1 || std::string_view(".~:=!").find(dot) == std::string_view::npos) {
            section_.complain("dot", "must be one of . ~ : = !");
            return;
        }
        plan_.dot = dot.front();
    }

    Section section_;
    std::filesystem::path folder_;
    BrokerPlan plan_;
};

}  // namespace

BrokerPlan read_broker(Section section) {
    return BrokerReader(std::move(section)).read();
}

std::string_view connack_text(int code) {
    constexpr std::array<std::string_view, 6> texts = {
        "accepted",           "unacceptable protocol version", "client id rejected",
        "server unavailable", "bad user name or password",     "not authorized"};
    const auto known = code >= 0 && code < static_cast<int>(texts.size());
    return known ? texts[static_cast<std::size_t>(code)] : "refused";
}

std::string describe(const BrokerPlan& plan) {
    return fmt::format("{}", fmt::join(plan.urls, ", then "));
}

}  // namespace firebreak
