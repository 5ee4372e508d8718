// Holds the shape of the house: which folder may include which, which file may include which
// library, who may ask the clock, and how long files, functions and interfaces may be.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace fs = std::filesystem;

namespace {

struct Source {
    std::string path;  // relative to the repository root
    std::vector<std::string> lines;
};

std::vector<Source> sources() {
    std::vector<Source> found;
    const fs::path root = FIREBREAK_SOURCE_DIR;
    for (const char* folder : {"contract", "firmware", "host", "sim", "tests", "bench"}) {
        if (!fs::exists(root / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".hpp") continue;
            Source source{fs::relative(entry.path(), root).string(), {}};
            std::ifstream in(entry.path());
            for (std::string line; std::getline(in, line);) source.lines.push_back(line);
            found.push_back(std::move(source));
        }
    }
    std::sort(found.begin(), found.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return found;
}

bool starts_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

std::vector<std::string> includes(const Source& source, char open) {
    std::vector<std::string> found;
    const std::string prefix = std::string("#include ") + open;
    for (const auto& line : source.lines) {
        if (!starts_with(line, prefix)) continue;
        const auto begin = prefix.size();
        found.push_back(line.substr(begin, line.find_first_of(">\"", begin) - begin));
    }
    return found;
}

// The longest prefix wins; a file may include its own layer and those listed.
const std::map<std::string, std::vector<std::string>> arrows = {
    {"contract/support/", {}},
    {"contract/link/", {"contract/"}},
    {"contract/metrics/", {"contract/"}},
    {"contract/view/", {"contract/"}},
    {"contract/", {"contract/"}},
    {"firmware/profile/", {"contract/"}},
    {"firmware/bus/", {"contract/", "firmware/profile/"}},
    {"firmware/alarm/", {"contract/", "firmware/profile/"}},
    {"firmware/outbox/", {"contract/", "firmware/profile/", "firmware/store/store.hpp"}},
    {"firmware/store/", {"contract/"}},
    {"firmware/", {"contract/", "firmware/"}},
    {"host/actuate/",
     {"contract/", "host/plan.hpp", "host/policy.hpp", "host/endpoint.hpp", "host/hostlist.hpp"}},
    {"host/", {"contract/", "host/"}},
    {"sim/replay", {"contract/", "firmware/", "host/", "sim/"}},
    {"sim/physics/", {}},
    {"sim/judge/",
     {"contract/", "firmware/profile/", "firmware/site", "firmware/alarm/", "sim/physics/"}},
    {"sim/main", {"contract/", "firmware/", "host/", "sim/"}},
    {"sim/",
     {"contract/", "firmware/profile/", "firmware/site", "firmware/board.hpp",
      "firmware/bus/plan.hpp", "firmware/bus/bus.hpp", "firmware/bus/frame.hpp",
      "firmware/bus/rtu.hpp", "firmware/alarm/plan.hpp", "sim/"}},
    {"tests/", {""}},
    {"bench/", {""}},
};

const std::pair<const std::string, std::vector<std::string>>& layer_of(const std::string& path) {
    const std::pair<const std::string, std::vector<std::string>>* best = nullptr;
    for (const auto& layer : arrows) {
        if (starts_with(path, layer.first) &&
            (best == nullptr || layer.first.size() > best->first.size())) {
            best = &layer;
        }
    }
    REQUIRE(best != nullptr);
    return *best;
}

// A library's header prefix, and the only sources that may include it.
const std::map<std::string, std::set<std::string>> owners = {
    {"toml++/", {"contract/support/config_file.cpp"}},
    {"nlohmann/",
     {"contract/payload.cpp", "host/actuate/api_json.cpp", "host/journal/words.cpp",
      "host/operator/wire.cpp"}},
    {"mqtt/", {"contract/link/paho_link.cpp", "bench/mqtt/raw_paho.cpp"}},
    {"MQTT", {"contract/link/paho_link.cpp", "bench/mqtt/raw_paho.cpp"}},
    {"spdlog/", {}},
    {"CLI/", {"contract/support/program.cpp"}},
    {"modbus", {"firmware/bus/libmodbus_port.cpp", "bench/bus/raw_libmodbus.cpp"}},
    {"httplib", {"sim/load.cpp"}},
    {"curl/", {"host/actuate/http.cpp"}},
    {"openssl/", {"host/actuate/webhook_text.cpp"}},
    {"sqlite3", {"contract/support/sqlite_statement.hpp"}},  // what it owns: the next list
    {"sodium", {"contract/signature.cpp"}},
    {"slurm/", {"host/slurm/main.cpp"}},
    {"prometheus/", {"contract/metrics/exporter.cpp"}},
};

// One source a program owns a file of SQLite: the agent's store, the host's journal.
const std::set<std::string> own_sqlite = {"firmware/store/sqlite_store.cpp",
                                          "host/journal/sqlite_journal.cpp"};

// The shells: everything else takes time as an argument.
const std::set<std::string> may_ask_the_clock = {
    "contract/support/log.cpp",
    "contract/support/program.cpp",
    "firmware/shell.cpp",
    "firmware/verbs/alarm.cpp",
    "firmware/verbs/read.cpp",
    "firmware/verbs/sparkplug.cpp",
    "firmware/bus/bus_thread.cpp",
    "firmware/bus/libmodbus_port.cpp",
    "firmware/bus/modbus_bus.cpp",
    "host/journal/journal_thread.cpp",
    "host/main.cpp",
    "host/operator/socket.cpp",
    "host/tail.cpp",
    "host/actuate/child.cpp",
    "host/actuate/crew.cpp",
    "host/actuate/exec.cpp",
    "host/actuate/haproxy.cpp",
    "host/actuate/http.cpp",
    "host/actuate/kubernetes.cpp",
    "host/actuate/kubernetes_api.cpp",
    "host/actuate/kubernetes_drain.cpp",
    "host/actuate/nut.cpp",
    "host/actuate/slurm.cpp",
    "host/actuate/stream.cpp",
    "host/actuate/webhook.cpp",
    "sim/main.cpp",
    "sim/run.cpp",
    "sim/load.cpp",
    "sim/rack.cpp",
};

std::string without_strings(const std::string& line) {
    static const std::regex quoted("\"(\\\\.|[^\"\\\\])*\"|'(\\\\.|[^'\\\\])'|//.*");
    return std::regex_replace(line, quoted, "");
}

}  // namespace

TEST_CASE("layers: a file includes only from its own layer and those below it", "[layers]") {
    for (const auto& source : sources()) {
        const auto& [layer, below] = layer_of(source.path);
        for (const auto& include : includes(source, '"')) {
            INFO(source.path << " includes " << include);
            const bool own = starts_with(include, layer);
            const bool lower = std::any_of(below.begin(), below.end(), [&](const auto& prefix) {
                return starts_with(include, prefix);
            });
            CHECK((own || lower));
        }
    }
}

TEST_CASE("layers: host and firmware never include each other", "[layers]") {
    for (const auto& source : sources()) {
        for (const auto& include : includes(source, '"')) {
            INFO(source.path << " includes " << include);
            CHECK_FALSE((starts_with(source.path, "host/") && starts_with(include, "firmware/")));
            CHECK_FALSE((starts_with(source.path, "firmware/") && starts_with(include, "host/")));
            CHECK_FALSE((starts_with(source.path, "contract/link/") == false &&
                         starts_with(source.path, "contract/") &&
                         starts_with(include, "contract/link/")));
        }
    }
}

// Two that bear one name are one to the linker, which takes the destructor of either for both.
TEST_CASE("layers: no type's name stands twice in what tests and simulator link", "[layers]") {
    static const std::regex defines(R"(^(struct|class|enum class) (\w+)( final)?( : .*)? \{.*$)");
    std::map<std::string, std::string> first;  // by name, where it stands
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/") || starts_with(source.path, "bench/")) continue;
        bool of_the_file = false;
        for (const auto& line : source.lines) {
            if (line == "namespace {") of_the_file = true;
            if (line == "}  // namespace") of_the_file = false;
            std::smatch match;
            if (of_the_file || !std::regex_match(line, match, defines)) continue;
            const auto [known, is_new] = first.emplace(match[2], source.path);
            INFO(match[2] << " stands in " << source.path << " and in " << known->second);
            CHECK(is_new);
        }
    }
}

TEST_CASE("layers: each library is included by its one source", "[layers]") {
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/")) continue;
        for (const auto& include : includes(source, '"')) {
            if (include != "contract/support/sqlite_statement.hpp") continue;
            INFO(source.path << " includes \"" << include << '"');
            CHECK(own_sqlite.count(source.path) == 1);
        }
        for (const auto& include : includes(source, '<')) {
            for (const auto& [prefix, allowed] : owners) {
                if (!starts_with(include, prefix)) continue;
                INFO(source.path << " includes <" << include << ">");
                CHECK(allowed.count(source.path) == 1);
            }
        }
    }
}

TEST_CASE("layers: only the shells ask the clock or sleep", "[layers]") {
    for (const auto& source : sources()) {
        const bool ring =
            starts_with(source.path, "tests/") && (starts_with(source.path, "tests/system/") ||
                                                   starts_with(source.path, "tests/broker/") ||
                                                   starts_with(source.path, "tests/serial/") ||
                                                   starts_with(source.path, "tests/support/"));
        if (ring || starts_with(source.path, "bench/")) continue;
        if (may_ask_the_clock.count(source.path) == 1) continue;
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            const auto line = without_strings(source.lines[i]);
            INFO(source.path << ":" << i + 1 << ": " << source.lines[i]);
            CHECK(line.find("::now()") == std::string::npos);
            CHECK(line.find("sleep_for") == std::string::npos);
            CHECK(line.find("sleep_until") == std::string::npos);
        }
    }
}

TEST_CASE("layers: the cores leave logging to their shells", "[layers]") {
    static const std::regex logs(R"((^|[^\w.:])log\()");
    for (const auto& source : sources()) {
        const bool program =
            starts_with(source.path, "host/") || starts_with(source.path, "firmware/");
        if (!program || may_ask_the_clock.count(source.path) == 1) continue;
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            INFO(source.path << ":" << i + 1 << ": " << source.lines[i]);
            CHECK_FALSE(std::regex_search(without_strings(source.lines[i]), logs));
        }
    }
}

TEST_CASE("layers: a slash in a topic string stands only in topic.cpp", "[layers]") {
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/") || starts_with(source.path, "contract/topic"))
            continue;
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            INFO(source.path << ":" << i + 1);
            CHECK(source.lines[i].find("\"firebreak/") == std::string::npos);
        }
    }
}

TEST_CASE("layers: files stay within their size budgets", "[layers]") {
    std::size_t said = 0;     // what the contract says; docs/adr/0004
    std::size_t link = 0;     // what carries it
    std::size_t proof = 0;    // what proves who says it
    std::size_t shown = 0;    // what shows it, to terminals and to Prometheus
    std::size_t support = 0;  // what both programs stand on
    for (const auto& source : sources()) {
        if (starts_with(source.path, "contract/support/")) {
            support += source.lines.size();
        } else if (starts_with(source.path, "contract/link/")) {
            link += source.lines.size();
        } else if (starts_with(source.path, "contract/trust") ||
                   starts_with(source.path, "contract/signature") ||
                   starts_with(source.path, "contract/digest") ||
                   starts_with(source.path, "contract/challenge")) {
            proof += source.lines.size();
        } else if (starts_with(source.path, "contract/view/") ||
                   starts_with(source.path, "contract/metric")) {
            shown += source.lines.size();
        } else if (starts_with(source.path, "contract/")) {
            said += source.lines.size();
        }
        if (starts_with(source.path, "tests/")) continue;
        INFO(source.path << " has " << source.lines.size() << " lines");
        CHECK(source.lines.size() <= 400);
    }
    INFO("contract/ has " << said << " lines, its link " << link << ", its proof " << proof
                          << ", what shows it " << shown << ", its support " << support);
    CHECK(said <= 1800);
    CHECK(link <= 1010);
    CHECK(proof <= 700);
    CHECK(shown <= 800);
    CHECK(support <= 1500);
}

// The code is formatted, so a function's body closes with a brace at the column of its first line.
TEST_CASE("layers: functions are at most 60 lines long", "[layers]") {
    static const std::regex opens(R"(^( *)[A-Za-z_~].*\)( const)?( noexcept)?( override)?.*\{$)");
    static const std::regex control(
        R"(^ *(} )?(if|for|while|switch|else|do|namespace|try|catch)\b)");
    static const std::regex continues(R"(^ *[^ /#].*[^;{}:> ]$)");
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/")) continue;
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            std::smatch match;
            const auto& line = source.lines[i];
            if (!std::regex_match(line, match, opens) || std::regex_search(line, control)) continue;
            // A signature of several lines closes at the column of its first.
            std::size_t begin = i;
            while (begin > 0 && std::regex_search(source.lines[begin - 1], continues)) --begin;
            if (std::regex_search(source.lines[begin], control)) continue;
            const auto indent = source.lines[begin].find_first_not_of(' ');
            if (indent > 8) continue;  // the rest of a statement, no function stands so deep
            const std::string close = std::string(indent, ' ') + "}";
            std::size_t end = i;
            while (end < source.lines.size() && !starts_with(source.lines[end], close)) ++end;
            INFO(source.path << ":" << i + 1 << " opens a function of " << end - begin + 1
                             << " lines");
            CHECK(end - begin + 1 <= 60);
        }
    }
}

TEST_CASE("layers: an interface has at most four virtual functions", "[layers]") {
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/")) continue;
        std::string name;
        int virtuals = 0;
        for (const auto& line : source.lines) {
            static const std::regex head(R"(^(class|struct) (\w+).*\{$)");
            std::smatch match;
            if (std::regex_match(line, match, head)) {
                name = match[2];
                virtuals = 0;
            }
            if (line.find("virtual ") != std::string::npos && line.find('~') == std::string::npos) {
                INFO(source.path << ": " << name);
                CHECK(++virtuals <= 4);
            }
        }
    }
}

TEST_CASE("layers: a header opens with its purpose in at most six lines", "[layers]") {
    for (const auto& source : sources()) {
        if (starts_with(source.path, "tests/") || fs::path(source.path).extension() != ".hpp") {
            continue;
        }
        std::size_t comment = 0;
        while (comment < source.lines.size() && starts_with(source.lines[comment], "//")) ++comment;
        INFO(source.path << " opens with " << comment << " comment lines");
        CHECK(comment >= 1);
        CHECK(comment <= 6);
    }
}
