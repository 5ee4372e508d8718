#include "host/machine.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "host/actuate/stream.hpp"

namespace firebreak {
namespace {

std::string canonical(const std::string& path) {
    std::error_code unknown;
    const auto file = std::filesystem::weakly_canonical(path, unknown);
    return unknown ? path : file.string();
}

/// "localhost:9999" is "127.0.0.1:9999", and an IPv6 address may be written in many ways.
std::string socket_of(const std::string& address) {
    if (address.starts_with('/')) return canonical(address);
    const auto parsed = parse_address(address);
    if (!parsed) return address;
    return {reinterpret_cast<const char*>(&parsed->storage), parsed->size};
}

/// Scheme and host are the same in capitals, and so is a port that goes without saying.
std::string url_of(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const auto path = std::min(url.find_first_of("/?", scheme + 3), url.size());
    auto start = url.substr(0, path);
    std::transform(start.begin(), start.end(), start.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string port = start.starts_with("https") ? ":443" : ":80";
    if (start.ends_with(port)) start.resize(start.size() - port.size());
    auto rest = url.substr(path);
    while (rest.ends_with('/')) rest.pop_back();
    return start + rest;
}

struct MachineOf {
    const std::string& address;

    std::string operator()(const HaproxyEndpoint& /*how*/) const { return socket_of(address); }
    std::string operator()(const NutEndpoint& /*how*/) const { return socket_of(address); }
    std::string operator()(const SlurmEndpoint& how) const {
        return canonical(address) + '\n' + (how.conf.empty() ? "" : canonical(how.conf));
    }
    std::string operator()(const ExecEndpoint& how) const {
        auto out = canonical(address);
        for (const auto& word : how.arguments) out += '\n' + word;
        return out;
    }
    std::string operator()(const WebhookEndpoint& /*how*/) const { return url_of(address); }
    std::string operator()(const KubernetesEndpoint& /*how*/) const { return url_of(address); }
};

}  // namespace

std::string machine_of(const EndpointPlan& endpoint) {
    return std::to_string(endpoint.how.index()) + '\n' +
           std::visit(MachineOf{endpoint.address}, endpoint.how);
}

const EndpointPlan* endpoint_of(const PolicyPlan& plan, const TargetPlan& target) {
    const auto& all = plan.endpoints;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& endpoint) {
        return endpoint.name == target.endpoint;
    });
    return found == all.end() ? nullptr : &*found;
}

std::string machine_behind(const PolicyPlan& plan, const TargetPlan& target) {
    const auto* endpoint = endpoint_of(plan, target);
    return endpoint == nullptr || endpoint->machine.empty() ? target.endpoint : endpoint->machine;
}

}  // namespace firebreak
