// A room's agent as the host hears it, over a real broker, and what the host answers: postures
// and its status. For benches: one thread, which must call pump() to hear.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "contract/alarm.hpp"
#include "contract/link/link.hpp"
#include "contract/status.hpp"
#include "contract/support/inbox.hpp"

namespace firebreak {

class RoomVoice {
public:
    /// Connected once constructed; `name` is the agent's.
    RoomVoice(const std::string& url, const std::string& name);

    void alive();
    void alarm(const std::string& name, Phase phase);
    /// Waits for what has arrived, at most a millisecond.
    void pump();
    /// How many targets have read back at least as drained.
    [[nodiscard]] std::size_t drained() const { return drained_.size(); }
    /// Postures heard: the host, which listens to its own, hears them, too.
    [[nodiscard]] std::uint64_t heard() const { return heard_; }
    [[nodiscard]] std::size_t targets() const { return postures_.size(); }
    /// What holds a target back, for a bench that fails.
    [[nodiscard]] std::string blocked() const;
    [[nodiscard]] const std::optional<Status>& host() const { return host_; }

private:
    void publish(const Message& message);

    std::string name_;
    std::uint64_t seq_ = 0;
    std::uint64_t heard_ = 0;
    bool up_ = false;
    std::map<std::string, std::string> postures_;  ///< as they came: who watches must not be slow
    std::set<std::string> drained_;
    std::optional<Status> host_;
    Inbox<LinkEvent> inbox_{1U << 16U};
    std::unique_ptr<Link> link_;  // last: it posts into the inbox
};

}  // namespace firebreak
