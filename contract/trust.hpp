// Whom a program believes: keys by sender, its own key, and what becomes of unsigned messages.
// Pure values and one pure function. A sender that has a key here cannot be spoken for without it.
// docs/trust.md tells people how to set it up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/message.hpp"
#include "contract/signature.hpp"
#include "contract/support/time.hpp"
#include "contract/topic.hpp"

namespace firebreak {

struct TrustedKey {
    PublicKey key;
    Origin sender;
    std::optional<WallTime> not_after = {};  ///< judged by the receiver's clock, if that is set
};

struct TrustPlan {
    std::optional<SigningKey> signing = {};
    std::vector<TrustedKey> keys = {};  ///< several a sender while one takes over from another
    /// [trust] unsigned: accept or refuse. When not said: refuse as soon as there is a key for
    /// anybody, or a stranger without one could say what those with keys may not.
    std::optional<bool> unsigned_accepted = {};
};

/// What a message's signature says of its sender.
enum class Seal : std::uint8_t {
    genuine,      ///< signed with a key of its sender
    unproved,     ///< not proved, and the plan accepts that
    unsigned_,    ///< bears no signature, and must
    unknown_key,  ///< signed with a key that is not, or no longer, the sender's
    forged,       ///< names a key of the sender, and is not signed with it
};

/// The word in counters: "unsigned", "unknown_key", "forged".
[[nodiscard]] std::string_view to_string(Seal seal);

[[nodiscard]] inline bool is_believed(Seal seal) {
    return seal == Seal::genuine || seal == Seal::unproved;
}

/// Whether an unsigned message of `sender` is believed. Its own key counts for `self`.
[[nodiscard]] bool accepts_unsigned(const TrustPlan& plan, const Origin& self,
                                    const Origin& sender);

/// `self` is who judges: what it said in an earlier life comes back to it.
[[nodiscard]] Seal judge(const TrustPlan& plan, const Origin& self, const Origin& sender,
                         const Arrived& message, WallTime now);

/// Signs what can start something, which is all but readings; as it was without a key.
[[nodiscard]] Message sealed(const TrustPlan& plan, Message message);

/// Signs what is offered to the link, once however often it is offered.
class Sealer {
public:
    explicit Sealer(const TrustPlan& plan) : plan_(plan) {}

    [[nodiscard]] const Message* seal(const Message* offered) {
        if (offered == nullptr || !plan_.signing) return offered;
        if (!(*offered == offered_)) {
            offered_ = *offered;
            sealed_ = sealed(plan_, *offered);
        }
        return &sealed_;
    }

private:
    const TrustPlan& plan_;
    Message offered_, sealed_;
};

}  // namespace firebreak
