#include "host/actuate/haproxy.hpp"

#include <optional>
#include <utility>

#include "host/actuate/haproxy_text.hpp"
#include "host/actuate/stream.hpp"

namespace firebreak {
namespace {

/// One line out, the whole answer in, before one deadline.
Result<std::string> exchange(const SocketAddress& address, const std::string& line,
                             Instant deadline, int stop_fd) {
    Stream stream(deadline, stop_fd);
    if (auto connected = stream.connect(address); !connected) {
        return tl::unexpected(connected.error());
    }
    if (auto sent = stream.send(line + '\n'); !sent) return tl::unexpected(sent.error());
    std::string answer;
    for (;;) {
        const auto more = stream.receive(answer);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return answer;  // HAProxy closes after one line's answers
        if (answer.size() > max_answer_bytes) return fail(Fault::corrupt, "an endless answer");
    }
}

class Haproxy final : public Actuator {
public:
    Haproxy(EndpointPlan endpoint, std::map<std::string, std::string> backends, int stop_fd)
        : endpoint_(std::move(endpoint)),
          address_(parse_address(endpoint_.address)),
          backends_(std::move(backends)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> observe(const std::string& target) override { return apply(target, {}); }

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto backend = backends_.find(target);
        if (!address_ || backend == backends_.end()) {
            return fail(Fault::config, "no such address or target: " + target);
        }
        const Instant deadline = std::chrono::steady_clock::now() + endpoint_.timeout;
        const auto lines = command_lines(backend->second, steps);
        // A refusal of one server must not keep the others from being drained: go on, say it last.
        Result<void> refused;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            auto answer = exchange(*address_, lines[i], deadline, stop_fd_);
            if (!answer) return within(answer.error(), endpoint_.name);
            if (i + 1 == lines.size()) {
                auto states = parse_state_answer(*answer, backend->second);
                if (!states) return within(states.error(), endpoint_.name);
                if (refused) return states;
            } else if (auto set = parse_set_answer(*answer); !set && refused) {
                refused = set;
            }
        }
        return within(refused.error(), endpoint_.name);
    }

private:
    EndpointPlan endpoint_;
    std::optional<SocketAddress> address_;
    std::map<std::string, std::string> backends_;
    int stop_fd_;
};

}  // namespace

std::unique_ptr<Actuator> make_haproxy(const EndpointPlan& endpoint,
                                       std::map<std::string, std::string> backends, int stop_fd) {
    return std::make_unique<Haproxy>(endpoint, std::move(backends), stop_fd);
}

}  // namespace firebreak
