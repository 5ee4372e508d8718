#include "host/actuate/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "contract/payload.hpp"
#include "host/actuate/api_json.hpp"
#include "host/actuate/http.hpp"
#include "host/actuate/retry_after.hpp"
#include "host/actuate/stand_ins.hpp"
#include "host/actuate/webhook_text.hpp"

namespace firebreak {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t most_answer = 1024UL * 1024;
constexpr Duration longest_mute = std::chrono::hours(1);  // whatever Retry-After says

/// Items that one request sets alike, for one cause.
struct Wanted {
    Names items, ids;
};

Result<std::string> secret_of(const std::string& path) {
    std::ifstream file(path);
    std::string secret;
    std::getline(file, secret);
    if (!file.is_open() || secret.empty()) {
        return fail(Fault::config, "no secret in the first line of " + path);
    }
    return secret;
}

class Webhook final : public Actuator {
public:
    Webhook(EndpointPlan endpoint, std::map<std::string, Names> items, int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<WebhookEndpoint>(endpoint_.how)),
          items_(std::move(items)),
          http_(how_.identity, most_answer, stop_fd) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        if (!items_.contains(target)) return fail(Fault::config, "no such target: " + target);
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        auto secret = secret_of(how_.secret_file);
        if (!secret) return within(secret.error(), endpoint_.name);
        secret_ = std::move(*secret);
        // One refusal must not keep the others from being set: go on, say it last.
        std::optional<Error> refused;
        std::map<std::pair<std::string, std::string>, Wanted> alike;
        for (const auto& step : steps) {
            auto& wanted = alike[{step.action, step.because}];
            wanted.items.push_back(step.item);
            wanted.ids.push_back(step.id);
        }
        for (const auto& [how, wanted] : alike) {
            const auto set = post(target, how.first, how.second, wanted);
            if (set || refused) continue;
            refused = set.error();
            if (refused->fault != Fault::refused) break;
        }
        if (refused) return within(*refused, endpoint_.name);
        const auto mark = endpoint_.address.find('?') == std::string::npos ? '?' : '&';
        const auto shown = send({"GET", endpoint_.address + mark + "target=" + target, {}, {}});
        if (!shown) return within(shown.error(), endpoint_.name);
        auto states = parse_item_states(*shown);
        if (!states) return within(states.error(), endpoint_.name);
        return believed_of(*std::move(states), items_.at(target));
    }

private:
    Result<void> post(const std::string& target, const std::string& action,
                      const std::string& because, const Wanted& wanted) {
        HttpRequest request{"POST", endpoint_.address, {}, {}};
        request.body = to_json({{"target", target},
                                {"action", action},
                                {"items", wanted.items},
                                {"ids", wanted.ids},
                                {"because", because}});
        request.headers = {"Content-Type: application/json",
                           "Idempotency-Key: " + idempotency_key(wanted.ids)};
        const auto done = send(std::move(request));
        return done ? Result<void>{} : tl::unexpected(done.error());
    }

    /// The time is signed, so that nobody can say it again later.
    Result<std::string> send(HttpRequest request) {
        if (const auto why = left_alone_.refusal(std::chrono::steady_clock::now())) {
            return tl::unexpected(*why);
        }
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const auto time = std::to_string(now.time_since_epoch().count());
        request.headers.push_back("X-Firebreak-Timestamp: " + time);
        request.headers.push_back("X-Firebreak-Signature: sha256=" +
                                  hmac_sha256(secret_, time + '.' + request.body));
        auto answer = http_.insist(request, deadline_);
        if (!answer) return within(answer.error(), request.method);
        if (answer->status / 100 == 2) return std::move(answer->body);
        const auto why = within(http_error(*answer), request.method).value();
        if (why.fault != Fault::busy) return tl::unexpected(why);
        const auto wall = std::chrono::system_clock::now();
        return tl::unexpected(
            left_alone_.heard(why, answer->retry_after,
                              {std::chrono::steady_clock::now(),
                               std::chrono::floor<std::chrono::milliseconds>(wall)}));
    }

    EndpointPlan endpoint_;
    WebhookEndpoint how_;
    std::map<std::string, Names> items_;
    HttpClient http_;
    LeftAlone left_alone_{longest_mute};
    std::string secret_;
    Instant deadline_{};
};

}  // namespace

std::unique_ptr<Actuator> make_webhook(const EndpointPlan& endpoint,
                                       std::map<std::string, Names> items, int stop_fd) {
    return std::make_unique<Webhook>(endpoint, std::move(items), stop_fd);
}

}  // namespace firebreak
