// A host that drains by weight and is killed, with a real broker and a real haproxy: what it took
// it gives back in a later life, and what others changed in between stays theirs.
#include <chrono>
#include <fstream>
#include <iterator>

#include "host/actuate/stream.hpp"
#include "tests/system/host_stage.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

struct Stage : HostStage {
    Stage()
        : HostStage(FIREBREAK_BIN_DIR "/firebreak-host",
                    fmt::format("[journal]\nfile = \"{}/host.journal\"\n", journal_folder())) {
        std::ifstream in(path("policy.toml"));
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string target = "backend = \"text\", ";
        REQUIRE(text.find(target) != std::string::npos);
        text.insert(text.find(target) + target.size(), "drain_by = \"weight\", ");
        folder.write("policy.toml", text);
        REQUIRE(eventually([&] { return !told("show version").empty(); }));
    }
    static std::string journal_folder() { return journal.emplace().path().string(); }

    /// What haproxy answers to a line of a person's; "" while it is not there.
    [[nodiscard]] std::string told(const std::string& line) const {
        Stream stream(std::chrono::steady_clock::now() + 5s, -1);
        std::string answer;
        const auto address = parse_address(socket());
        if (!address || !stream.connect(*address) || !stream.send(line + '\n')) return "";
        for (auto more = stream.receive(answer); more && *more;) more = stream.receive(answer);
        return answer;
    }
    void weigh(const std::string& server, int weight) const {
        static_cast<void>(told(fmt::format("set server text/{} weight {}", server, weight)));
    }
    [[nodiscard]] bool weighs(int a, int b) const {
        const auto is = [&](const std::string& server, int weight) {
            return told("get weight text/" + server).starts_with(std::to_string(weight) + " (");
        };
        return eventually([&] { return is("pangyo-a", a) && is("pangyo-b", b); }, 30s);
    }
    [[nodiscard]] bool holds(std::size_t items) const {
        return eventually([&] { return posture("text").held.size() == items; }, 30s);
    }
    /// Weights of 77 and 33 are drained to 0, and held.
    void drain() {
        weigh("pangyo-a", 77);
        weigh("pangyo-b", 33);
        start_host();
        quiet_day();
        alarm("gas", Phase::firing);
        REQUIRE(weighs(0, 0));
        REQUIRE(holds(2));
    }

    static inline std::optional<TempDir> journal;
};

}  // namespace

TEST_CASE("host: killed with servers drained by weight, a later life gives back what it took",
          "[system][host]") {
    Stage stage;
    stage.drain();
    stage.host->kill();
    stage.start_host();
    stage.beat();
    REQUIRE(stage.holds(2));
    stage.host->kill();  // once more, having read nothing but what an earlier life had taken
    stage.start_host();
    stage.beat();
    REQUIRE(stage.holds(2));
    stage.alarm("gas", Phase::clear);
    CHECK(stage.weighs(77, 33));
    CHECK(stage.holds(0));
    CHECK(stage.host->err().find("not known") == std::string::npos);
    CHECK(stage.host->stop() == 0);
}

TEST_CASE("host: a weight that somebody changed while the host was dead stays theirs",
          "[system][host]") {
    Stage stage;
    stage.drain();
    stage.host->kill();
    stage.weigh("pangyo-b", 50);
    stage.alarm("gas", Phase::clear);
    stage.start_host();
    stage.beat();
    CHECK(stage.weighs(77, 50));
    CHECK(stage.holds(0));
    CHECK(stage.host->stop() == 0);
}
