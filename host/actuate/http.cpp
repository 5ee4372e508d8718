#include "host/actuate/http.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "contract/support/backoff.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_shown = 200;

long left_ms(Instant deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

/// What libcurl said, as what the caller must do next.
Fault fault_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return Fault::timeout;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
            return Fault::refused;
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_URL_MALFORMAT:
            return Fault::config;
        case CURLE_WRITE_ERROR:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_PARTIAL_FILE:
            return Fault::corrupt;
        default:
            return Fault::port_lost;
    }
}

struct Incoming {
    std::string text;
    std::size_t most = 0;
    bool too_long = false;
};

std::size_t take(char* data, std::size_t /*one*/, std::size_t size, void* into) {
    auto& incoming = *static_cast<Incoming*>(into);
    incoming.too_long = incoming.too_long || size > incoming.most - incoming.text.size();
    if (incoming.too_long) return 0;  // libcurl ends the exchange
    incoming.text.append(data, size);
    return size;
}

bool is_numeric(const std::string& host) {
    in6_addr any{};
    return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

bool comes_again(long status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

}  // namespace

struct HttpClient::Curl {
    HttpIdentity identity;
    std::size_t most;
    int stop_fd;
    CURL* easy = nullptr;
    CURLM* multi = nullptr;

    Curl(HttpIdentity who, std::size_t most_answer, int fd)
        : identity(std::move(who)), most(most_answer), stop_fd(fd) {
        static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
        easy = curl_easy_init();
        multi = curl_multi_init();
        // No memory left at start: nothing would work.
        if (global != CURLE_OK || easy == nullptr || multi == nullptr) std::abort();
    }
    ~Curl() {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
    Curl(const Curl&) = delete;
    Curl& operator=(const Curl&) = delete;

    template <class Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy, option, value);
    }
    void set(CURLoption option, const std::string& value) {
        if (!value.empty()) curl_easy_setopt(easy, option, value.c_str());
    }

    void prepare(const HttpRequest& request, const Headers& headers, const Headers& connect_to,
                 Incoming& incoming, long timeout_ms) {
        curl_easy_reset(easy);  // keeps the connection
        set(CURLOPT_URL, request.url);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_CUSTOMREQUEST, request.method);
        set(CURLOPT_HTTPHEADER, headers.get());
        if (!request.body.empty()) {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            set(CURLOPT_POSTFIELDS, request.body.c_str());
        }
        set(CURLOPT_CONNECT_TO, connect_to.get());
        set(CURLOPT_CAINFO, identity.ca);
        set(CURLOPT_SSLCERT, identity.certificate);
        set(CURLOPT_SSLKEY, identity.key);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, static_cast<const char*>(""));  // whatever the environment says
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_TIMEOUT_MS, timeout_ms);
        set(CURLOPT_WRITEFUNCTION, take);
        set(CURLOPT_WRITEDATA, &incoming);
    }

    /// Until the exchange has ended; a stop is a timeout that came early.
    CURLcode run() {
        int running = 1;
        for (;;) {
            if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
            if (running == 0) break;
            curl_waitfd stop{stop_fd, CURL_WAIT_POLLIN, 0};
            // libcurl wakes by itself for its own timeouts, the exchange's among them.
            curl_multi_poll(multi, &stop, stop_fd < 0 ? 0 : 1, 1000, nullptr);
            if (stop.revents != 0) return CURLE_OPERATION_TIMEDOUT;
        }
        int left = 0;
        const CURLMsg* message = curl_multi_info_read(multi, &left);
        return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
    }

    /// False when stopped before `until`.
    [[nodiscard]] bool wait(Duration how_long) const {
        pollfd fd{stop_fd, POLLIN, 0};
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(how_long).count();
        return ::poll(&fd, 1, static_cast<int>(ms)) == 0;
    }
};

HttpClient::HttpClient(HttpIdentity identity, std::size_t most_answer, int stop_fd)
    : curl_(std::make_unique<Curl>(std::move(identity), most_answer, stop_fd)) {}

HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::exchange(const HttpRequest& request, Instant deadline) {
    const auto timeout_ms = left_ms(deadline);
    if (timeout_ms <= 0) return fail(Fault::timeout, "no time left");
    Headers headers(nullptr, curl_slist_free_all);
    // Without "Expect:" libcurl waits a second for a server's leave to send a long body.
    std::vector<std::string> lines = {"Expect:", "User-Agent: firebreak/" FIREBREAK_VERSION};
    lines.insert(lines.end(), request.headers.begin(), request.headers.end());
    for (const auto& line : lines) {
        headers.reset(curl_slist_append(headers.release(), line.c_str()));
    }
    Headers connect_to(nullptr, curl_slist_free_all);
    if (!curl_->identity.at.empty()) {
        const auto& at = curl_->identity.at;
        const auto host = at.find(':') == std::string::npos ? at : '[' + at + ']';
        connect_to.reset(curl_slist_append(nullptr, ("::" + host + ':').c_str()));
    }
    Incoming incoming{{}, curl_->most, false};
    curl_->prepare(request, headers, connect_to, incoming, timeout_ms);
    curl_multi_add_handle(curl_->multi, curl_->easy);
    const CURLcode code = curl_->run();
    curl_multi_remove_handle(curl_->multi, curl_->easy);
    if (code != CURLE_OK) {
        return fail(fault_of(code), incoming.too_long
                                        ? fmt::format("an answer of over {} bytes", curl_->most)
                                        : std::string(curl_easy_strerror(code)));
    }
    HttpAnswer answer;
    curl_easy_getinfo(curl_->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_header* retry = nullptr;
    if (curl_easy_header(curl_->easy, "Retry-After", 0, CURLH_HEADER, -1, &retry) == CURLHE_OK) {
        const std::string text = retry->value;
        const bool whole = !text.empty() && text.size() < 7 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
        if (whole) answer.retry_after = std::chrono::seconds(std::stol(text));
    }
    answer.body = std::move(incoming.text);
    return answer;
}

Result<HttpAnswer> HttpClient::insist(const HttpRequest& request, Instant deadline) {
    Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};
    for (;;) {
        auto answer = exchange(request, deadline);
        if (!answer || !comes_again(answer->status)) return answer;
        // "Retry-After: 0" must not become a loop without a pause.
        const auto wait =
            std::max(answer->retry_after.value_or(Duration::zero()), backoff.failed());
        if (std::chrono::steady_clock::now() + wait >= deadline) return answer;
        if (!curl_->wait(wait)) return fail(Fault::timeout, "stopped");
    }
}

Error http_error(const HttpAnswer& answer) {
    std::string why = answer.body.substr(0, std::min(answer.body.find('\n'), most_shown));
    std::replace_if(
        why.begin(), why.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    const bool again = answer.status == 429 || answer.status >= 500;
    return {again ? Fault::busy : Fault::refused,
            fmt::format("answered {}{}{}", answer.status, why.empty() ? "" : ": ", why), 0};
}

std::string url_complaint(const std::string& url, const std::string& at) {
    const bool secure = url.starts_with("https://");
    if (!secure && !url.starts_with("http://"))
        return "the URL must begin with https:// or http://";
    if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) {
        return "the URL has a blank or a character outside ASCII";
    }
    auto authority = url.substr(secure ? 8 : 7);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (url.find('#') != std::string::npos) return "the URL has a fragment, which no server gets";
    if (authority.find('@') != std::string::npos) return "the URL must not hold a password";
    std::string host = authority.substr(0, authority.rfind(':'));
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        host = end == std::string::npos ? "" : authority.substr(1, end - 1);
    }
    if (host.empty()) return "the URL has no host";
    if (!at.empty()) return is_numeric(at) ? "" : "\"at\" must be a numeric address";
    if (is_numeric(host)) return "";
    return "\"" + host +
           "\" is a name, and no name server may be asked in a fire: give its "
           "numeric address in \"at\"";
}

}  // namespace firebreak
