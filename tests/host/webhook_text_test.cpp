#include "host/actuate/webhook_text.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

TEST_CASE("webhook text: signatures are those of RFC 4231", "[host][webhook]") {
    // Test cases 1 and 2.
    CHECK(hmac_sha256(std::string(20, '\x0b'), "Hi There") ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hmac_sha256("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("webhook text: a key is the step's id, or one of all ids in any order",
          "[host][webhook]") {
    CHECK(idempotency_key({"00ab"}) == "00ab");
    CHECK(idempotency_key({"1", "2"}) == idempotency_key({"2", "1"}));
    CHECK(idempotency_key({"1", "2"}) != idempotency_key({"12", ""}));
    CHECK(idempotency_key({"1", "2"}).size() == 32);
}
