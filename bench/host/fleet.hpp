// A large site: servers s0, s1, … of one burning site, 500 to a backend, and two of each backend
// elsewhere. As a policy in memory, as the file of a real host, as the configuration of a real
// HAProxy.
#pragma once

#include <cstddef>
#include <string>

#include "host/actuate/actuator.hpp"
#include "host/policy.hpp"

namespace firebreak {

struct Fleet {
    static constexpr std::size_t a_backend = 500;
    std::size_t servers = 0;

    [[nodiscard]] std::size_t backends() const { return (servers + a_backend - 1) / a_backend; }
    [[nodiscard]] static std::string backend(std::size_t index);
    /// Names of the burning site's servers in one backend.
    [[nodiscard]] std::vector<std::string> names(std::size_t backend) const;

    /// Every target drains while "gas" is active at pangyo.
    [[nodiscard]] PolicyPlan policy() const;
    [[nodiscard]] std::string policy_file(const std::string& host, const std::string& broker_url,
                                          const std::string& socket) const;
    [[nodiscard]] std::string haproxy_file(const std::string& socket) const;
    /// What a backend reads back, with all of its site's servers in `state`.
    [[nodiscard]] ItemStates states(std::size_t backend, const std::string& state) const;
};

}  // namespace firebreak
