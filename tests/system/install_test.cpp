// What the packages put onto a machine, installed below a folder of this test's own.
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
    std::ifstream in(path);
    REQUIRE(in);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

/// The package's content below `root`, as dpkg would lay it out.
void install(const std::string& component, const fs::path& root) {
    const auto build = fs::path(FIREBREAK_BIN_DIR).parent_path().string();
    Process cmake("cmake", {"--install", build, "--prefix", "/usr", "--component", component},
                  {{"DESTDIR", root.string()}});
    const auto code = cmake.wait(120s);
    INFO(cmake.out() << cmake.err());
    REQUIRE(code == 0);
}

}  // namespace

TEST_CASE("install: the agent's package is whole, and its site file needs only editing",
          "[system][install]") {
    const TempDir folder;
    const auto& root = folder.path();
    install("agent", root);
    const auto shared = root / "usr/share/firebreak";
    CHECK(names_in(shared / "profiles") == names_in(FIREBREAK_SOURCE_DIR "/firmware/profiles"));
    CHECK(names_in(shared / "rules") == names_in(FIREBREAK_SOURCE_DIR "/firmware/rules"));
    CHECK(fs::exists(shared / "boards/raspberry-pi/board.toml"));
    CHECK(fs::exists(root / "usr/share/doc/firebreak-agent/docs/site.md"));

    const auto unit = content(root / "lib/systemd/system/firebreak-agent.service");
    CHECK(unit.find("ExecStart=/usr/bin/firebreak-agent run --config /etc/firebreak/site.toml") !=
          std::string::npos);
    CHECK(content(FIREBREAK_SOURCE_DIR "/packaging/debian/agent/conffiles") ==
          "/etc/firebreak/site.toml\n");
    Process check((root / "usr/bin/firebreak-agent").string(),
                  {"check", (root / "etc/firebreak/site.toml").string()},
                  {{"FIREBREAK_PROFILES", (shared / "profiles").string()}});
    const auto code = check.wait(60s);
    INFO(check.err());
    CHECK(code == 0);
}

TEST_CASE("install: the host's package is whole, and rehearses until its policy is edited",
          "[system][install]") {
    const TempDir folder;
    const auto& root = folder.path();
    install("host", root);
    const auto unit = content(root / "lib/systemd/system/firebreak-host.service");
    CHECK(unit.find("ExecStart=/usr/bin/firebreak-host run --config /etc/firebreak/policy.toml") !=
          std::string::npos);
    CHECK(content(FIREBREAK_SOURCE_DIR "/packaging/debian/host/conffiles") ==
          "/etc/firebreak/policy.toml\n");
    Process check((root / "usr/bin/firebreak-host").string(),
                  {"check", (root / "etc/firebreak/policy.toml").string()});
    const auto code = check.wait(60s);
    INFO(check.err());
    CHECK(code == 0);
    CHECK(check.out().find("rehearsing: armed = true is not set") != std::string::npos);
}
