// What carries out the steps of a policy's targets: one [[endpoint]] as resolved. Pure values.
// What differs by kind is the variant; the timeout bounds one order, all its exchanges together.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "contract/support/complaint.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

/// An HAProxy runtime API; the address is a Unix socket path or host:port.
struct HaproxyEndpoint {};

/// What becomes of the jobs that still run on a node when it goes down.
enum class RunningJobs : std::uint8_t {
    requeue,  ///< back to the queue, where Slurm allows it
    signal,   ///< a signal first, so that they may save their work; then a grace
    kill,     ///< none of either: Slurm ends them with the node
};

/// Slurm's tools; the address is the folder they stand in.
struct SlurmEndpoint {
    std::string conf;  ///< SLURM_CONF, or "" for the tools' own
    /// The path of firebreak-slurm, "" to do without; nothing: the one beside this program.
    std::optional<std::string> helper;
    RunningJobs jobs = RunningJobs::requeue;
    std::string signal = "TERM";
    Duration grace = std::chrono::seconds(30);
};

/// A program of the site's own; the address is its absolute path.
struct ExecEndpoint {
    std::vector<std::string> arguments;  ///< before the verb
    bool json = false;                   ///< what is wanted comes on stdin, not as arguments
};

/// Whom to believe over TLS and how to be believed; "" is none, and for `ca` the system's own.
struct HttpIdentity {
    /// Numeric addresses to connect to in place of the URL's name: the next where one is silent.
    std::vector<std::string> at;
    std::string ca, certificate, key;  ///< paths of PEM files
};

/// A service of the site's own over HTTP; the address is its URL.
struct WebhookEndpoint {
    HttpIdentity identity;
    std::string secret_file;  ///< read at every order, so that a secret may be changed
};

/// A Kubernetes API server; the address is its URL.
struct KubernetesEndpoint {
    HttpIdentity identity;
    std::string token_file;  ///< read at every order: service account tokens are renewed
    bool taint = false;      ///< drained nodes are tainted NoSchedule, too
    Duration evict_deadline = std::chrono::minutes(5);  ///< then a budget is no reason to wait
    bool force = false;                                 ///< pods are deleted then
    bool silent_is_drained = false;  ///< a node not ready whose pods are all ending counts as empty
};

/// Network UPS Tools' upsd; the address is host:port.
struct NutEndpoint {
    std::string login_file;  ///< user and password, a line each; read at every order
};

struct EndpointPlan {
    std::string name;
    std::string address;
    Duration timeout = std::chrono::seconds(2);
    std::variant<HaproxyEndpoint, SlurmEndpoint, ExecEndpoint, WebhookEndpoint, KubernetesEndpoint,
                 NutEndpoint>
        how{};
    std::string machine = {};  ///< alike for two names of one and the same: see machine.hpp
    Place place = {};
};

}  // namespace firebreak
