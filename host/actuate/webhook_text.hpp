// How a webhook's requests are signed and told apart. Pure. Owns the only use of OpenSSL in the
// host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

/// HMAC-SHA256 (RFC 2104) of `text`, in lower-case hexadecimal.
[[nodiscard]] std::string hmac_sha256(std::string_view secret, std::string_view text);

/// The key of a request that carries out these steps: the step's id, or one made of all ids, the
/// same in whatever order they stand.
[[nodiscard]] std::string idempotency_key(std::vector<std::string> ids);

}  // namespace firebreak
