// HTTP exchanges, one or many at a time, for actuators that speak to an API. Owns the only use of
// libcurl. Owned by one crew worker; an exchange ends by its deadline, or at once when `stop_fd`
// becomes readable. No redirect is followed, no proxy asked, nothing read beyond `most_answer`
// bytes. Of several addresses the next is asked where one is lost or silent. Errors: port_lost
// nobody there, timeout, refused by TLS, corrupt no HTTP or too long, config.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "host/endpoint.hpp"

namespace firebreak {

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::string> headers;  ///< "Name: value"
    std::string body;
};

struct HttpAnswer {
    long status = 0;
    std::string body;
    std::optional<Duration> retry_after;  ///< from now on
};

class HttpClient {
public:
    /// So many exchanges are under way at once, each on a connection of its own that is kept.
    static constexpr std::size_t most_at_once = 16;

    HttpClient(HttpIdentity identity, std::size_t most_answer, int stop_fd);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    [[nodiscard]] Result<HttpAnswer> exchange(const HttpRequest& request, Instant deadline);

    /// The same, again after 429, 502, 503 and 504, as Retry-After says or with back-off, for as
    /// long as the deadline allows: the last answer otherwise.
    [[nodiscard]] Result<HttpAnswer> insist(const HttpRequest& request, Instant deadline);

    /// The same of many that do not depend on each other: an answer for each, in their order.
    /// None may take longer than `each` at one address.
    [[nodiscard]] std::vector<Result<HttpAnswer>> exchange_all(
        const std::vector<HttpRequest>& requests, Instant deadline,
        Duration each = Duration::max());
    [[nodiscard]] std::vector<Result<HttpAnswer>> insist_all(
        const std::vector<HttpRequest>& requests, Instant deadline);

    /// The next exchange connects anew, with the files as they are now.
    void forget_connections();

    /// False when stopped meanwhile.
    [[nodiscard]] bool wait(Duration how_long) const;

private:
    struct Curl;
    std::unique_ptr<Curl> curl_;
};

/// Whoever says so may answer later: 429, 502, 503 and 504.
[[nodiscard]] bool comes_again(long status);

/// An answer that is not of 2xx, as a fault: 401, 403, 404 … refused, 429 and 5xx busy.
[[nodiscard]] Error http_error(const HttpAnswer& answer);

/// The host of a URL if it is a numeric address, else "".
[[nodiscard]] std::string numeric_host_of(const std::string& url);

/// Why a URL cannot be used, or "". Its host is numeric unless `at` says where it is: a name
/// server may stand in the failed domain.
[[nodiscard]] std::string url_complaint(const std::string& url, const std::vector<std::string>& at);

}  // namespace firebreak
