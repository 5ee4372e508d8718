#include "host/actuate/nut.hpp"

#include <poll.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "host/actuate/nut_text.hpp"
#include "host/actuate/stream.hpp"

namespace firebreak {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t most_line = 4096;
/// A driver polls its UPS every two seconds by default: what is read at once is of before.
constexpr Duration look_again = std::chrono::milliseconds(250);

struct Login {
    std::string user, password;
};

Result<Login> login_of(const std::string& path) {
    std::ifstream file(path);
    Login login;
    std::getline(file, login.user);
    std::getline(file, login.password);
    for (auto* text : {&login.user, &login.password}) {
        if (text->ends_with('\r')) text->pop_back();
    }
    if (!file.is_open() || login.user.empty() || login.password.empty()) {
        return fail(Fault::config, "no user and password in the first two lines of " + path);
    }
    return login;
}

/// One line asked, one line answered.
class Dialog {
public:
    Dialog(Instant deadline, int stop_fd) : stream_(deadline, stop_fd) {}

    Result<void> connect(const SocketAddress& address) { return stream_.connect(address); }

    Result<std::string> ask(const std::string& line) {
        if (auto sent = stream_.send(line + '\n'); !sent) return tl::unexpected(sent.error());
        for (;;) {
            if (const auto end = come_.find('\n'); end != std::string::npos) {
                auto answer = come_.substr(0, end);
                come_.erase(0, end + 1);
                return answer;
            }
            if (come_.size() > most_line) return fail(Fault::corrupt, "an endless line");
            const auto more = stream_.receive(come_);
            if (!more) return tl::unexpected(more.error());
            if (!*more) return fail(Fault::port_lost, "upsd hung up");
        }
    }

    Result<void> tell(const std::string& line) {
        const auto answer = ask(line);
        return answer ? parse_nut_done(*answer) : tl::unexpected(answer.error());
    }

    Result<std::optional<std::string>> value(const std::string& ups, const std::string& variable) {
        const auto answer = ask("GET VAR " + ups + ' ' + variable);
        if (!answer) return tl::unexpected(answer.error());
        return parse_nut_value(*answer, ups, variable);
    }

private:
    Stream stream_;
    std::string come_;
};

/// Whether the dialog can go on: upsd has answered, if only with a no.
bool is_answer(const Error& error) {
    return error.fault == Fault::refused || error.fault == Fault::stale;
}

class Nut final : public Actuator {
public:
    Nut(EndpointPlan endpoint, std::map<std::string, Names> items, int stop_fd)
        : endpoint_(std::move(endpoint)),
          how_(std::get<NutEndpoint>(endpoint_.how)),
          address_(parse_address(endpoint_.address)),
          items_(std::move(items)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto items = items_.find(target);
        if (!address_ || items == items_.end()) {
            return fail(Fault::config, "no such address or target: " + target);
        }
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        Dialog upsd(deadline_, stop_fd_);
        auto states = carry_out(upsd, items->second, steps);
        return states ? states : within(states.error(), endpoint_.name);
    }

private:
    Result<ItemStates> carry_out(Dialog& upsd, const Names& items, const std::vector<Step>& steps) {
        if (auto connected = upsd.connect(*address_); !connected) {
            return tl::unexpected(connected.error());
        }
        // One refused command must not keep the others back: go on, say it last.
        std::optional<Error> refused;
        if (!steps.empty()) {
            if (auto known = log_in(upsd); !known) return tl::unexpected(known.error());
        }
        for (const auto& step : steps) {
            const auto told = set(upsd, step);
            if (told) continue;
            if (!is_answer(told.error())) return tl::unexpected(told.error());
            if (!refused) refused = within(told.error(), step.item).value();
        }
        for (;;) {
            auto states = show(upsd, items);
            if (!states) return states;
            if (refused) return tl::unexpected(*refused);
            const bool done = std::all_of(steps.begin(), steps.end(), [&](const auto& step) {
                const auto state = states->find(step.item);
                return state == states->end() || is_set(state->second, step.action);
            });
            if (done || !wait()) return states;
        }
    }

    Result<void> log_in(Dialog& upsd) {
        const auto login = login_of(how_.login_file);
        if (!login) return tl::unexpected(login.error());
        if (auto known = upsd.tell("USERNAME " + nut_quoted(login->user)); !known) return known;
        return upsd.tell("PASSWORD " + nut_quoted(login->password));
    }

    Result<void> set(Dialog& upsd, const Step& step) {
        const auto item = parse_nut_item(step.item);
        if (!item) return fail(Fault::config, "no item of a UPS: " + step.item);
        const auto now = read(upsd, *item);
        if (!now) return tl::unexpected(now.error());
        if (is_set(*now, step.action)) return {};
        if (*now == "fsd") {
            return fail(Fault::refused,
                        "its shutdown cannot be taken back: restart its driver "
                        "and upsd");
        }
        return upsd.tell(nut_command(*item, step.action));
    }

    Result<std::string> read(Dialog& upsd, const NutItem& item) {
        const auto ups = upsd.value(item.ups, "ups.status");
        if (!ups) {
            if (ups.error().fault == Fault::stale) return std::string(cannot_tell);
            return tl::unexpected(ups.error());
        }
        const auto outlet = upsd.value(item.ups, outlet_variable(item));
        if (!outlet) return tl::unexpected(outlet.error());
        return state_of(item, *ups, *outlet);
    }

    Result<ItemStates> show(Dialog& upsd, const Names& items) {
        ItemStates states;
        for (const auto& name : items) {
            const auto item = parse_nut_item(name);
            if (!item) continue;
            const auto state = read(upsd, *item);
            if (state) {
                states[name] = *state;
            } else if (!state.error().what.starts_with("UNKNOWN-UPS")) {
                return within(state.error(), name);
            }
        }
        return states;
    }

    /// False when there is no time to look again.
    [[nodiscard]] bool wait() const {
        const auto until = std::chrono::steady_clock::now() + look_again;
        if (until >= deadline_ - endpoint_.timeout / 4) return false;
        pollfd fd{stop_fd_, POLLIN, 0};
        return ::poll(&fd, 1, static_cast<int>(look_again / std::chrono::milliseconds(1))) == 0;
    }

    EndpointPlan endpoint_;
    NutEndpoint how_;
    std::optional<SocketAddress> address_;
    std::map<std::string, Names> items_;
    int stop_fd_;
    Instant deadline_{};
};

}  // namespace

std::unique_ptr<Actuator> make_nut(const EndpointPlan& endpoint, std::map<std::string, Names> items,
                                   int stop_fd) {
    return std::make_unique<Nut>(endpoint, std::move(items), stop_fd);
}

}  // namespace firebreak
