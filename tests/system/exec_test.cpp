// The exec actuator against a real program: a script that keeps its items' states in files.
#include "host/actuate/exec.hpp"

#include <filesystem>

#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// By arguments.
constexpr const char* keeper = R"sh(#!/bin/sh
cd "$(dirname "$0")"
verb=$1 target=$2
case $verb in
  set) action=$3; shift 3; for item in "$@"; do echo "$action" > "item.$item"; done ;;
  show) for file in item.*; do echo "${file#item.} $(cat "$file")"; done ;;
esac
)sh";

class Script {
public:
    explicit Script(const std::string& text) : path_(folder_.write("program", text)) {
        std::filesystem::permissions(path_, std::filesystem::perms(0755));
        folder_.write("item.a", "ready\n");
        folder_.write("item.b", "ready\n");
    }
    [[nodiscard]] std::unique_ptr<Actuator> actuator(ExecEndpoint how = {},
                                                     Duration timeout = 20s) const {
        return make_exec({"lamp", path_, timeout, how}, {{"text", {"a", "b"}}}, -1);
    }
    [[nodiscard]] Result<ItemStates> drain() const {
        return actuator()->apply("text", {{"7", "text", "a", "drain", Posture::drain, "p/r/gas"}});
    }

private:
    TempDir folder_;
    std::string path_;
};

Fault fault_of(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error().fault;
}

}  // namespace

TEST_CASE("exec: items are set by arguments, each action once, and shown", "[system][exec]") {
    const Script script(keeper);
    const auto first = script.actuator()->observe("text");
    INFO((first ? "" : first.error().what));
    REQUIRE(first);
    CHECK(*first == ItemStates{{"a", "ready"}, {"b", "ready"}});
    CHECK(*script.actuator()->apply("text", {{"1", "text", "a", "drain", Posture::cut, "x"},
                                             {"2", "text", "b", "maint", Posture::cut, "x"}}) ==
          ItemStates{{"a", "drain"}, {"b", "maint"}});
    CHECK(
        *script.actuator()->apply("text", {{"3", "text", "a", "ready", Posture::normal, "calm"},
                                           {"4", "text", "b", "ready", Posture::normal, "calm"}}) ==
        ItemStates{{"a", "ready"}, {"b", "ready"}});
}

TEST_CASE("exec: one that takes JSON gets it on stdin, after its own arguments", "[system][exec]") {
    const Script script(R"sh(#!/bin/sh
[ "$1 $2" = "--for tests set" ] && { cat > "$(dirname "$0")/said"; exit 0; }
[ "$1 $2" = "--for tests show" ] && exec sed 's/.*"items":\["a"\].*"ids":\["7"\].*/a drain/' "$(dirname "$0")/said"
exit 9
)sh");
    ExecEndpoint how;
    how.json = true;
    how.arguments = {"--for tests"};  // one word: no shell comes between
    const auto states = script.actuator(how)->apply(
        "text", {{"7", "text", "a", "drain", Posture::drain, "p/r/gas"}});
    INFO((states ? "" : states.error().what));
    REQUIRE(states);
    CHECK(*states == ItemStates{{"a", "drain"}});
}

TEST_CASE("exec: its exit code says what to do next, its complaint why", "[system][exec]") {
    const Script busy("#!/bin/sh\necho still warm >&2\nexit 75\n");
    CHECK(fault_of(busy.drain()) == Fault::busy);
    CHECK(busy.drain().error().what == "lamp: set: still warm");
    CHECK(fault_of(Script("#!/bin/sh\nexit 69\n").drain()) == Fault::port_lost);
    CHECK(fault_of(Script("#!/bin/sh\nexit 1\n").drain()) == Fault::refused);
    CHECK(fault_of(Script("#!/bin/sh\nkill -9 $$\n").drain()) == Fault::refused);
    CHECK(fault_of(Script("#!/nowhere/sh\n").drain()) == Fault::config);
}

TEST_CASE("exec: one that lies is found out by what it shows", "[system][exec]") {
    const Script liar("#!/bin/sh\n[ \"$1\" = set ] || printf 'a ready\\nb ready\\n'\n");
    CHECK(liar.drain()->at("a") == "ready");
    for (const char* shown : {"drained", "a drained", "a ready x", "a ready\\na drain"}) {
        const Script babbler("#!/bin/sh\nprintf '" + std::string(shown) + "\\n'\n");
        CHECK(fault_of(babbler.drain()) == Fault::corrupt);
    }
}

TEST_CASE("exec: of servers that it invents a thousand are believed, and its items all the same",
          "[system][exec]") {
    const Script boaster(
        "#!/bin/sh\n[ \"$1\" = set ] && exit\n"
        "seq -f 'x%g ready' 5000; printf 'a ready\\nb ready\\nc\\001d ready\\n'\n");
    const auto shown = boaster.actuator()->observe("text");
    REQUIRE(shown);
    CHECK(shown->size() == 2 + 1024);
    CHECK(shown->at("a") == "ready");
    CHECK_FALSE(shown->contains("c\001d"));
}

TEST_CASE("exec: one that hangs costs the endpoint's timeout and no more", "[system][exec]") {
    const Script script("#!/bin/sh\nsleep 300\n");
    const auto before = std::chrono::steady_clock::now();
    CHECK(fault_of(script.actuator({}, 300ms)->observe("text")) == Fault::timeout);
    CHECK(std::chrono::steady_clock::now() - before < 10s);
}
