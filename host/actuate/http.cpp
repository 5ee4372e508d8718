#include "host/actuate/http.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "contract/support/backoff.hpp"
#include "host/actuate/retry_after.hpp"

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

/// What stands between `scheme://` and the path.
std::string authority_of(const std::string& url) {
    const auto begin = url.find("://");
    const auto rest = begin == std::string::npos ? "" : url.substr(begin + 3);
    return rest.substr(0, rest.find_first_of("/?#"));
}

std::string host_of(const std::string& authority) {
    if (!authority.starts_with('[')) return authority.substr(0, authority.rfind(':'));
    const auto end = authority.find(']');
    return end == std::string::npos ? "" : authority.substr(1, end - 1);
}

bool is_numeric(const std::string& host) {
    in6_addr any{};
    return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

/// Another address may answer where this one does not.
bool is_absent(const Result<HttpAnswer>& answer) {
    return !answer &&
           (answer.error().fault == Fault::port_lost || answer.error().fault == Fault::timeout);
}

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// One exchange under way. Its handle outlives it: what it is made of is dear.
struct HttpExchange {
    CURL* easy = nullptr;
    std::size_t which = 0;
    Headers headers{nullptr, curl_slist_free_all};
    Headers connect_to{nullptr, curl_slist_free_all};
    Incoming incoming;

    template <class Value>
    void set(CURLoption option, Value value) const {
        curl_easy_setopt(easy, option, value);
    }
    void set(CURLoption option, const std::string& value) const {
        if (!value.empty()) curl_easy_setopt(easy, option, value.c_str());
    }

    void prepare(const HttpRequest& request, const HttpIdentity& identity, const std::string& at) {
        // Without "Expect:" libcurl waits a second for a server's leave to send a long body.
        std::vector<std::string> lines = {"Expect:", "User-Agent: firebreak/" FIREBREAK_VERSION};
        lines.insert(lines.end(), request.headers.begin(), request.headers.end());
        headers.reset();
        for (const auto& line : lines) {
            headers.reset(curl_slist_append(headers.release(), line.c_str()));
        }
        connect_to.reset();
        if (!at.empty()) {
            const auto host = at.find(':') == std::string::npos ? at : '[' + at + ']';
            connect_to.reset(curl_slist_append(nullptr, ("::" + host + ':').c_str()));
        }
        curl_easy_reset(easy);
        set(CURLOPT_URL, request.url);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        // A stream of HTTP/2 that times out leaves its dead connection to the next (curl #17225).
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_MAXLIFETIME_CONN, 60L);
        set(CURLOPT_CUSTOMREQUEST, request.method);
        set(CURLOPT_HTTPHEADER, headers.get());
        if (!request.body.empty()) {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            set(CURLOPT_POSTFIELDS, request.body.c_str());
        }
        set(CURLOPT_CONNECT_TO, connect_to.get());
        believe(identity);
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, static_cast<const char*>(""));  // whatever the environment says
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_WRITEFUNCTION, take);
        set(CURLOPT_WRITEDATA, &incoming);
    }

    void believe(const HttpIdentity& identity) const {
        if (!identity.ca.empty()) {  // it alone, and as the file is now
            set(CURLOPT_CAINFO, identity.ca);
            set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
            set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
        }
        set(CURLOPT_SSLCERT, identity.certificate);
        set(CURLOPT_SSLKEY, identity.key);
        // A resumed session would be that of a certificate which has been renewed since.
        if (!identity.certificate.empty()) set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    }

    [[nodiscard]] std::optional<std::string> header(const char* name) const {
        curl_header* found = nullptr;
        const auto code = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found);
        return code == CURLHE_OK ? std::optional<std::string>(found->value) : std::nullopt;
    }

    [[nodiscard]] Result<HttpAnswer> answer(CURLcode code) {
        if (code != CURLE_OK) {
            return fail(fault_of(code),
                        incoming.too_long ? fmt::format("an answer of over {} bytes", incoming.most)
                                          : std::string(curl_easy_strerror(code)));
        }
        HttpAnswer answer;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
        const auto now =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        if (const auto retry = header("Retry-After")) {
            answer.retry_after = parse_retry_after(*retry, now);
        }
        answer.body = std::move(incoming.text);
        return answer;
    }
};

}  // namespace

struct HttpClient::Curl {
    using Answers = std::vector<Result<HttpAnswer>>;
    using Places = std::vector<std::size_t>;

    HttpIdentity identity;
    std::size_t most;
    int stop_fd;
    CURLM* multi = nullptr;
    std::size_t address = 0;  ///< which of `identity.at`: that which answered last
    std::vector<std::unique_ptr<HttpExchange>> idle, busy;

    Curl(HttpIdentity who, std::size_t most_answer, int fd)
        : identity(std::move(who)), most(most_answer), stop_fd(fd) {
        static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
        if (global != CURLE_OK) std::abort();
        open();
    }
    ~Curl() { close(); }
    Curl(const Curl&) = delete;
    Curl& operator=(const Curl&) = delete;

    void open() {
        multi = curl_multi_init();
        if (multi == nullptr) std::abort();  // no memory left at start: nothing would work
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(most_at_once));
    }
    void close() {
        for (const auto& each : idle) curl_easy_cleanup(each->easy);
        idle.clear();
        curl_multi_cleanup(multi);
    }

    void start(const HttpRequest& request, std::size_t which, long timeout_ms) {
        constexpr long most_connect_ms = 2000;
        if (idle.empty()) {
            idle.push_back(std::make_unique<HttpExchange>());
            idle.back()->easy = curl_easy_init();
            if (idle.back()->easy == nullptr) std::abort();
        }
        busy.push_back(std::move(idle.back()));
        idle.pop_back();
        auto& exchange = *busy.back();
        exchange.which = which;
        exchange.incoming = {{}, most, false};
        const auto& at = identity.at;
        exchange.prepare(request, identity, at.empty() ? "" : at[address]);
        exchange.set(CURLOPT_TIMEOUT_MS, timeout_ms);
        // Time must be left for the next address.
        if (at.size() > 1) {
            exchange.set(CURLOPT_CONNECTTIMEOUT_MS, std::min(timeout_ms, most_connect_ms));
        }
        curl_multi_add_handle(multi, exchange.easy);
    }

    /// Those that have ended; true when one of them found nobody.
    bool take_ended(Answers& answers) {
        bool absent = false;
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
            const auto code = message->data.result;
            const auto ended = std::find_if(busy.begin(), busy.end(), [&](const auto& each) {
                return each->easy == message->easy_handle;
            });
            auto& answer = answers[(*ended)->which] = (*ended)->answer(code);
            absent = absent || is_absent(answer);
            curl_multi_remove_handle(multi, (*ended)->easy);
            idle.push_back(std::move(*ended));
            busy.erase(ended);
        }
        return absent;
    }

    /// Those at `places`, from one address. False when stopped: a timeout that came early.
    bool run(const std::vector<HttpRequest>& requests, const Places& places, Instant deadline,
             Duration each, Answers& answers) {
        const auto most_ms = std::chrono::ceil<std::chrono::milliseconds>(each).count();
        auto next = places.begin();
        bool goes_on = true;
        bool stopped = false;
        for (int running = 1; !stopped;) {
            while (goes_on && next != places.end() && busy.size() < most_at_once) {
                const auto timeout_ms = left_ms(deadline);
                if (timeout_ms <= 0) break;
                start(requests[*next], *next, std::min<long>(timeout_ms, most_ms));
                ++next;
            }
            if (busy.empty()) return true;
            if (curl_multi_perform(multi, &running) != CURLM_OK) break;
            const auto under_way = busy.size();
            // The rest is for the next address, where there is one.
            if (take_ended(answers) && identity.at.size() > 1) goes_on = false;
            if (busy.size() < under_way) continue;
            curl_waitfd stop{stop_fd, CURL_WAIT_POLLIN, 0};
            // libcurl wakes by itself for its own timeouts, the exchanges' among them.
            curl_multi_poll(multi, &stop, stop_fd < 0 ? 0 : 1, 1000, nullptr);
            stopped = stop.revents != 0;
        }
        for (auto& given_up : busy) {
            curl_multi_remove_handle(multi, given_up->easy);
            idle.push_back(std::move(given_up));
        }
        busy.clear();
        return !stopped;
    }
};

HttpClient::HttpClient(HttpIdentity identity, std::size_t most_answer, int stop_fd)
    : curl_(std::make_unique<Curl>(std::move(identity), most_answer, stop_fd)) {}

HttpClient::~HttpClient() = default;

void HttpClient::forget_connections() {
    curl_->close();
    curl_->open();
}

bool HttpClient::wait(Duration how_long) const {
    pollfd fd{curl_->stop_fd, POLLIN, 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(how_long).count();
    return ::poll(&fd, 1, static_cast<int>(ms)) == 0;
}

std::vector<Result<HttpAnswer>> HttpClient::exchange_all(const std::vector<HttpRequest>& requests,
                                                         Instant deadline, Duration each) {
    Curl::Answers answers(requests.size(), fail(Fault::timeout, "no time left"));
    Curl::Places places(requests.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto addresses = std::max<std::size_t>(1, curl_->identity.at.size());
    for (std::size_t tried = 0; tried < addresses; ++tried) {
        if (!curl_->run(requests, places, deadline, each, answers)) break;
        std::erase_if(places, [&](std::size_t place) { return !is_absent(answers[place]); });
        if (places.empty()) break;
        curl_->address = (curl_->address + 1) % addresses;
        if (left_ms(deadline) <= 0) break;
    }
    return answers;
}

std::vector<Result<HttpAnswer>> HttpClient::insist_all(const std::vector<HttpRequest>& requests,
                                                       Instant deadline) {
    Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};
    auto answers = exchange_all(requests, deadline);
    for (;;) {
        Curl::Places places;
        auto pause = Duration::zero();
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i] || !comes_again(answers[i]->status)) continue;
            places.push_back(i);
            pause = std::max(pause, answers[i]->retry_after.value_or(Duration::zero()));
        }
        if (places.empty()) return answers;
        // "Retry-After: 0" must not become a loop without a pause.
        pause = std::max(pause, backoff.failed());
        if (std::chrono::steady_clock::now() + pause >= deadline) return answers;
        const bool goes_on = wait(pause);
        std::vector<HttpRequest> again;
        for (const auto place : places) again.push_back(requests[place]);
        auto fresh = goes_on ? exchange_all(again, deadline)
                             : Curl::Answers(again.size(), fail(Fault::timeout, "stopped"));
        for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(fresh[i]);
        if (!goes_on) return answers;
    }
}

Result<HttpAnswer> HttpClient::exchange(const HttpRequest& request, Instant deadline) {
    return std::move(exchange_all({request}, deadline).front());
}

Result<HttpAnswer> HttpClient::insist(const HttpRequest& request, Instant deadline) {
    return std::move(insist_all({request}, deadline).front());
}

bool comes_again(long status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

Error http_error(const HttpAnswer& answer) {
    std::string why = answer.body.substr(0, std::min(answer.body.find('\n'), most_shown));
    std::replace_if(
        why.begin(), why.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    const bool again = answer.status == 429 || answer.status >= 500;
    return {again ? Fault::busy : Fault::refused,
            fmt::format("answered {}{}{}", answer.status, why.empty() ? "" : ": ", why), 0};
}

std::string numeric_host_of(const std::string& url) {
    auto host = host_of(authority_of(url));
    return is_numeric(host) ? host : "";
}

std::string url_complaint(const std::string& url, const std::vector<std::string>& at) {
    const bool secure = url.starts_with("https://");
    if (!secure && !url.starts_with("http://"))
        return "the URL must begin with https:// or http://";
    if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) {
        return "the URL has a blank or a character outside ASCII";
    }
    const auto authority = authority_of(url);
    if (url.find('#') != std::string::npos) return "the URL has a fragment, which no server gets";
    if (authority.find('@') != std::string::npos) return "the URL must not hold a password";
    const auto host = host_of(authority);
    if (host.empty()) return "the URL has no host";
    if (!at.empty()) {
        return std::all_of(at.begin(), at.end(), is_numeric)
                   ? ""
                   : "\"at\" and \"also_at\" must be numeric addresses";
    }
    if (is_numeric(host)) return "";
    return "\"" + host +
           "\" is a name, and no name server may be asked in a fire: give its "
           "numeric address in \"at\"";
}

}  // namespace firebreak
