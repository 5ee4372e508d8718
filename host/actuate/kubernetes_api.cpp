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
constexpr std::size_t most_together = 32;                    // answers that are in memory at once
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
    renewed_ = false;
    return read_token();
}

Result<void> KubeApi::read_token() {
    if (token_file_.empty()) return {};
    auto token = token_of(token_file_);
    if (!token) return tl::unexpected(token.error());
    token_ = std::move(*token);
    return {};
}

HttpRequest KubeApi::request(std::string method, const std::string& path, std::string body,
                             std::string_view type) const {
    HttpRequest request{std::move(method), url_ + path, {"Accept: application/json"}, ""};
    if (!body.empty()) request.headers.push_back(fmt::format("Content-Type: application/{}", type));
    request.body = std::move(body);
    return request;
}

KubeApi::Answers KubeApi::ask(std::vector<HttpRequest> requests, Instant until, bool insist) {
    const auto send = [&](std::vector<HttpRequest> some) {
        for (auto& each : some) {
            if (!token_.empty()) each.headers.push_back("Authorization: Bearer " + token_);
        }
        return insist ? http_.insist_all(some, until) : http_.exchange_all(some, until);
    };
    auto answers = send(requests);
    std::vector<std::size_t> unknown;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i] && answers[i]->status == 401) unknown.push_back(i);
    }
    if (unknown.empty() || renewed_) return answers;
    // A token or a certificate that was renewed since this connection was made.
    renewed_ = true;
    if (!read_token()) return answers;
    http_.forget_connections();
    std::vector<HttpRequest> again;
    for (const auto i : unknown) again.push_back(requests[i]);
    auto fresh = send(std::move(again));
    for (std::size_t i = 0; i < unknown.size(); ++i) answers[unknown[i]] = std::move(fresh[i]);
    return answers;
}

Result<std::map<std::string, KubeNode>> KubeApi::nodes(const Names& names) {
    std::map<std::string, KubeNode> nodes;
    for (std::size_t from = 0; from < names.size(); from += most_together) {
        const auto to = std::min(names.size(), from + most_together);
        std::vector<HttpRequest> requests;
        for (auto i = from; i < to; ++i) requests.push_back(request("GET", node_path(names[i])));
        const auto answers = ask(std::move(requests), deadline_, true);
        for (auto i = from; i < to; ++i) {
            const auto& answer = answers[i - from];
            if (!answer) return tl::unexpected(answer.error());
            // A wrong URL answers 404, too, but not with a Status.
            const bool absent =
                answer->status == 404 && !parse_kube_complaint(answer->body).message.empty();
            if (absent) continue;
            if (answer->status != 200) return tl::unexpected(error_of(*answer));
            auto node = parse_kube_node(answer->body, names[i]);
            if (!node) return tl::unexpected(node.error());
            nodes.insert_or_assign(names[i], std::move(*node));
        }
    }
    return nodes;
}

KubeApi::Patched KubeApi::patch(const std::map<std::string, std::string>& patches, Instant until) {
    Patched patched;
    std::vector<HttpRequest> requests;
    for (const auto& [name, text] : patches) {
        requests.push_back(
            request("PATCH", fmt::format("{}?fieldManager={}", node_path(name), field_manager),
                    text, "merge-patch+json"));
    }
    const auto answers = ask(std::move(requests), std::min(until, deadline_), true);
    auto answer = answers.begin();
    for (const auto& [name, text] : patches) {
        const auto& said = *answer++;
        if (!said) {
            patched.emplace(name, tl::unexpected(said.error()));
        } else if (said->status == 409) {
            patched.emplace(name, std::nullopt);
        } else if (said->status / 100 != 2) {
            patched.emplace(name, tl::unexpected(error_of(*said)));
        } else if (auto node = parse_kube_node(said->body, name); node) {
            patched.emplace(name, std::move(*node));
        } else {
            patched.emplace(name, tl::unexpected(node.error()));
        }
    }
    return patched;
}

Result<KubeApi::Pods> KubeApi::cached_pods(const Names& nodes) {
    Pods pods;
    for (std::size_t from = 0; from < nodes.size(); from += most_together) {
        const auto to = std::min(nodes.size(), from + most_together);
        std::vector<HttpRequest> requests;
        for (auto i = from; i < to; ++i) {
            requests.push_back(request("GET", cached_pods_path(nodes[i])));
        }
        const auto answers = ask(std::move(requests), deadline_, true);
        for (auto i = from; i < to; ++i) {
            const auto& answer = answers[i - from];
            if (!answer) return tl::unexpected(answer.error());
            if (answer->status != 200) return tl::unexpected(error_of(*answer));
            auto page = parse_kube_pods(answer->body, nodes[i]);
            if (!page) return tl::unexpected(page.error());
            if (!page->next.empty()) return fail(Fault::corrupt, "a list of pods in part");
            pods[nodes[i]] = std::move(page->pods);
        }
    }
    return pods;
}

/// Where the reading of one node's pods stands.
struct KubeApi::Reading {
    std::string node, next;
    std::vector<KubePod> pods;
    int expiries = 0;
    bool done = false;
};

Result<void> KubeApi::read_page(Reading& reading, const Result<HttpAnswer>& answer) const {
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 410) {  // the list is too old to be continued: begin again
        if (++reading.expiries == most_expiries) {
            return fail(Fault::busy, "the list of pods expires faster than it is read");
        }
        reading.pods.clear();
        reading.next.clear();
        return {};
    }
    if (answer->status != 200) return tl::unexpected(error_of(*answer));
    auto page = parse_kube_pods(answer->body, reading.node);
    if (!page) return tl::unexpected(page.error());
    std::move(page->pods.begin(), page->pods.end(), std::back_inserter(reading.pods));
    reading.done = page->next.empty();
    if (reading.done) return {};
    if (page->next == reading.next || reading.pods.size() > most_pods) {
        return fail(Fault::corrupt, "a list of pods that does not end");
    }
    reading.next = std::move(page->next);
    return {};
}

Result<KubeApi::Pods> KubeApi::pods(const Names& nodes) {
    Pods pods;
    for (std::size_t from = 0; from < nodes.size(); from += most_together) {
        std::vector<Reading> readings;
        for (auto i = from; i < std::min(nodes.size(), from + most_together); ++i) {
            readings.push_back({nodes[i], "", {}, 0, false});
        }
        while (!readings.empty()) {
            std::vector<HttpRequest> requests;
            for (const auto& each : readings) {
                requests.push_back(request("GET", pods_path(each.node, each.next)));
            }
            const auto answers = ask(std::move(requests), deadline_, true);
            for (std::size_t i = 0; i < readings.size(); ++i) {
                const auto read = read_page(readings[i], answers[i]);
                if (!read) return tl::unexpected(read.error());
                if (readings[i].done) pods[readings[i].node] = std::move(readings[i].pods);
            }
            std::erase_if(readings, [](const auto& each) { return each.done; });
        }
    }
    return pods;
}

namespace {

KubeEviction fate_of(const Result<HttpAnswer>& exchanged) {
    using Fate = KubeEviction::Fate;
    if (!exchanged) return {Fate::failed, exchanged.error(), {}};
    auto answer = *exchanged;
    const auto said = parse_kube_complaint(answer.body);
    // Of a pod with two budgets the API says 201 outside and 500 inside. 500 outside is no word
    // on budgets: something behind the API is broken.
    const bool inside = answer.status / 100 == 2 && said.failed_as != 0;
    if (inside) answer.status = said.failed_as;
    const auto status = answer.status;
    const bool gone = status == 404 || (status == 409 && said.of_another);
    if (status / 100 == 2 || gone) return {};
    const auto again = std::min(answer.retry_after.value_or(Duration::zero()), longest_again);
    auto why = error_of(answer);
    const bool budget = (inside && status == 500) || (status == 429 && said.budget) || said.budgets;
    if (budget) return {Fate::budget, why, again};
    if (status == 429) return {Fate::throttled, why, again};
    if (status == 409 || (status == 403 && said.passing)) {
        why.fault = Fault::busy;
        return {Fate::later, why, again};
    }
    return {Fate::failed, why, again};
}

}  // namespace

std::vector<KubeEviction> KubeApi::evict(const std::vector<KubePod>& pods, Instant until) {
    std::vector<HttpRequest> requests;
    for (const auto& pod : pods) {
        requests.push_back(request("POST", pod_path(pod) + "/eviction", eviction_of(pod)));
    }
    std::vector<KubeEviction> fates;
    for (const auto& answer : ask(std::move(requests), std::min(until, deadline_), false)) {
        fates.push_back(fate_of(answer));
    }
    return fates;
}

KubeEviction KubeApi::remove(const KubePod& pod, Instant until) {
    const auto answers = ask({request("DELETE", pod_path(pod), deletion_of(pod))},
                             std::min(until, deadline_), false);
    return fate_of(answers.front());
}

}  // namespace firebreak
