#include "host/actuate/exec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "contract/payload.hpp"
#include "host/actuate/child.hpp"
#include "host/actuate/stand_ins.hpp"

namespace firebreak {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t most_shown = 1024UL * 1024;

// <sysexits.h>, which scripts know by number.
constexpr int unavailable = 69;
constexpr int try_again = 75;

/// Items that one start of the program sets alike.
struct Wanted {
    std::string action, because;
    Names items, ids;
};

std::vector<Wanted> wanted_of(const std::vector<Step>& steps) {
    std::map<std::string, Wanted> by_action;
    for (const auto& step : steps) {
        auto& wanted = by_action[step.action];
        wanted.action = step.action;
        if (wanted.because.empty()) wanted.because = step.because;
        wanted.items.push_back(step.item);
        wanted.ids.push_back(step.id);
    }
    std::vector<Wanted> out;
    for (auto& [action, wanted] : by_action) out.push_back(std::move(wanted));
    return out;
}

class Exec final : public Actuator {
public:
    Exec(EndpointPlan endpoint, std::map<std::string, Names> items, int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<ExecEndpoint>(endpoint_.how)),
          items_(std::move(items)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto items = items_.find(target);
        if (items == items_.end()) return fail(Fault::config, "no such target: " + target);
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        // One refusal must not keep the others from being set: go on, say it last.
        std::optional<Error> refused;
        for (const auto& wanted : wanted_of(steps)) {
            Names words = {target, wanted.action};
            words.insert(words.end(), wanted.items.begin(), wanted.items.end());
            const auto set = run("set", words,
                                 to_json({{"target", target},
                                          {"action", wanted.action},
                                          {"items", wanted.items},
                                          {"ids", wanted.ids},
                                          {"because", wanted.because}}));
            if (set || refused) continue;
            refused = set.error();
            if (refused->fault != Fault::refused) break;
        }
        if (refused) return within(*refused, endpoint_.name);
        Names words = {target};
        words.insert(words.end(), items->second.begin(), items->second.end());
        const auto shown =
            run("show", words, to_json({{"target", target}, {"items", items->second}}));
        if (!shown) return within(shown.error(), endpoint_.name);
        auto read = parse_shown(*shown);
        if (!read) return within(read.error(), endpoint_.name);
        return believed_of(*std::move(read), items->second);
    }

private:
    Result<std::string> run(const std::string& verb, const Names& words, std::string json) {
        ChildPlan plan;
        plan.words = {endpoint_.address};
        plan.words.insert(plan.words.end(), how_.arguments.begin(), how_.arguments.end());
        plan.words.push_back(verb);
        if (how_.json) {
            plan.input = std::move(json);
        } else {
            plan.words.insert(plan.words.end(), words.begin(), words.end());
        }
        plan.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
        plan.most_output = most_shown;
        auto end = run_child(plan, deadline_, stop_fd_);
        if (!end) return within(end.error(), verb);
        if (end->code == 0) return std::move(end->out);
        const auto fault = end->code == try_again     ? Fault::busy
                           : end->code == unavailable ? Fault::port_lost
                                                      : Fault::refused;
        return fail(fault, verb + ": " + complaint_of(*end));
    }

    EndpointPlan endpoint_;
    ExecEndpoint how_;
    std::map<std::string, Names> items_;
    int stop_fd_;
    Instant deadline_{};
};

}  // namespace

Result<ItemStates> parse_shown(std::string_view text) {
    ItemStates shown;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const auto blank = line.find(' ');
        const auto item = line.substr(0, blank);
        const auto state = blank == std::string_view::npos ? "" : line.substr(blank + 1);
        if (item.empty() || !is_item_state(state)) {
            return fail(Fault::corrupt,
                        fmt::format("show: \"{}\" is no item and its state", line.substr(0, 120)));
        }
        if (!shown.emplace(item, state).second) {
            return fail(Fault::corrupt, fmt::format("show: {} stands twice", item.substr(0, 64)));
        }
    }
    return shown;
}

std::unique_ptr<Actuator> make_exec(const EndpointPlan& endpoint,
                                    std::map<std::string, Names> items, int stop_fd) {
    return std::make_unique<Exec>(endpoint, std::move(items), stop_fd);
}

}  // namespace firebreak
