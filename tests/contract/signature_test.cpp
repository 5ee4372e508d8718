#include "contract/signature.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "contract/trust.hpp"
#include "tests/catch.hpp"

namespace firebreak {
namespace {

const std::string folder = FIREBREAK_SOURCE_DIR "/contract/signed-examples/";

std::string line_of(const std::string& file, int which = 0) {
    std::ifstream in(folder + file);
    std::string line;
    for (int i = 0; i <= which; ++i) std::getline(in, line);
    return line;
}

/// The published test key, whose seed is the bytes 0 to 31.
SigningKey test_key() {
    const std::string head = "firebreak ed25519 secret: ";
    return parse_signing_key(line_of("test.key").substr(head.size())).value();
}

const Origin room{"pangyo", Role::agent, "battery-room"};
const Origin seoul{"seoul", Role::host, "seoul-1"};
const WallTime today{std::chrono::milliseconds(1'665'814'740'000)};

Message said(const std::string& payload = R"({"alarm":"gas"})") {
    return {to_string(Topic{room, Kind::alarm, "gas", ""}), payload, true};
}

Seal judged(const TrustPlan& plan, const Message& message, const Origin& sender = room,
            WallTime now = today) {
    return judge(plan, seoul, sender, {message.topic, message.payload}, now);
}

TrustPlan trusting(const SigningKey& key) {
    TrustPlan plan;
    plan.keys.push_back({key.public_key(), room});
    return plan;
}

}  // namespace

// The examples were signed by another implementation (OpenSSL's, through node).
TEST_CASE("signature: every golden message is signed byte for byte as another library signs it",
          "[contract][signature]") {
    const auto key = test_key();
    CHECK(to_text(key.public_key()) == line_of("test.pub"));
    int seen = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".txt") continue;
        const auto name = file.path().filename().string();
        const Message message{line_of(name), line_of(name, 1)};
        INFO(name);
        const auto signature = find_signature(message.payload);
        REQUIRE(signature);
        CHECK(signature->key == key_id(key.public_key()));
        CHECK(verifies(key.public_key(), message.topic, *signature));
        const Message bare{message.topic, std::string(signature->body) + '}'};
        CHECK(signed_with(key, bare).payload == message.payload);
        ++seen;
    }
    CHECK(seen == 3);
}

TEST_CASE("signature: a signed payload still reads as what it is", "[contract][signature]") {
    CHECK(parse_alarm(line_of("alarm.txt", 1)));
    CHECK(parse_status(line_of("status-agent.txt", 1)));
    const auto command = parse_command(line_of("command.txt", 1));
    REQUIRE(command);
    CHECK(command->to == Echo{"4b1f0a7c9d2e6f35", 4711});
}

TEST_CASE("signature: any byte changed in topic, body or signature breaks it",
          "[contract][signature]") {
    const auto key = test_key();
    const auto plan = trusting(key);
    const auto good = signed_with(key, said());
    REQUIRE(judged(plan, good) == Seal::genuine);
    for (std::size_t i = 0; i < good.payload.size(); ++i) {
        for (const unsigned flip : {1U, 0x20U, 0x80U}) {
            auto bad = good;
            bad.payload[i] = static_cast<char>(static_cast<unsigned char>(bad.payload[i]) ^ flip);
            INFO(bad.payload);
            CHECK_FALSE(is_believed(judged(plan, bad)));
        }
    }
    auto elsewhere = good;
    elsewhere.topic = to_string(Topic{room, Kind::alarm, "smoke", ""});
    CHECK(judged(plan, elsewhere) == Seal::forged);
}

TEST_CASE("signature: only its very form at the very end counts", "[contract][signature]") {
    const auto good = signed_with(test_key(), said()).payload;
    CHECK(find_signature(good));
    CHECK_FALSE(find_signature(good + ' '));
    CHECK_FALSE(find_signature(good + '}'));
    CHECK_FALSE(find_signature(good.substr(0, good.size() - 1)));
    CHECK_FALSE(find_signature(""));
    CHECK_FALSE(find_signature("\"}}"));
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        CHECK_FALSE(find_signature(good.substr(0, cut)));
        if (cut > 16) CHECK_FALSE(find_signature(good.substr(cut)));
    }
}

TEST_CASE("signature: a secret key is read back only whole and only if its halves belong together",
          "[contract][signature]") {
    const auto key = make_signing_key();
    CHECK(parse_signing_key(secret_text(key)) == key);
    CHECK_FALSE(make_signing_key() == key);
    auto mixed = key;
    mixed.bytes[63] ^= 1;
    CHECK_FALSE(parse_signing_key(secret_text(mixed)));
    CHECK_FALSE(parse_signing_key(secret_text(key).substr(4)));
    CHECK_FALSE(parse_public_key(secret_text(key)));
    CHECK(parse_public_key(to_text(key.public_key())) == key.public_key());
}

TEST_CASE("trust: without any key the unsigned is believed, with one for anybody nobody's is",
          "[contract][trust]") {
    const auto key = make_signing_key();
    TrustPlan plan;
    CHECK(judged(plan, said()) == Seal::unproved);
    CHECK(judged(plan, signed_with(key, said())) == Seal::unproved);
    plan.keys.push_back({key.public_key(), {"ilsan", Role::agent, "other"}});
    CHECK(judged(plan, said()) == Seal::unsigned_);
    CHECK(judged(plan, signed_with(key, said())) == Seal::unknown_key);  // another's key
    plan.unsigned_accepted = true;
    CHECK(judged(plan, said()) == Seal::unproved);
    plan.keys.clear();
    plan.unsigned_accepted = false;
    CHECK(judged(plan, said()) == Seal::unsigned_);
}

TEST_CASE("trust: two keys of a sender both hold, and a key ends when its day is over",
          "[contract][trust]") {
    const auto old_key = make_signing_key();
    const auto new_key = make_signing_key();
    auto plan = trusting(old_key);
    plan.keys.push_back({new_key.public_key(), room});
    CHECK(judged(plan, signed_with(old_key, said())) == Seal::genuine);
    CHECK(judged(plan, signed_with(new_key, said())) == Seal::genuine);
    plan.keys.front().not_after = today;
    const auto tomorrow = today + std::chrono::hours(24);
    CHECK(judged(plan, signed_with(old_key, said()), room, today) == Seal::genuine);
    CHECK(judged(plan, signed_with(old_key, said()), room, tomorrow) == Seal::unknown_key);
    CHECK(judged(plan, signed_with(new_key, said()), room, tomorrow) == Seal::genuine);
    // A board whose clock is not set cannot tell, and must not become deaf.
    CHECK(judged(plan, signed_with(old_key, said()), room, WallTime{}) == Seal::genuine);
}

TEST_CASE("trust: a program's own key proves what it said itself", "[contract][trust]") {
    TrustPlan plan;
    plan.signing = make_signing_key();
    const Message own{to_string(Topic{seoul, Kind::posture, "text", ""}), R"({"target":"text"})"};
    CHECK(judged(plan, own, seoul) == Seal::unsigned_);
    CHECK(judged(plan, sealed(plan, own), seoul) == Seal::genuine);
    CHECK(judged(plan, signed_with(make_signing_key(), own), seoul) == Seal::unknown_key);
}

TEST_CASE("trust: all that can start something is signed, readings are not", "[contract][trust]") {
    TrustPlan plan;
    plan.signing = make_signing_key();
    CHECK(find_signature(sealed(plan, said()).payload));
    const Message reading{to_string(Topic{room, Kind::reading, "ups1", "ups.load"}), "{\"a\":1}"};
    CHECK(sealed(plan, reading) == reading);
    plan.signing.reset();
    CHECK(sealed(plan, said()) == said());
}

}  // namespace firebreak
