// The people outside: an open-loop load of HTTP requests, so many a second for each service,
// whatever the answers. One thread a worker; every outcome goes through an inbox to one writer.
// Owns the only use of cpp-httplib. The record: unix_ms,service,ok,status,latency_ms
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct ServiceLoad {
    std::string name;  ///< requested as "/<name>"
    double rate = 1;   ///< requests a second
};

struct LoadPlan {
    std::string url;  ///< "http://127.0.0.1:8080"
    std::string csv;  ///< where the record goes
    std::vector<ServiceLoad> services;
    std::optional<Duration> lasts;  ///< nothing: until SIGTERM
};

/// Blocks until the load ends; returns the exit code. Fault::config when the record
/// cannot be opened, Fault::refused when it cannot be written whole (a full disk).
[[nodiscard]] Result<void> run_load(const LoadPlan& plan);

}  // namespace firebreak
