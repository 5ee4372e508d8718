// Which life of each agent is the present one, so that what an earlier one said is not taken for
// news. One that signs must prove it by hearing us: contract/README.md, "Freshness". One that does
// not is believed, but a life that another has followed is over. Owned by the core; bounded; asks
// no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/challenge.hpp"
#include "contract/status.hpp"
#include "contract/topic.hpp"
#include "host/situation.hpp"

namespace firebreak {

enum class Life : std::uint8_t {
    present,   ///< to be taken
    unproved,  ///< it may be an old recording: nothing follows from it yet
    past,      ///< another life has followed it
};

class Lives {
public:
    static constexpr std::size_t most_past = 16;
    static constexpr std::size_t most_held_lives = 4;

    Lives(std::string own_boot, Duration heartbeat)
        : own_boot_(std::move(own_boot)), challenge_(heartbeat) {}

    /// We have published a status with this number.
    void said_status(std::uint64_t seq, Instant now) { challenge_.said(seq, now); }

    /// An unproved life may become the present one by this.
    [[nodiscard]] Life status(const Origin& agent, const Status& status, bool genuine,
                              const HeardAgent* known, Instant now);

    [[nodiscard]] Life of(const Origin& agent, const Stamp& stamp, bool genuine,
                          const HeardAgent* known) const;

    /// Keeps the newest notice of an alarm until its life is proved; false when there is no room.
    bool hold(const Origin& agent, const AlarmNotice& notice);
    /// Of the present life, once.
    [[nodiscard]] std::vector<AlarmNotice> take_held(const Origin& agent);
    /// At a new connection the broker says everything anew.
    void forget_held();

private:
    struct Known {
        std::string present;
        std::deque<std::string> past;
        std::map<std::string, std::map<std::string, AlarmNotice>> held;  ///< by boot and alarm
    };

    void follow(Known& known, const std::string& boot);

    std::string own_boot_;
    Challenge challenge_;
    std::map<Origin, Known> known_;
};

}  // namespace firebreak
