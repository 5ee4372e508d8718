// [signing], [trust] and [[trust.key]] of a site's or a policy's file, and the files of secret
// keys. Errors are complaints at their place. Files are named relative to that file.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "contract/trust.hpp"

namespace firebreak {

[[nodiscard]] TrustPlan read_trust(Section& root);

/// Makes a secret key in a new file that only its owner may read; the public half for people to
/// carry to those who shall trust it. A file that is there already stays as it is.
[[nodiscard]] Result<PublicKey> write_new_key(const std::string& path);

/// The verb keygen; returns the exit code.
int keygen(const std::string& path);

/// Lines for people: own key, keys by sender, and what is believed without one.
[[nodiscard]] std::string describe(const TrustPlan& plan);

}  // namespace firebreak
