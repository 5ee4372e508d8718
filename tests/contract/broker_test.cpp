#include "contract/link/broker.hpp"

#include <cstdlib>

#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// What a [broker] of these lines becomes, and what is said of it.
struct Read {
    explicit Read(const std::string& lines) {
        folder.write("secret", "s3cret\r\nsecond line\n");
        folder.write("ca.pem", "x");
        folder.write("own.pem", "x");
        folder.write("own.key", "x");
        auto file = ConfigFile::load(folder.write("site.toml", "[broker]\n" + lines), complaints);
        auto root = file.root();
        plan = read_broker(*root.table("broker"));
    }
    [[nodiscard]] bool says(const std::string& what) const {
        return complaints.text().find(what) != std::string::npos;
    }

    TempDir folder;
    Complaints complaints;
    BrokerPlan plan;
};

}  // namespace

TEST_CASE("broker: one url is enough", "[contract][broker]") {
    const Read read("url = \"mqtt://10.0.0.5:1883\"\n");
    CHECK(read.complaints.empty());
    CHECK(read.plan.urls == std::vector<std::string>{"mqtt://10.0.0.5:1883"});
    CHECK(read.plan.version == MqttVersion::v5);
    CHECK(read.plan.keep_alive == 2s);
}

TEST_CASE("broker: several are tried in the order of the file", "[contract][broker]") {
    const Read read(
        "urls = [\"mqtts://b:8883\", \"mqtts://[::1]:8883\", \"mqtts://c\"]\n"
        "ca_file = \"ca.pem\"\ncert_file = \"own.pem\"\nkey_file = \"own.key\"\n"
        "version = \"3.1.1\"\nkeep_alive = \"5s\"\n"
        "session = \"0s\"\ndot = \"~\"\n");
    CHECK(read.complaints.text().empty());
    CHECK(read.plan.urls.size() == 3);
    CHECK(describe(read.plan) == "mqtts://b:8883, then mqtts://[::1]:8883, then mqtts://c");
    CHECK(read.plan.ca_file == (read.folder.path() / "ca.pem").string());
    CHECK(read.plan.cert_file == (read.folder.path() / "own.pem").string());
    CHECK(read.plan.key_file == (read.folder.path() / "own.key").string());
    CHECK(read.plan.version == MqttVersion::v3_1_1);
    CHECK(read.plan.keep_alive == 5s);
    CHECK(read.plan.session == 0s);
    CHECK(read.plan.dot == '~');
}

TEST_CASE("broker: a list that mixes clear and encrypted brokers is refused",
          "[contract][broker]") {
    const Read read("urls = [\"mqtts://b:8883\", \"mqtt://c:1883\"]\n");
    CHECK(read.says("site.toml:2:1: all brokers must be mqtts://, or none"));
}

TEST_CASE("broker: what is no address is refused, each with its place", "[contract][broker]") {
    for (const std::string url :
         {"http://b", "mqtt://", "mqtt://:1883", "mqtt://b:0", "mqtt://b:x", "mqtt://b:70000",
          "mqtt://u@b:1883", "mqtt://b/topic", "b:1883"}) {
        INFO(url);
        CHECK(Read("url = \"" + url + "\"\n").says("site.toml:2:1: \"" + url + "\""));
    }
    CHECK(Read("username = \"u\"\n").says("site.toml:1:"));
    CHECK(Read("urls = []\n").says("no broker"));
    CHECK(Read("url = \"mqtt://b\"\nurls = [\"mqtt://c\"]\n").says("not both"));
}

TEST_CASE("broker: the password is the first line of a file, relative to the site's",
          "[contract][broker]") {
    const Read read("url = \"mqtt://b\"\nusername = \"u\"\npassword_file = \"secret\"\n");
    CHECK(read.complaints.empty());
    CHECK(read.plan.password == "s3cret");
    CHECK(Read("url = \"mqtt://b\"\npassword_file = \"none\"\n").says("cannot read a password"));
    CHECK(Read("url = \"mqtt://b\"\npassword = \"p\"\npassword_file = \"secret\"\n")
              .says("give password or password_file, not both"));
}

TEST_CASE("broker: the password may be a credential that systemd hands over",
          "[contract][broker]") {
    const std::string lines = "url = \"mqtt://b\"\npassword_credential = \"mqtt\"\n";
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK(Read(lines).says("LoadCredential="));
    const TempDir given;
    given.write("mqtt", "from systemd\n");
    ::setenv("CREDENTIALS_DIRECTORY", given.path().c_str(), 1);
    const Read read(lines);
    CHECK(Read("url = \"mqtt://b\"\npassword_credential = \"../mqtt\"\n").says("no path"));
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK(read.complaints.empty());
    CHECK(read.plan.password == "from systemd");
}

TEST_CASE("broker: TLS settings that cannot work are found before the first connection",
          "[contract][broker]") {
    const std::string url = "url = \"mqtts://b:8883\"\n";
    CHECK(Read(url + "ca_file = \"none.pem\"\n").says("site.toml:3:1: cannot read"));
    CHECK(Read(url + "cert_file = \"own.pem\"\n").says("add key_file"));
    CHECK(Read(url + "key_file = \"own.key\"\n").says("add cert_file"));
    CHECK(Read("url = \"mqtt://b:1883\"\nca_file = \"ca.pem\"\n").says("use mqtts://"));
    CHECK(Read(url + "version = \"4\"\n").says("3.1.1"));
    CHECK(Read(url + "keep_alive = \"500ms\"\n").says("whole seconds"));
    CHECK(Read(url + "session = \"1500ms\"\n").says("whole seconds"));
    CHECK(Read(url + "session = \"200h\"\n").says("to 168h"));
    for (const char* dot : {"/", "+", "a", "", "~~"}) {
        CHECK(Read(url + "dot = \"" + dot + "\"\n").says("must be one of . ~ : = !"));
    }
}

TEST_CASE("broker: what a CONNACK refuses with is told in words", "[contract][broker]") {
    CHECK(connack_text(5) == "not authorized");
    CHECK(connack_text(17) == "refused");
}
