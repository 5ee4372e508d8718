#include "contract/trust_file.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

struct Room {
    TempDir dir;
    [[nodiscard]] std::string path(const std::string& name) const {
        return (dir.path() / name).string();
    }
    TrustPlan read(const std::string& text) {
        complaints = Complaints();
        const auto file = ConfigFile::parse(text, path("site.toml"), complaints);
        auto root = file.root();
        auto plan = read_trust(root);
        root.finish();
        return plan;
    }
    Complaints complaints;
};

}  // namespace

TEST_CASE("trust file: a new key is its owner's alone, and is never written over",
          "[contract][trust_file]") {
    Room room;
    const auto key = write_new_key(room.path("agent.key"));
    REQUIRE(key);
    struct stat file {};
    REQUIRE(::stat(room.path("agent.key").c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
    const auto again = write_new_key(room.path("agent.key"));
    REQUIRE_FALSE(again);
    CHECK(again.error().what.find("is there already") != std::string::npos);
    const auto plan = room.read("[signing]\nkey = \"agent.key\"\n");
    CHECK(room.complaints.empty());
    REQUIRE(plan.signing);
    CHECK(plan.signing->public_key() == *key);
    CHECK(describe(plan).find(secret_text(*plan.signing)) == std::string::npos);
}

TEST_CASE("trust file: a secret key that others may read, or that is none, is refused at its place",
          "[contract][trust_file]") {
    Room room;
    REQUIRE(write_new_key(room.path("open.key")));
    std::filesystem::permissions(room.path("open.key"), std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    CHECK_FALSE(room.read("[signing]\nkey = \"open.key\"\n").signing);
    CHECK(room.complaints.text().find("site.toml:2:") != std::string::npos);
    CHECK(room.complaints.text().find("chmod 600") != std::string::npos);
    CHECK_FALSE(room.read("[signing]\nkey = \"absent.key\"\n").signing);
    CHECK(room.complaints.text().find("make it with keygen") != std::string::npos);
    std::ofstream(room.path("junk.key")) << "firebreak ed25519 secret: AAAA\n";
    std::filesystem::permissions(room.path("junk.key"), std::filesystem::perms::owner_read);
    CHECK_FALSE(room.read("[signing]\nkey = \"junk.key\"\n").signing);
    CHECK(room.complaints.text().find("holds no secret key") != std::string::npos);
}

TEST_CASE("trust file: keys are given in line or as a file, for one sender each",
          "[contract][trust_file]") {
    Room room;
    const auto text = to_text(make_signing_key().public_key());
    std::ofstream(room.path("b.pub")) << text << '\n';
    const auto plan =
        room.read("[trust]\nunsigned = \"accept\"\n[[trust.key]]\npublic = \"" + text +
                  "\"\nfor = \"pangyo/agent/battery-room\"\n"
                  "not_after = \"2027-10-15T00:00:00.000Z\"\n"
                  "[[trust.key]]\nfile = \"b.pub\"\nfor = \"seoul/host/seoul-1\"\n");
    INFO(room.complaints.text());
    CHECK(room.complaints.empty());
    REQUIRE(plan.keys.size() == 2);
    CHECK(plan.keys[0].sender == Origin{"pangyo", Role::agent, "battery-room"});
    CHECK(plan.keys[0].not_after);
    CHECK(plan.keys[1].sender == Origin{"seoul", Role::host, "seoul-1"});
    CHECK(plan.keys[0].key == plan.keys[1].key);
    CHECK(plan.unsigned_accepted == true);
    CHECK(describe(plan).find("UNSIGNED") != std::string::npos);
}

TEST_CASE("trust file: what is wrong is complained about at its line", "[contract][trust_file]") {
    Room room;
    const std::string good = to_text(make_signing_key().public_key());
    for (const auto& [text, wants] : std::vector<std::pair<std::string, std::string>>{
             {"[trust]\nunsigned = \"maybe\"\n", ":2:"},
             {"[[trust.key]]\nfor = \"a/agent/b\"\n", "give the key"},
             {"[[trust.key]]\npublic = \"AAAA\"\nfor = \"a/agent/b\"\n", "44 characters"},
             {"[[trust.key]]\npublic = \"" + good + "\"\nfor = \"a/b\"\n", "site/agent/id"},
             {"[[trust.key]]\npublic = \"" + good + "\"\nfor = \"a/agent/b\"\nnot_after = \"x\"\n",
              "must be like"},
             {"[[trust.key]]\npublic = \"" + good + "\"\nfor = \"a/agent/b\"\nfro = 1\n", "fro"}}) {
        INFO(text);
        CHECK(room.read(text).keys.size() <= 1);
        CHECK(room.complaints.text().find(wants) != std::string::npos);
    }
}

}  // namespace firebreak
