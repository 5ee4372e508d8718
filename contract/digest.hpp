// SHA-256 (FIPS 180-4), for records that must not change unseen. Pure; done by libsodium, whose
// one source is signature.cpp.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

/// 64 lower-case hexadecimal digits, as sha256sum prints them.
[[nodiscard]] std::string sha256(std::string_view text);

}  // namespace firebreak
