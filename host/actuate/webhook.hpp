// An actuator over an HTTP service of the site's own: steps are posted as JSON, signed, with a key
// that makes repeating harmless; what holds is read back by GET. docs/policy.md has its side.
// Owned by one crew worker; an order ends within the endpoint's timeout, or when `stop_fd` becomes
// readable. Errors: see the seam and http.hpp; config when the secret's file cannot be read.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/actuate/actuator.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// `items`: target name to its items.
[[nodiscard]] std::unique_ptr<Actuator> make_webhook(
    const EndpointPlan& endpoint, std::map<std::string, std::vector<std::string>> items,
    int stop_fd);

}  // namespace firebreak
