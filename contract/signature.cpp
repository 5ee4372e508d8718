#include "contract/signature.hpp"

#include <sodium.h>

#include <cstdlib>

#include "contract/digest.hpp"

namespace firebreak {
namespace {

constexpr std::string_view opens = R"(,"signature":{"key":")";
constexpr std::string_view between = R"(","ed25519":")";
constexpr std::string_view closes = R"("}})";
constexpr std::size_t base64_of_64 = 88;
constexpr std::size_t id_digits = 16;

/// A program that cannot have random numbers must not make keys, nor judge by any.
void need_sodium() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) std::abort();
}

template <std::size_t N>
std::string base64(const std::array<unsigned char, N>& bytes) {
    std::string out(sodium_base64_ENCODED_LEN(N, sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes.data(), N, sodium_base64_VARIANT_ORIGINAL);
    out.pop_back();  // its end of text
    return out;
}

/// Exactly N bytes, in the one way of writing them.
template <std::size_t N>
bool from_base64(std::string_view text, std::array<unsigned char, N>& into) {
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(into.data(), N, text.data(), text.size(), nullptr, &size,
                                         &end, sodium_base64_VARIANT_ORIGINAL);
    // libsodium reads some bytes above 127 as letters: only what we would write is good.
    return failed == 0 && size == N && end == text.data() + text.size() && base64(into) == text;
}

/// Cuts `tail` off the end of `text`.
bool cut(std::string_view& text, std::string_view tail) {
    if (!text.ends_with(tail)) return false;
    text.remove_suffix(tail.size());
    return true;
}

std::string what_is_signed(std::string_view topic, std::string_view body) {
    std::string out;
    out.reserve(topic.size() + 1 + body.size());
    out += topic;
    out += '\n';
    out += body;
    return out;
}

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

PublicKey SigningKey::public_key() const {
    PublicKey out;
    crypto_sign_ed25519_sk_to_pk(out.bytes.data(), bytes.data());
    return out;
}

std::string key_id(const PublicKey& key) {
    std::array<char, id_digits + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), key.bytes.data(), id_digits / 2);
    return {hex.data(), id_digits};
}

std::string to_text(const PublicKey& key) {
    return base64(key.bytes);
}

std::optional<PublicKey> parse_public_key(std::string_view text) {
    PublicKey key;
    if (!from_base64(text, key.bytes)) return std::nullopt;
    return key;
}

std::string secret_text(const SigningKey& key) {
    return base64(key.bytes);
}

std::optional<SigningKey> parse_signing_key(std::string_view text) {
    need_sodium();
    SigningKey key;
    if (!from_base64(text, key.bytes)) return std::nullopt;
    // The second half must be the public key of the first: else it is no key, but two halves.
    std::array<unsigned char, 32> seed{};
    SigningKey again;
    PublicKey unused;
    crypto_sign_ed25519_sk_to_seed(seed.data(), key.bytes.data());
    crypto_sign_seed_keypair(unused.bytes.data(), again.bytes.data(), seed.data());
    sodium_memzero(seed.data(), seed.size());
    if (!(again == key)) return std::nullopt;
    return key;
}

SigningKey make_signing_key() {
    need_sodium();
    SigningKey key;
    PublicKey unused;
    crypto_sign_keypair(unused.bytes.data(), key.bytes.data());
    return key;
}

std::optional<Signature> find_signature(std::string_view payload) {
    Signature out;
    if (!cut(payload, closes) || payload.size() < base64_of_64) return std::nullopt;
    const auto text = payload.substr(payload.size() - base64_of_64);
    payload.remove_suffix(base64_of_64);
    if (!from_base64(text, out.bytes) || !cut(payload, between)) return std::nullopt;
    if (payload.size() < id_digits) return std::nullopt;
    out.key = payload.substr(payload.size() - id_digits);
    payload.remove_suffix(id_digits);
    if (out.key.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
        return std::nullopt;
    }
    if (!cut(payload, opens)) return std::nullopt;
    out.body = payload;
    return out;
}

Message signed_with(const SigningKey& key, Message message) {
    need_sodium();
    auto& payload = message.payload;
    payload.pop_back();  // its closing brace
    const auto text = what_is_signed(message.topic, payload);
    std::array<unsigned char, 64> signature{};
    crypto_sign_detached(signature.data(), nullptr, bytes_of(text), text.size(), key.bytes.data());
    payload += opens;
    payload += key_id(key.public_key());
    payload += between;
    payload += base64(signature);
    payload += closes;
    return message;
}

bool verifies(const PublicKey& key, std::string_view topic, const Signature& signature) {
    need_sodium();
    const auto text = what_is_signed(topic, signature.body);
    return crypto_sign_verify_detached(signature.bytes.data(), bytes_of(text), text.size(),
                                       key.bytes.data()) == 0;
}

std::string sha256(std::string_view text) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return hex.data();
}

}  // namespace firebreak
