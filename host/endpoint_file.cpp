#include "host/endpoint_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "host/actuate/http.hpp"
#include "host/actuate/stream.hpp"
#include "host/machine.hpp"

namespace firebreak {
namespace {

constexpr Duration longest_timeout = std::chrono::seconds(30);
constexpr Duration longest_grace = std::chrono::hours(1);
constexpr Duration longest_evict_deadline = std::chrono::hours(24);

using Read = void (*)(Section&, EndpointPlan&);

void need_path(Section& section, std::string_view key, const std::string& path) {
    if (!section.has(key) || path.starts_with('/')) return;
    section.complain(key,
                     "\"" + std::string(key) + "\" must be an absolute path, like \"/usr/bin\"");
}

void read_haproxy(Section& section, EndpointPlan& endpoint) {
    endpoint.how = HaproxyEndpoint{};
    if (endpoint.address.empty()) return;
    if (const auto why = address_complaint(endpoint.address); !why.empty()) {
        section.complain("haproxy", why);
    }
}

void read_nut(Section& section, EndpointPlan& endpoint) {
    NutEndpoint how;
    how.login_file = section.text("login_file");
    need_path(section, "login_file", how.login_file);
    const auto& at = endpoint.address;
    if (!at.empty() && (at.starts_with('/') || !address_complaint(at).empty())) {
        section.complain("nut",
                         "upsd is reached over TCP: give a numeric address and its port, like "
                         "\"10.0.0.1:3493\"; names are not looked up, a name server may burn, too");
    }
    endpoint.how = std::move(how);
}

void read_slurm(Section& section, EndpointPlan& endpoint) {
    constexpr std::array<std::pair<std::string_view, RunningJobs>, 3> choices = {
        {{"requeue", RunningJobs::requeue},
         {"signal", RunningJobs::signal},
         {"kill", RunningJobs::kill}}};
    SlurmEndpoint how;
    need_path(section, "slurm", endpoint.address);
    how.conf = section.text_or("conf", "");
    need_path(section, "conf", how.conf);
    if (section.has("helper")) {
        how.helper = section.text_or("helper", "");
        need_path(section, "helper", *how.helper);
    }
    how.jobs = section.choice_or<RunningJobs>("jobs", choices, how.jobs);
    how.signal = section.text_or("signal", how.signal);
    how.grace = section.duration_or("grace", how.grace);
    if (how.signal.empty() || !std::all_of(how.signal.begin(), how.signal.end(), [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        })) {
        section.complain("signal", "\"signal\" must be a signal's name or number, like \"TERM\"");
    }
    if (how.grace < Duration::zero() || how.grace > longest_grace) {
        section.complain("grace", "\"grace\" must be from 0s to 1h");
    }
    if (how.jobs != RunningJobs::signal && (section.has("signal") || section.has("grace"))) {
        section.complain("jobs", "\"signal\" and \"grace\" belong to jobs = \"signal\"");
    }
    endpoint.how = std::move(how);
}

void read_exec(Section& section, EndpointPlan& endpoint) {
    constexpr std::array<std::pair<std::string_view, bool>, 2> choices = {
        {{"arguments", false}, {"json", true}}};
    ExecEndpoint how;
    need_path(section, "exec", endpoint.address);
    how.arguments = section.texts("arguments");
    how.json = section.choice_or<bool>("input", choices, how.json);
    endpoint.how = std::move(how);
}

/// The URL under `kind`, and with whom to speak there.
HttpIdentity read_identity(Section& section, std::string_view kind, const std::string& url) {
    HttpIdentity identity;
    if (section.has("at")) identity.at.push_back(section.text("at"));
    const auto others = section.texts("also_at");
    const auto own = numeric_host_of(url);
    // Where others are named, the URL's own address is still the first.
    if (!others.empty() && identity.at.empty() && !own.empty()) identity.at.push_back(own);
    identity.at.insert(identity.at.end(), others.begin(), others.end());
    const std::array<std::pair<std::string_view, std::string*>, 3> paths = {
        {{"ca", &identity.ca}, {"certificate", &identity.certificate}, {"key", &identity.key}}};
    for (const auto& [key, path] : paths) {
        *path = section.text_or(key, "");
        need_path(section, key, *path);
    }
    if (identity.certificate.empty() != identity.key.empty()) {
        section.complain("certificate", "\"certificate\" and \"key\" go together");
    }
    if (url.empty()) return identity;
    if (const auto why = url_complaint(url, identity.at); !why.empty()) section.complain(kind, why);
    return identity;
}

void read_webhook(Section& section, EndpointPlan& endpoint) {
    WebhookEndpoint how;
    how.secret_file = section.text("secret_file");
    need_path(section, "secret_file", how.secret_file);
    how.identity = read_identity(section, "webhook", endpoint.address);
    endpoint.how = std::move(how);
}

void read_kubernetes(Section& section, EndpointPlan& endpoint) {
    KubernetesEndpoint how;
    how.identity = read_identity(section, "kubernetes", endpoint.address);
    how.token_file = section.text_or("token_file", "");
    need_path(section, "token_file", how.token_file);
    how.taint = section.flag_or("taint", how.taint);
    how.evict_deadline = section.duration_or("evict_deadline", how.evict_deadline);
    how.force = section.flag_or("force", how.force);
    how.silent_is_drained = section.flag_or("silent_is_drained", how.silent_is_drained);
    if (how.evict_deadline <= Duration::zero() || how.evict_deadline > longest_evict_deadline) {
        section.complain("evict_deadline", "\"evict_deadline\" must be above 0s and at most 24h");
    }
    const auto& url = endpoint.address;
    const bool secure = url.starts_with("https://");
    if (secure && how.token_file.empty() && how.identity.certificate.empty()) {
        section.complain("token_file",
                         "the API must be told who asks: give \"token_file\", or \"certificate\" "
                         "and \"key\"");
    }
    const bool here = url.starts_with("http://127.") || url.starts_with("http://[::1]");
    if (!url.empty() && !secure && !here) {
        section.complain("kubernetes", "over http:// anybody may read the token: use https://");
    }
    if (url.find('?') != std::string::npos) {
        section.complain("kubernetes", "the URL has a query: give the API server's own URL");
    }
    endpoint.how = std::move(how);
}

struct EndpointKind {
    std::string_view key;
    Duration timeout;
    Read read;
};

/// One line a kind. A tool that must be started takes its time.
constexpr std::array kinds = {
    EndpointKind{"haproxy", std::chrono::seconds(2), read_haproxy},
    EndpointKind{"slurm", std::chrono::seconds(10), read_slurm},
    EndpointKind{"exec", std::chrono::seconds(10), read_exec},
    EndpointKind{"webhook", std::chrono::seconds(10), read_webhook},
    EndpointKind{"kubernetes", std::chrono::seconds(10), read_kubernetes},
    EndpointKind{"nut", std::chrono::seconds(10), read_nut},
};

std::string known_keys() {
    std::string out;
    for (const auto& kind : kinds) out += (out.empty() ? "" : ", ") + std::string(kind.key);
    return out;
}

std::string places(const HttpIdentity& identity) {
    if (identity.at.empty()) return "";
    return fmt::format(" at {}", fmt::join(identity.at, " or "));
}

struct Describe {
    const std::string& address;

    std::string operator()(const HaproxyEndpoint& /*how*/) const { return "haproxy at " + address; }
    std::string operator()(const SlurmEndpoint& how) const {
        const auto jobs =
            how.jobs == RunningJobs::requeue ? std::string("requeued")
            : how.jobs == RunningJobs::kill
                ? std::string("killed")
                : fmt::format("sent {}, then given {}", how.signal, format_duration(how.grace));
        return fmt::format("slurm by the tools in {}, running jobs are {}", address, jobs);
    }
    std::string operator()(const ExecEndpoint& how) const {
        std::string out = "exec " + address;
        for (const auto& word : how.arguments) out += ' ' + word;
        return out + (how.json ? ", told by JSON on stdin" : ", told by arguments");
    }
    std::string operator()(const WebhookEndpoint& how) const {
        return "webhook " + address + places(how.identity) + ", signed by the secret in " +
               how.secret_file;
    }
    std::string operator()(const NutEndpoint& how) const {
        return "upsd at " + address + ", as the user in " + how.login_file;
    }
    std::string operator()(const KubernetesEndpoint& how) const {
        return fmt::format(
            "kubernetes {}{}, pods are evicted for {}, then {}{}{}", address, places(how.identity),
            format_duration(how.evict_deadline),
            how.force ? "deleted against their budgets" : "said to be late",
            how.taint ? "; drained nodes are tainted NoSchedule" : "",
            how.silent_is_drained ? "; a dead kubelet's ending pods are not waited for" : "");
    }
};

}  // namespace

void read_endpoint(Section& section, PolicyPlan& plan) {
    EndpointPlan endpoint;
    endpoint.place = section.place();
    endpoint.name = section.name("name");
    const EndpointKind* kind = nullptr;
    bool several = false;
    for (const auto& each : kinds) {
        if (!section.has(each.key)) continue;
        several = kind != nullptr;
        kind = &each;
        if (several) break;
    }
    if (kind == nullptr || several) {
        section.complain("", "an endpoint needs exactly one of " + known_keys());
    }
    if (kind != nullptr) {
        endpoint.address = section.text(kind->key);
        kind->read(section, endpoint);
        endpoint.timeout = kind->timeout;
        endpoint.machine = machine_of(endpoint);
    }
    endpoint.timeout = section.duration_or("timeout", endpoint.timeout);
    if (endpoint.timeout <= Duration::zero() || endpoint.timeout > longest_timeout) {
        section.complain("timeout", "\"timeout\" must be above 0s and at most 30s");
    }
    for (const auto& other : plan.endpoints) {
        if (!endpoint.name.empty() && other.name == endpoint.name) {
            section.complain("name", "there is an endpoint \"" + other.name + "\" already");
        }
    }
    section.finish();
    plan.endpoints.push_back(std::move(endpoint));
}

std::string describe(const EndpointPlan& endpoint) {
    return fmt::format("{}: {}, timeout {}", endpoint.name,
                       std::visit(Describe{endpoint.address}, endpoint.how),
                       format_duration(endpoint.timeout));
}

}  // namespace firebreak
