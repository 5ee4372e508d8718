#include "contract/trust_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace firebreak {
namespace {

constexpr std::string_view secret_head = "firebreak ed25519 secret: ";
constexpr std::array<std::pair<std::string_view, bool>, 2> answers = {
    {{"accept", true}, {"refuse", false}}};

std::string beside(const Section& section, const std::string& file) {
    return (std::filesystem::path(section.place().file).parent_path() / file).string();
}

std::string first_line(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

std::string sender_text(const Origin& sender) {
    return fmt::format("{}/{}/{}", sender.site, sender.role == Role::agent ? "agent" : "host",
                       sender.id);
}

/// "pangyo/agent/battery-room"
std::optional<Origin> parse_sender(std::string_view text) {
    for (const auto role : {Role::agent, Role::host}) {
        const std::string_view word = role == Role::agent ? "/agent/" : "/host/";
        const auto at = text.find(word);
        if (at == std::string_view::npos) continue;
        const auto id = text.substr(at + word.size());
        if (!is_name(text.substr(0, at)) || !is_name(id)) return std::nullopt;
        return Origin{std::string(text.substr(0, at)), role, std::string(id)};
    }
    return std::nullopt;
}

std::optional<SigningKey> read_signing(Section section) {
    std::optional<SigningKey> key;
    const auto path = beside(section, section.text("key"));
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) {
        section.complain("key", fmt::format("cannot read {}: make it with keygen", path));
    } else if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        section.complain("key", fmt::format("others than its owner may use {}: chmod 600 it, and "
                                            "make a new key if they might have",
                                            path));
    } else if (::access(path.c_str(), R_OK) != 0) {
        section.complain("key", fmt::format("cannot read {}: it must belong to the user that this "
                                            "program runs as",
                                            path));
    } else {
        const auto line = first_line(path);
        if (line.starts_with(secret_head)) key = parse_signing_key(line.substr(secret_head.size()));
        if (!key) {
            section.complain("key", fmt::format("{} holds no secret key made by keygen", path));
        }
    }
    section.finish();
    return key;
}

std::optional<TrustedKey> read_key(Section& row) {
    TrustedKey out;
    if (row.has("public") == row.has("file")) {
        row.complain("", "give the key: public = \"…\", or file = \"…\" that has it");
        row.ignore("public");
        row.ignore("file");
    } else {
        const std::string_view given = row.has("public") ? "public" : "file";
        auto text = row.text(given);
        if (given == "file") text = first_line(beside(row, text));
        const auto key = parse_public_key(text);
        if (!key) row.complain(given, "no public key: keygen prints 44 characters that end in =");
        out.key = key.value_or(PublicKey{});
    }
    const auto whose = row.text("for");
    const auto sender = parse_sender(whose);
    if (!sender && !whose.empty()) {
        row.complain("for", "say whose key it is, as \"site/agent/id\" or \"site/host/id\"");
    }
    out.sender = sender.value_or(Origin{});
    if (row.has("not_after")) {
        out.not_after = parse_wall(row.text("not_after"));
        if (!out.not_after) row.complain("not_after", "must be like \"2027-10-15T00:00:00.000Z\"");
    }
    row.finish();
    if (!sender || out.key == PublicKey{}) return std::nullopt;
    return out;
}

}  // namespace

TrustPlan read_trust(Section& root) {
    TrustPlan plan;
    if (auto signing = root.table("signing")) plan.signing = read_signing(*signing);
    auto trust = root.table("trust");
    if (!trust) return plan;
    if (trust->has("unsigned")) {
        plan.unsigned_accepted = trust->choice_or<bool>("unsigned", answers, false);
    }
    for (auto& row : trust->rows("key")) {
        if (const auto key = read_key(row)) plan.keys.push_back(*key);
    }
    trust->finish();
    return plan;
}

Result<PublicKey> write_new_key(const std::string& path) {
    const auto key = make_signing_key();
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        const std::string why = errno == EEXIST ? "is there already, and a key that is lost is "
                                                  "lost: give another name"
                                                : std::strerror(errno);
        return fail(Fault::config, fmt::format("{}: {}", path, why));
    }
    const auto text = std::string(secret_head) + secret_text(key) + '\n';
    const auto written = ::write(file, text.data(), text.size());
    const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    if (::close(file) != 0 || !whole) {
        ::unlink(path.c_str());
        return fail(Fault::config, fmt::format("{}: cannot be written", path));
    }
    return key.public_key();
}

int keygen(const std::string& path) {
    const auto key = write_new_key(path);
    if (!key) {
        fmt::print(stderr, "{}\n", key.error().what);
        return 1;
    }
    fmt::print("public = \"{}\"  # key id {}\n", to_text(*key), key_id(*key));
    return 0;
}

std::string describe(const TrustPlan& plan) {
    std::string out = "signing: ";
    out += plan.signing ? "with key " + key_id(plan.signing->public_key()) : "nothing";
    out += '\n';
    for (const auto& known : plan.keys) {
        out +=
            fmt::format("  believes {} with key {}", sender_text(known.sender), key_id(known.key));
        if (known.not_after) out += " until " + format_wall(*known.not_after);
        out += '\n';
    }
    const bool lax = accepts_unsigned(plan, {}, {"", Role::host, ""});
    out += lax ? "  UNSIGNED messages are believed: whoever may write at the broker may act\n"
               : "  unsigned messages are refused\n";
    return out;
}

}  // namespace firebreak
