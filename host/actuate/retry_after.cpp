#include "host/actuate/retry_after.hpp"

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>

namespace firebreak {

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
    constexpr std::size_t most_digits = 9;  // some thirty years: for ever
    constexpr std::size_t longest = 64;
    if (text.empty() || text.size() > longest) return std::nullopt;
    const std::string copy(text);
    if (copy.find_first_not_of("0123456789") == std::string::npos) {
        const auto digits = copy.size() > most_digits ? std::string(most_digits, '9') : copy;
        return std::chrono::seconds(std::stol(digits));
    }
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm parts{};
        const char* end = ::strptime(copy.c_str(), form, &parts);
        if (end == nullptr || *end != '\0') continue;
        const WallTime at{std::chrono::seconds(::timegm(&parts))};
        const auto wait = at - now;
        constexpr std::chrono::milliseconds most = std::chrono::hours(24 * 365);
        return std::clamp<std::chrono::milliseconds>(wait, {}, most);
    }
    return std::nullopt;
}

Error LeftAlone::heard(Error why, std::optional<Duration> retry_after, Now now) {
    const auto wait = std::min(retry_after.value_or(Duration::zero()), longest_);
    if (wait <= Duration::zero()) return why;
    until_ = now.steady + wait;
    const auto at = now.wall + std::chrono::ceil<std::chrono::seconds>(wait);
    why_ = {Fault::busy, why.what + "; not asked before " + format_wall(at), why.code};
    return why_;
}

std::optional<Error> LeftAlone::refusal(Instant now) const {
    return now < until_ ? std::optional(why_) : std::nullopt;
}

}  // namespace firebreak
