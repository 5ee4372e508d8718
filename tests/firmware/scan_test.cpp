#include "firmware/scan.hpp"

#include <map>
#include <set>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// A unit with some holding registers; the rest of its addresses are refused.
struct FakeUnit final : Bus {
    std::map<std::uint32_t, std::uint16_t> holding;
    std::map<std::uint8_t, Bytes> answers;  ///< to ask(), by the object or function asked for
    std::optional<Error> silent;
    int reads = 0;
    int writes = 0;

    Result<Words> read(const ReadRequest& request) override {
        ++reads;
        if (silent) return tl::unexpected(*silent);
        Words words;
        for (std::uint32_t i = 0; i < request.count; ++i) {
            const auto at = holding.find(request.address + i);
            if (request.table != Table::holding || at == holding.end()) {
                return tl::unexpected(Error{Fault::refused, "exception 2, illegal address", 2});
            }
            words.push_back(at->second);
        }
        return words;
    }
    Result<void> write(const WriteRequest&) override {
        ++writes;
        return {};
    }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t> pdu) override {
        const auto found = answers.find(pdu.size() == 4 ? pdu[3] : pdu[0]);
        if (found == answers.end()) {
            return tl::unexpected(Error{Fault::refused, "exception 1, illegal function", 1});
        }
        return found->second;
    }

    void put(std::uint32_t address, const Words& words) {
        for (const auto word : words) holding[address++] = word;
    }
    void put_text(std::uint32_t address, std::string text, std::size_t words) {
        text.resize(words * 2);
        for (std::size_t i = 0; i < words; ++i) {
            holding[address++] =
                static_cast<std::uint16_t>((static_cast<unsigned char>(text[2 * i]) << 8) |
                                           static_cast<unsigned char>(text[2 * i + 1]));
        }
    }
};

std::shared_ptr<const Profile> profile_at(const std::string& name, std::uint16_t address,
                                          double most) {
    Profile profile;
    profile.name = name;
    Register reg;
    reg.measure = "ambient.temperature";
    reg.table = Table::holding;
    reg.address = address;
    reg.most = most;
    profile.registers.push_back(reg);
    return std::make_shared<const Profile>(profile);
}

}  // namespace

TEST_CASE("scan: a chain of SunSpec models is walked to its end", "[firmware][scan]") {
    FakeUnit unit;
    unit.put(40000, {0x5375, 0x6E53, 1, 66});
    unit.put(40070, {802, 62});
    unit.put(40134, {0xFFFF, 0});
    CHECK(find_sunspec(unit, 1) == std::vector<SunSpecModel>{{1, 40002, 66}, {802, 40070, 62}});
}

TEST_CASE("scan: a chain without an end is left after a bounded number of models",
          "[firmware][scan]") {
    FakeUnit unit;
    unit.put(0, {0x5375, 0x6E53});
    for (std::uint32_t address = 2; address < 65536; ++address) unit.holding[address] = 0;
    CHECK(find_sunspec(unit, 1).size() == 64);  // models of no length
    for (std::uint32_t address = 2; address < 65536; ++address) unit.holding[address] = 60000;
    CHECK(find_sunspec(unit, 1).size() == 2);  // a length that leads beyond address 65535
    CHECK(unit.reads < 300);
}

TEST_CASE("scan: words that are not the marker are no SunSpec device", "[firmware][scan]") {
    FakeUnit unit;
    unit.put(40000, {0x5375, 0x6E54, 1, 66});
    CHECK(find_sunspec(unit, 1).empty());
}

TEST_CASE("scan: an exception is an answer, a gateway's exception 11 is none", "[firmware][scan]") {
    FakeUnit unit;
    CHECK(knock(unit, 1) == "exception 2, illegal address");
    unit.holding[0] = 0;
    CHECK(knock(unit, 1) == "words");
    unit.silent = Error{Fault::timeout, "the unit does not answer the gateway", 11};
    CHECK_FALSE(knock(unit, 1));
    unit.silent = Error{Fault::corrupt, "CRC error", 0};
    CHECK(knock(unit, 1) == "garbled: CRC error");
}

TEST_CASE("scan: a unit says who it is in its common block, its identification and its server id",
          "[firmware][scan]") {
    FakeUnit unit;
    unit.put(40000, {0x5375, 0x6E53, 1, 66});
    for (std::uint32_t i = 40004; i < 40070; ++i) unit.holding[i] = 0;
    unit.put_text(40004, "Acme \x01\xFFPower", 16);
    unit.put_text(40020, "B-200", 16);
    unit.put_text(40052, "SN1", 16);
    unit.put(40070, {0xFFFF, 0});
    unit.answers[0] = {0x2B, 0x0E, 1, 1, 0xFF, 1, 1, 0, 4, 'A', 'c', 'm', 'e'};
    unit.answers[1] = {0x2B, 0x0E, 1, 1, 0, 0, 1, 1, 2, 'B', '2'};
    unit.answers[0x11] = {0x11, 4, 0x07, 0xFF, 'B', '2'};
    const auto found = identify(unit, 5, "words", {});
    CHECK(found.identity == std::vector<std::string>{"maker=Acme Power", "model=B-200",
                                                     "serial=SN1", "maker=Acme", "product=B2",
                                                     "server-id=B2"});
    CHECK(unit.writes == 0);
}

TEST_CASE("scan: an identification that lies about its lengths is none", "[firmware][scan]") {
    const Bytes whole{0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 4, 'A', 'c', 'm', 'e'};
    CHECK(parse_identification(whole)->objects == std::vector<std::string>{"maker=Acme"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size << " bytes");
        CHECK_FALSE(parse_identification(std::span(whole).first(size)));
    }
    auto more = whole;
    more[6] = 2;
    CHECK_FALSE(parse_identification(more));
}

TEST_CASE("scan: a profile fits when all its registers read with plausible values",
          "[firmware][scan]") {
    FakeUnit unit;
    unit.put(100, {25});
    const Profiles profiles{profile_at("elsewhere", 200, 60), profile_at("too-hot", 100, 20),
                            profile_at("fits", 100, 60)};
    const auto found = identify(unit, 1, "words", profiles);
    CHECK(found.fits == std::vector<Fit>{{"fits", 0, 1}});
    CHECK(scan_toml(found, "bus1") ==
          "[[device]]\nname = \"unit1\"\nprofile = \"fits\"\nbus = \"bus1\"\nunit = 1\n");
}

TEST_CASE("scan: a SunSpec model is read at the base its chain gives", "[firmware][scan]") {
    FakeUnit unit;
    unit.put(40000, {0x5375, 0x6E53, 802, 2, 25, 0, 0xFFFF, 0});
    const Profiles profiles{profile_at("by-chance", 40004, 60), profile_at("sunspec-803", 2, 60),
                            profile_at("sunspec-802", 2, 60)};
    const auto found = identify(unit, 1, "words", profiles);
    CHECK(found.fits == std::vector<Fit>{{"sunspec-802", 40002, 1}});
    CHECK(scan_toml(found, "b").find("base = 40002\n") != std::string::npos);
}

TEST_CASE("scan: a unit that falls silent is not asked for every profile", "[firmware][scan]") {
    FakeUnit unit;
    unit.silent = Error{Fault::timeout, "no answer", 0};
    Profiles profiles;
    for (int i = 0; i < 50; ++i) profiles.push_back(profile_at("p" + std::to_string(i), 1, 60));
    CHECK(identify(unit, 1, "words", profiles).fits.empty());
    CHECK(unit.reads < 10);
}

TEST_CASE("scan: units are written as numbers and ranges", "[firmware][scan]") {
    using Units = std::vector<std::uint8_t>;
    CHECK(parse_units("7") == Units{7});
    CHECK(parse_units("3,1-4,255") == Units{3, 1, 2, 4, 255});
    CHECK(parse_units("1-247")->size() == 247);
    for (const auto* bad : {"", ",", "1,", "4-1", "256", "-1", "1-", "a", "1 2", "1-2-3"}) {
        INFO(bad);
        CHECK_FALSE(parse_units(bad));
    }
}

TEST_CASE("scan: what a device says of itself cannot break a line of JSON", "[firmware][scan]") {
    UnitFound found;
    found.unit = 9;
    found.answer = "words";
    found.identity = {"maker=A\"B\\C"};
    found.models = {{1, 40002, 66}};
    found.fits = {{"xy-md02", 0, 2}};
    CHECK(scan_json(found) ==
          "{\"unit\":9,\"answer\":\"words\",\"identity\":[\"maker=A\\\"B\\\\C\"],"
          "\"sunspec\":[\"1@40002\"],\"profiles\":[\"xy-md02\"]}\n");
}
