#include "host/actuate/haproxy.hpp"

#include <optional>
#include <utility>

#include "host/actuate/haproxy_stat.hpp"
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
    Haproxy(EndpointPlan endpoint, std::map<std::string, std::string> backends, int stop_fd,
            std::set<std::string> by_weight, ServerWeights before,
            std::map<std::string, std::set<std::string>> watched)
        : endpoint_(std::move(endpoint)),
          address_(parse_address(endpoint_.address)),
          backends_(std::move(backends)),
          by_weight_(std::move(by_weight)),
          watched_(std::move(watched)),
          stop_fd_(stop_fd),
          weights_(std::move(before)) {}

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto backend = backends_.find(target);
        if (!address_ || backend == backends_.end()) {
            return fail(Fault::config, "no such address or target: " + target);
        }
        deadline_ = std::chrono::steady_clock::now() + endpoint_.timeout;
        feedback_.erase(target);
        const bool by_weight = by_weight_.contains(target);
        auto states = by_weight ? set_weights(target, backend->second, steps)
                                : set(backend->second, settings_of(steps));
        if (!states) return within(states.error(), endpoint_.name);
        if (by_weight) remember(target, *states);
        auto read = states_of(*states, by_weight);
        if (watched_.contains(target)) watch(target, backend->second, read);
        if (by_weight) add_weights(target, read);
        return read;
    }

    std::optional<Feedback> feedback(const std::string& target) const override {
        const auto known = feedback_.find(target);
        if (known == feedback_.end()) return std::nullopt;
        return known->second;
    }

private:
    Result<HaproxyServers> set(const std::string& backend,
                               const std::vector<std::string>& settings) {
        const auto lines = command_lines(backend, settings);
        // A refusal of one server must not keep the others from being drained: go on, say it last.
        Result<void> refused;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            auto answer = exchange(*address_, lines[i], deadline_, stop_fd_);
            if (!answer) return tl::unexpected(answer.error());
            if (i + 1 == lines.size()) {
                auto servers = parse_servers(*answer, backend);
                if (!servers || refused) return servers;
            } else if (auto done = parse_set_answer(*answer); !done && refused) {
                refused = done;
            }
        }
        return tl::unexpected(refused.error());
    }

    Result<HaproxyServers> set_weights(const std::string& target, const std::string& backend,
                                       const std::vector<Step>& steps) {
        auto now = set(backend, {});
        if (!now || steps.empty()) return now;
        remember(target, *now);
        std::vector<std::string> settings;
        std::string lost;
        for (const auto& step : steps) {
            const auto server = now->find(step.item);
            if (server == now->end()) continue;  // reads back as absent
            const auto known = weights_.find({target, step.item});
            const auto before =
                known == weights_.end() ? std::nullopt : std::optional(known->second);
            const auto some = weight_settings_of(step, server->second, before);
            if (some) settings.insert(settings.end(), some->begin(), some->end());
            if (!some) lost += ' ' + step.item;
        }
        auto then = set(backend, settings);
        if (!then || lost.empty()) return then;
        // An earlier life of this host read it and kept no journal: it is not guessed.
        return fail(Fault::refused,
                    "the weight before the drain is not known: set it by hand:" + lost);
    }

    /// What cannot be read now is not known; the states are, all the same.
    void watch(const std::string& target, const std::string& backend, const ItemStates& states) {
        const auto answer = exchange(*address_, stat_line(backend), deadline_, stop_fd_);
        if (!answer) return;
        auto counters = parse_stat(*answer, backend);
        if (!counters) return;
        std::set<std::string> receivers;
        std::set<std::string> own;
        for (const auto& [server, state] : states) {
            if (!is_ready(state)) continue;
            (watched_.at(target).contains(server) ? own : receivers).insert(server);
        }
        const auto now = std::chrono::steady_clock::now();
        const auto base = bases_.find(target);
        const bool first = base == bases_.end();
        const auto& before = first ? *counters : base->second.first;
        const auto period =
            first ? Duration::zero()
                  : std::chrono::floor<std::chrono::milliseconds>(now - base->second.second);
        auto seen = feedback_between(before, *counters, period, receivers);
        const auto of_own = feedback_between(before, *counters, period, own);
        seen.own = {of_own.waiting, of_own.tries, of_own.failures};
        feedback_[target] = seen;
        // A few answers within milliseconds say nothing about a rate.
        const bool moves = seen.period == Duration::zero() || seen.period >= shortest_period;
        if (moves) bases_[target] = {*std::move(counters), now};
    }

    void remember(const std::string& target, const HaproxyServers& servers) {
        for (const auto& [name, server] : servers) {
            if (server.weight > 0) weights_[{target, name}] = server.weight;
        }
    }

    /// So that it stands in the journal, and a later life gives it back.
    void add_weights(const std::string& target, ItemStates& states) const {
        for (auto& [item, state] : states) {
            const auto known = weights_.find({target, item});
            if (known != weights_.end()) state += '@' + std::to_string(known->second);
        }
    }

    EndpointPlan endpoint_;
    std::optional<SocketAddress> address_;
    std::map<std::string, std::string> backends_;
    std::set<std::string> by_weight_;
    static constexpr Duration shortest_period = std::chrono::seconds(1);
    std::map<std::string, std::set<std::string>> watched_;
    std::map<std::string, std::pair<BackendCounters, Instant>> bases_;  ///< what is compared with
    std::map<std::string, Feedback> feedback_;                          ///< of the last read-back
    int stop_fd_;
    Instant deadline_{};
    /// Target and server to the weight last read that was none of ours.
    ServerWeights weights_;
};

}  // namespace

std::unique_ptr<Actuator> make_haproxy(const EndpointPlan& endpoint,
                                       std::map<std::string, std::string> backends, int stop_fd,
                                       std::set<std::string> by_weight, ServerWeights before,
                                       std::map<std::string, std::set<std::string>> watched) {
    return std::make_unique<Haproxy>(endpoint, std::move(backends), stop_fd, std::move(by_weight),
                                     std::move(before), std::move(watched));
}

}  // namespace firebreak
