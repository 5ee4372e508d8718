// An operator's view of one agent's alarms, and what becomes of his requests. A core: messages and
// time in, requests and text out; no thread, socket, clock or terminal.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/message.hpp"
#include "contract/support/result.hpp"
#include "contract/topic.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// What an operator asks on the command line.
struct OperatorWish {
    std::optional<OperatorAction> action;  ///< nothing: only to look
    bool in_full = false;                  ///< `show`, not `list`
    std::vector<std::string> alarms;       ///< `list`: all when empty
    std::string by;
    Duration shelve_for{};
};

/// From the words after `alarm`; a Fault::config names what is wrong with them.
[[nodiscard]] Result<OperatorWish> parse_wish(const std::vector<std::string>& words,
                                              const std::string& by, const std::string& for_text,
                                              const SitePlan& plan);

class OperatorDesk {
public:
    /// `as` is how its first signed request is stamped, where requests are signed.
    OperatorDesk(const SitePlan& plan, OperatorWish wish, Stamp as = {});

    [[nodiscard]] std::vector<std::string> subscriptions() const;
    void take(const Arrived& arrived);

    /// Everything asked for has been seen or answered, or cannot be: the agent is not there.
    [[nodiscard]] bool is_done() const;
    /// Requests to be published, once the agent has been seen to be there.
    [[nodiscard]] std::vector<Message> take_requests();

    /// What is to be printed at the end; as it came over the wire when `json`.
    [[nodiscard]] std::string text(bool json) const;
    /// What went wrong, for stderr; empty when nothing did.
    [[nodiscard]] std::string trouble() const;
    /// 0 when all was seen, done or so already; else 1.
    [[nodiscard]] int exit_code() const { return trouble().empty() ? 0 : 1; }

private:
    struct Answer {
        AlarmEvent event;
        std::string json;
    };

    [[nodiscard]] bool wants(const std::string& alarm) const;
    void take_event(const Arrived& arrived);
    [[nodiscard]] std::string list() const;
    [[nodiscard]] std::string in_full(const AlarmNotice& notice) const;

    Origin agent_;
    OperatorWish wish_;
    std::map<std::string, AlarmNotice> notices_;
    std::map<std::string, std::string> payloads_;  ///< of the notices
    std::map<std::string, Answer> answers_;
    std::optional<FloodNotice> flood_;
    std::optional<bool> online_;
    std::optional<Echo> heard_;   ///< the agent's newest status
    std::optional<Stamp> stamp_;  ///< of the next request; nothing: they are not signed
    bool asked_ = false;
};

}  // namespace firebreak
