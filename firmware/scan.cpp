#include "firmware/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "firmware/profile/blocks.hpp"
#include "firmware/profile/codec.hpp"

namespace firebreak {
namespace {

constexpr std::uint8_t report_server_id = 0x11;
constexpr std::uint8_t device_identification = 0x2B;
constexpr std::uint8_t read_device_id = 0x0E;
/// SunSpec Device Information Model Specification 1.1, 3.1: where the marker may stand.
constexpr std::array<std::uint16_t, 3> sunspec_bases{40000, 50000, 0};
constexpr Words sunspec_marker() {
    return {0x5375, 0x6E53};  // "SunS"
}
constexpr std::uint16_t end_of_models = 0xFFFF;
constexpr std::size_t most_models = 64;
constexpr std::uint16_t common_model = 1;
constexpr int most_identifications = 8;
/// A unit that leaves so many questions unanswered is not asked more.
constexpr int most_timeouts = 4;

std::string printable(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const auto byte : bytes) {
        if (byte >= 0x20 && byte < 0x7F) text.push_back(static_cast<char>(byte));
    }
    const auto end = text.find_last_not_of(' ');
    return end == std::string::npos ? "" : text.substr(0, end + 1);
}

std::string text_at(const Words& words, std::size_t at, std::size_t count) {
    Bytes bytes;
    for (std::size_t i = at; i < std::min(at + count, words.size()); ++i) {
        bytes.push_back(static_cast<std::uint8_t>(words[i] >> 8));
        bytes.push_back(static_cast<std::uint8_t>(words[i] & 0xFFU));
    }
    return printable(bytes);
}

void add(std::vector<std::string>& identity, std::string_view key, const std::string& value) {
    if (!value.empty()) identity.push_back(fmt::format("{}={}", key, value));
}

/// The SunSpec common block, model 1: Mn, Md, Vr and SN at 2, 18, 42 and 50 from its ID word.
void read_common(Bus& bus, std::uint8_t unit, const SunSpecModel& model,
                 std::vector<std::string>& identity) {
    if (model.length < 64 || model.address > 65535 - 66) return;
    const auto words = bus.read({unit, Table::holding, model.address, 66});
    if (!words) return;
    add(identity, "maker", text_at(*words, 2, 16));
    add(identity, "model", text_at(*words, 18, 16));
    add(identity, "version", text_at(*words, 42, 8));
    add(identity, "serial", text_at(*words, 50, 16));
}

void ask_identification(Bus& bus, std::uint8_t unit, std::vector<std::string>& identity) {
    std::uint8_t next = 0;
    for (int i = 0; i < most_identifications; ++i) {
        const auto answer = bus.ask(unit, Bytes{device_identification, read_device_id, 1, next});
        if (!answer) return;
        const auto parsed = parse_identification(*answer);
        if (!parsed) return;
        identity.insert(identity.end(), parsed->objects.begin(), parsed->objects.end());
        // A device that points back would be asked for ever.
        if (parsed->next <= next) return;
        next = parsed->next;
    }
}

void ask_server_id(Bus& bus, std::uint8_t unit, std::vector<std::string>& identity) {
    const auto answer = bus.ask(unit, Bytes{report_server_id});
    if (answer && answer->size() > 2) {
        add(identity, "server-id", printable(std::span(*answer).subspan(2)));
    }
}

/// The model number in "sunspec-803"; nothing for another profile.
std::optional<std::uint16_t> sunspec_id(const std::string& profile) {
    constexpr std::string_view prefix = "sunspec-";
    if (profile.rfind(prefix, 0) != 0) return std::nullopt;
    unsigned id = 0;
    for (const char c : profile.substr(prefix.size())) {
        if (c < '0' || c > '9' || id > 6553) return std::nullopt;
        id = id * 10 + static_cast<unsigned>(c - '0');
    }
    return static_cast<std::uint16_t>(id);
}

/// Reads a profile's every block as the agent would; the first thing that does not fit ends it.
class Trial {
public:
    Trial(Bus& bus, std::uint8_t unit) : bus_(bus), unit_(unit) {}

    std::optional<Fit> fits(const std::shared_ptr<const Profile>& profile, std::uint16_t base) {
        std::vector<std::size_t> all(profile->registers.size());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
        Fit fit{profile->name, base, 0};
        for (const auto& block : plan_blocks(*profile, all, base)) {
            if (timeouts_ >= most_timeouts) return std::nullopt;
            const auto words = bus_.read({unit_, block.table, block.address, block.count});
            if (!words) {
                if (words.error().fault == Fault::timeout) ++timeouts_;
                return std::nullopt;
            }
            for (const auto& sample : decode_block(*profile, base, block, *words)) {
                // "Not available" is an honest answer; an implausible value is another device's.
                if (!sample.value && sample.value.error().fault != Fault::stale) {
                    return std::nullopt;
                }
                if (sample.value) ++fit.measures;
            }
        }
        return fit.measures > 0 ? std::optional(fit) : std::nullopt;
    }

private:
    Bus& bus_;
    std::uint8_t unit_;
    int timeouts_ = 0;
};

}  // namespace

Result<std::string> knock(Bus& bus, std::uint8_t unit) {
    for (const bool again : {false, true}) {
        const auto words = bus.read({unit, Table::holding, 0, 1});
        if (words) return "words";
        const auto& error = words.error();
        if (error.fault == Fault::refused || error.fault == Fault::busy) return error.what;
        const bool garbled = error.fault == Fault::corrupt;
        if (!garbled) return tl::unexpected(error);
        // Noise, or two units with one number: once more, then say so.
        if (again) return "garbled: " + error.what;
    }
    return fail(Fault::timeout, "no answer");
}

std::vector<SunSpecModel> find_sunspec(Bus& bus, std::uint8_t unit) {
    std::vector<SunSpecModel> models;
    for (const auto base : sunspec_bases) {
        const auto marker = bus.read({unit, Table::holding, base, 2});
        if (!marker || *marker != sunspec_marker()) continue;
        std::uint32_t address = base + std::uint32_t{2};
        while (models.size() < most_models && address <= 65534) {
            const auto head =
                bus.read({unit, Table::holding, static_cast<std::uint16_t>(address), 2});
            if (!head || head->size() != 2 || (*head)[0] == end_of_models) break;
            models.push_back({(*head)[0], static_cast<std::uint16_t>(address), (*head)[1]});
            address += std::uint32_t{2} + (*head)[1];
        }
        break;
    }
    return models;
}

UnitFound identify(Bus& bus, std::uint8_t unit, std::string answer, const Profiles& profiles) {
    UnitFound found;
    found.unit = unit;
    found.answer = std::move(answer);
    found.models = find_sunspec(bus, unit);
    for (const auto& model : found.models) {
        if (model.id == common_model) read_common(bus, unit, model, found.identity);
    }
    ask_identification(bus, unit, found.identity);
    ask_server_id(bus, unit, found.identity);
    Trial trial(bus, unit);
    for (const auto& profile : profiles) {
        const auto id = sunspec_id(profile->name);
        if (!id) {
            // A device that says what it is needs no guess.
            if (!found.models.empty()) continue;
            if (auto fit = trial.fits(profile, profile->base)) found.fits.push_back(*fit);
            continue;
        }
        for (const auto& model : found.models) {
            if (model.id != *id) continue;
            if (auto fit = trial.fits(profile, model.address)) found.fits.push_back(*fit);
        }
    }
    std::stable_sort(found.fits.begin(), found.fits.end(),
                     [](const Fit& a, const Fit& b) { return a.measures > b.measures; });
    return found;
}

std::optional<Identification> parse_identification(std::span<const std::uint8_t> pdu) {
    // Function, type, code, conformity, more follows, next object, count; then the objects.
    constexpr std::size_t header = 7;
    if (pdu.size() < header || pdu[0] != device_identification || pdu[1] != read_device_id) {
        return std::nullopt;
    }
    constexpr std::array<std::string_view, 7> names{"maker",        "product", "revision",   "url",
                                                    "product-name", "model",   "application"};
    Identification parsed;
    parsed.next = pdu[4] == 0xFF ? pdu[5] : std::uint8_t{0};
    auto left = pdu.subspan(header);
    for (int i = 0; i < pdu[6]; ++i) {
        if (left.size() < 2 || left.size() - 2 < left[1]) return std::nullopt;
        const auto id = left[0];
        const auto value = printable(left.subspan(2, left[1]));
        add(parsed.objects,
            id < names.size() ? std::string(names.at(id)) : fmt::format("object-{}", id), value);
        left = left.subspan(std::size_t{2} + left[1]);
    }
    return parsed;
}

}  // namespace firebreak
