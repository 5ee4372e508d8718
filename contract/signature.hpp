// Ed25519 signatures of messages: who said something, whoever carried it. Pure; owns libsodium.
// A signature is the last member of a payload, over the topic, a newline and the payload's bytes
// before that member: contract/README.md, "Signatures". Secrets are never printed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "contract/message.hpp"
#include "contract/support/result.hpp"

namespace firebreak {

struct PublicKey {
    std::array<unsigned char, 32> bytes{};

    bool operator==(const PublicKey&) const = default;
};

/// Holds the secret; whoever has it speaks for its sender.
struct SigningKey {
    std::array<unsigned char, 64> bytes{};

    [[nodiscard]] PublicKey public_key() const;
    bool operator==(const SigningKey&) const = default;
};

/// What messages call a key: the first 16 hexadecimal digits of its bytes.
[[nodiscard]] std::string key_id(const PublicKey& key);

/// Base64, RFC 4648, with padding.
[[nodiscard]] std::string to_text(const PublicKey& key);
[[nodiscard]] std::optional<PublicKey> parse_public_key(std::string_view text);

/// The secret for its file, and back.
[[nodiscard]] std::string secret_text(const SigningKey& key);
[[nodiscard]] std::optional<SigningKey> parse_signing_key(std::string_view text);

[[nodiscard]] SigningKey make_signing_key();

/// A payload taken apart where its signature begins.
struct Signature {
    std::string_view body;  ///< what precedes the member, without the comma
    std::string_view key;   ///< the id it gives
    std::array<unsigned char, 64> bytes{};
};

/// Nothing for a payload that does not end in a signature of exactly this form.
[[nodiscard]] std::optional<Signature> find_signature(std::string_view payload);

/// The message with its signature; `payload` must be a JSON object with at least one member.
[[nodiscard]] Message signed_with(const SigningKey& key, Message message);

[[nodiscard]] bool verifies(const PublicKey& key, std::string_view topic,
                            const Signature& signature);

}  // namespace firebreak
