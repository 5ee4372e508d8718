#include "contract/trust.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {
namespace {

bool has_expired(const TrustedKey& key, WallTime now) {
    return key.not_after && is_set(now) && now > *key.not_after;
}

}  // namespace

std::string_view to_string(Seal seal) {
    switch (seal) {
        case Seal::genuine:
            return "genuine";
        case Seal::unproved:
            return "unproved";
        case Seal::unsigned_:
            return "unsigned";
        case Seal::unknown_key:
            return "unknown_key";
        case Seal::forged:
            return "forged";
    }
    return "forged";
}

bool accepts_unsigned(const TrustPlan& plan, const Origin& self, const Origin& sender) {
    if (plan.unsigned_accepted) return *plan.unsigned_accepted;
    const bool own = sender == self && plan.signing;
    return plan.keys.empty() && !own;
}

Seal judge(const TrustPlan& plan, const Origin& self, const Origin& sender, const Arrived& message,
           WallTime now) {
    const auto signature = find_signature(message.payload);
    const bool lax = accepts_unsigned(plan, self, sender);
    if (!signature) return lax ? Seal::unproved : Seal::unsigned_;
    const auto is_named = [&](const PublicKey& key) { return key_id(key) == signature->key; };
    const auto answer = [&](const PublicKey& key) {
        return verifies(key, message.topic, *signature) ? Seal::genuine : Seal::forged;
    };
    if (sender == self && plan.signing && is_named(plan.signing->public_key())) {
        return answer(plan.signing->public_key());
    }
    for (const auto& known : plan.keys) {
        if (known.sender != sender || !is_named(known.key)) continue;
        return has_expired(known, now) ? Seal::unknown_key : answer(known.key);
    }
    // Of one for whom there is no key, a signature says neither good nor bad.
    return lax ? Seal::unproved : Seal::unknown_key;
}

Message sealed(const TrustPlan& plan, Message message) {
    if (!plan.signing) return message;
    const auto topic = parse_topic(message.topic);
    if (!topic || topic->kind == Kind::reading) return message;
    return signed_with(*plan.signing, std::move(message));
}

}  // namespace firebreak
