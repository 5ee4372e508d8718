#include "host/actuate/kubernetes_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "host/actuate/api_json.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_answer = 16UL * 1024 * 1024;  // a page of 250 pods is some 2 MiB
constexpr std::size_t most_pods = 4096;                  // of one node; Kubernetes means 110
constexpr std::size_t most_token = 64UL * 1024;
constexpr int most_expiries = 3;
constexpr Duration longest_again = std::chrono::minutes(5);  // whatever Retry-After says

Result<std::string> token_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string token(most_token, '\0');
    file.read(token.data(), static_cast<std::streamsize>(token.size()));
    token.resize(static_cast<std::size_t>(file.gcount()));
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
    // What would end the header's line would begin another.
    const bool clean =
        std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (token.empty() || !clean) return fail(Fault::config, "no token in " + path);
    return token;
}

/// Says it in the API's words where it has some: they name the budget, the role, the field.
Error error_of(const HttpAnswer& answer) {
    auto said = parse_kube_complaint(answer.body).message;
    if (said.empty()) return http_error(answer);
    return http_error({answer.status, std::move(said), {}});
}

}  // namespace

KubeApi::KubeApi(const EndpointPlan& endpoint, int stop_fd)
    : url_(endpoint.address),
      token_file_(std::get<KubernetesEndpoint>(endpoint.how).token_file),
      http_(std::get<KubernetesEndpoint>(endpoint.how).identity, most_answer, stop_fd) {
    while (url_.ends_with('/')) url_.pop_back();
}

Result<void> KubeApi::begin(Instant deadline) {
    deadline_ = deadline;
    if (token_file_.empty()) return {};
    auto token = token_of(token_file_);
    if (!token) return tl::unexpected(token.error());
    token_ = std::move(*token);
    return {};
}

HttpRequest KubeApi::request(std::string method, const std::string& path, std::string body,
                             std::string_view type) const {
    HttpRequest request{std::move(method), url_ + path, {"Accept: application/json"}, ""};
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    if (!body.empty()) request.headers.push_back(fmt::format("Content-Type: application/{}", type));
    request.body = std::move(body);
    return request;
}

Result<std::optional<KubeNode>> KubeApi::node(const std::string& name) {
    const auto answer = http_.insist(request("GET", node_path(name)), deadline_);
    if (!answer) return tl::unexpected(answer.error());
    // A wrong URL answers 404, too, but not with a Status.
    const bool absent =
        answer->status == 404 && !parse_kube_complaint(answer->body).message.empty();
    if (absent) return std::nullopt;
    if (answer->status != 200) return tl::unexpected(error_of(*answer));
    auto node = parse_kube_node(answer->body, name);
    if (!node) return tl::unexpected(node.error());
    return std::move(*node);
}

Result<bool> KubeApi::patch(const std::string& node, std::string merge_patch) {
    const auto path = fmt::format("{}?fieldManager={}", node_path(node), field_manager);
    const auto answer =
        http_.insist(request("PATCH", path, std::move(merge_patch), "merge-patch+json"), deadline_);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 409) return false;
    if (answer->status / 100 != 2) return tl::unexpected(error_of(*answer));
    return true;
}

Result<std::vector<KubePod>> KubeApi::pods(const std::string& node) {
    std::vector<KubePod> pods;
    std::string next;
    for (int expiries = 0; expiries < most_expiries;) {
        const auto answer = http_.insist(request("GET", pods_path(node, next)), deadline_);
        if (!answer) return tl::unexpected(answer.error());
        if (answer->status == 410) {  // the list is too old to be continued: begin again
            ++expiries;
            pods.clear();
            next.clear();
            continue;
        }
        if (answer->status != 200) return tl::unexpected(error_of(*answer));
        auto page = parse_kube_pods(answer->body, node);
        if (!page) return tl::unexpected(page.error());
        std::move(page->pods.begin(), page->pods.end(), std::back_inserter(pods));
        if (page->next.empty()) return pods;
        if (page->next == next || pods.size() > most_pods) {
            return fail(Fault::corrupt, "a list of pods that does not end");
        }
        next = std::move(page->next);
    }
    return fail(Fault::busy, "the list of pods expires faster than it is read");
}

KubeEviction KubeApi::told(const HttpRequest& request) {
    using Fate = KubeEviction::Fate;
    auto answer = http_.exchange(request, deadline_);
    if (!answer) return {Fate::failed, answer.error(), {}};
    const auto said = parse_kube_complaint(answer->body);
    // Of a pod with two budgets the API says 201 outside and 500 inside.
    if (answer->status / 100 == 2 && said.failed_as != 0) answer->status = said.failed_as;
    if (answer->status / 100 == 2 || answer->status == 404) return {};
    const auto again = std::min(answer->retry_after.value_or(Duration::zero()), longest_again);
    const bool budget = said.budget;
    // 500: more than one budget has a say, which the API cannot weigh.
    const bool denied = answer->status == 500 || (answer->status == 429 && budget);
    const bool throttled = answer->status == 429 && !budget;
    return {denied      ? Fate::budget
            : throttled ? Fate::throttled
                        : Fate::failed,
            error_of(*answer), again};
}

KubeEviction KubeApi::evict(const KubePod& pod) {
    return told(request("POST", pod_path(pod) + "/eviction", eviction_of(pod)));
}

KubeEviction KubeApi::remove(const KubePod& pod) {
    return told(request("DELETE", pod_path(pod), deletion_of(pod)));
}

}  // namespace firebreak
