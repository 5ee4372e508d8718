#include "host/actuate/kubernetes_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "contract/support/backoff.hpp"
#include "host/actuate/api_json.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_answer = 16UL * 1024 * 1024;  // a page of 250 pods is some 2 MiB
constexpr std::size_t most_pods = 4096;                  // of one node; Kubernetes means 110
constexpr std::size_t most_token = 64UL * 1024;
constexpr int most_expiries = 3;
constexpr std::size_t most_together = 32;                    // answers that are in memory at once
constexpr Duration longest_again = std::chrono::minutes(5);  // whatever Retry-After says
const std::string of_pods = "pods of ";                      // names no node

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
    const auto left = deadline - std::chrono::steady_clock::now();
    deadline_ = deadline;
    longest_read_ = patience_ = std::max(left / 4, Duration::zero());
    answers_ = renewed_ = false;
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

KubeApi::Answers KubeApi::ask(std::vector<HttpRequest> requests, Instant until, bool insist,
                              Duration each) {
    const auto send = [&](std::vector<HttpRequest> some) {
        for (auto& one : some) {
            if (!token_.empty()) one.headers.push_back("Authorization: Bearer " + token_);
        }
        return insist ? http_.insist_all(some, until) : http_.exchange_all(some, until, each);
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

/// Asks of each, and of those that have too much to do again: as long as the order lasts, but while
/// others answer no longer than patience does. `take` has an answer of each, in any order.
Result<void> KubeApi::read(const Questions& questions, const Take& take) {
    Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const auto busy = busy_.find(questions[i].of);
        const auto why = busy == busy_.end()
                             ? std::nullopt
                             : busy->second.refusal(std::chrono::steady_clock::now());
        if (why) {
            take(i, tl::unexpected(*why));
        } else {
            open.push_back(i);
        }
    }
    while (!open.empty()) {
        const auto throttled = sweep(questions, open, take);
        if (!throttled) return tl::unexpected(throttled.error());
        open.clear();
        const auto now = std::chrono::steady_clock::now();
        const auto until = answers_ ? std::min(deadline_, now + patience_) : deadline_;
        const auto least = backoff.failed();
        auto pause = least;
        for (const auto& each : *throttled) {
            const auto& of = questions[each.which].of;
            const auto wait = std::max(least, each.again);
            if (now + wait >= until || (answers_ && in_vain_.contains(of))) {
                take(each.which, tl::unexpected(give_up(of, each)));
                continue;
            }
            open.push_back(each.which);
            pause = std::max(pause, wait);
        }
        if (open.empty()) break;
        if (!http_.wait(pause)) {
            for (const auto which : open) take(which, fail(Fault::timeout, "stopped"));
            break;
        }
        if (answers_) patience_ -= std::min(patience_, pause);
    }
    return {};
}

/// Asks once of each; those that have too much to do are not taken.
Result<std::vector<KubeApi::Throttled>> KubeApi::sweep(const Questions& questions,
                                                       const std::vector<std::size_t>& open,
                                                       const Take& take) {
    std::vector<Throttled> throttled;
    std::size_t lost = 0;
    for (std::size_t from = 0; from < open.size(); from += most_together) {
        const auto to = std::min(open.size(), from + most_together);
        std::vector<HttpRequest> requests;
        for (auto i = from; i < to; ++i) {
            requests.push_back(request("GET", questions[open[i]].path));
        }
        const auto answers = ask(std::move(requests), deadline_, false, longest_read_);
        for (auto i = from; i < to; ++i) {
            const auto& answer = answers[i - from];
            const auto& of = questions[open[i]].of;
            if (answer && answer->status == 401) return tl::unexpected(error_of(*answer));
            if (answer && comes_again(answer->status)) {
                const auto again = answer->retry_after.value_or(Duration::zero());
                throttled.push_back({open[i], again, error_of(*answer)});
                continue;
            }
            if (answer) {
                answers_ = true;
                in_vain_.erase(of);
                busy_.erase(of);
            }
            if (!answer && answer.error().fault == Fault::port_lost) ++lost;
            take(open[i], answer);
        }
        if (lost == to) return tl::unexpected(answers.back().error());
    }
    return throttled;
}

Error KubeApi::give_up(const std::string& of, const Throttled& throttled) {
    if (answers_) in_vain_.insert(of);
    const auto wall = std::chrono::system_clock::now();
    auto& busy = busy_.try_emplace(of, longest_again).first->second;
    return busy.heard(
        throttled.why, throttled.again,
        {std::chrono::steady_clock::now(), std::chrono::floor<std::chrono::milliseconds>(wall)});
}

namespace {

Result<std::optional<KubeNode>> node_of(const Result<HttpAnswer>& answer, const std::string& name) {
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

Result<std::vector<KubePod>> cached_of(const Result<HttpAnswer>& answer, const std::string& node) {
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200) return tl::unexpected(error_of(*answer));
    auto page = parse_kube_pods(answer->body, node);
    if (!page) return tl::unexpected(page.error());
    if (!page->next.empty()) return fail(Fault::corrupt, "a list of pods in part");
    return std::move(page->pods);
}

}  // namespace

Result<KubeApi::Each<std::optional<KubeNode>>> KubeApi::nodes(const Names& names) {
    Each<std::optional<KubeNode>> nodes;
    Questions questions;
    for (const auto& name : names) questions.push_back({name, node_path(name)});
    const auto done = read(questions, [&](std::size_t which, const auto& answer) {
        nodes.insert_or_assign(names[which], node_of(answer, names[which]));
    });
    if (!done) return tl::unexpected(done.error());
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

Result<KubeApi::Each<std::vector<KubePod>>> KubeApi::cached_pods(const Names& nodes) {
    Each<std::vector<KubePod>> pods;
    Questions questions;
    for (const auto& node : nodes) questions.push_back({of_pods + node, cached_pods_path(node)});
    const auto done = read(questions, [&](std::size_t which, const auto& answer) {
        pods.insert_or_assign(nodes[which], cached_of(answer, nodes[which]));
    });
    if (!done) return tl::unexpected(done.error());
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

Result<KubeApi::Each<std::vector<KubePod>>> KubeApi::pods(const Names& nodes) {
    Each<std::vector<KubePod>> pods;
    for (std::size_t from = 0; from < nodes.size(); from += most_together) {
        std::vector<Reading> readings;
        for (auto i = from; i < std::min(nodes.size(), from + most_together); ++i) {
            readings.push_back({nodes[i], "", {}, 0, false});
        }
        while (!readings.empty()) {
            Questions questions;
            for (const auto& each : readings) {
                questions.push_back({of_pods + each.node, pods_path(each.node, each.next)});
            }
            const auto done = read(questions, [&](std::size_t which, const auto& answer) {
                auto& reading = readings[which];
                if (const auto page = read_page(reading, answer); !page) {
                    reading.done = true;
                    pods.insert_or_assign(reading.node, tl::unexpected(page.error()));
                } else if (reading.done) {
                    pods.insert_or_assign(reading.node, std::move(reading.pods));
                }
            });
            if (!done) return tl::unexpected(done.error());
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
