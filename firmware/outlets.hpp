// A host's commands to switch outlets: interlocks, duplicates, writes and acknowledgements.
// Owned by the core; no I/O. An outlet is switched only when both it and the command are armed.
// One write an outlet is under way; a newer command waits, and the newest waiting one wins.
// `done` is answered only for what is known to have been changed here: hosts bring that back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/posture.hpp"
#include "contract/topic.hpp"
#include "firmware/alarm/history.hpp"
#include "firmware/bus/report.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// An Ack but for its stamp.
struct OutletAnswer {
    std::string target;
    std::string id;
    std::string boot;
    std::uint64_t seq = 0;
    Outcome outcome = Outcome::done;
    std::string detail;
};

class Outlets {
public:
    /// `site` must outlive this.
    explicit Outlets(const SitePlan& site);

    /// False when the item is none of ours: another agent's, or a server.
    [[nodiscard]] bool obey(const Origin& host, const Command& command, const History& history,
                            Instant now);

    /// The reading that reading back showed, if the write went through.
    [[nodiscard]] std::optional<std::pair<std::size_t, Reading>> take(const WriteReport& report);

    /// Starts what waited for a write to end; gives up writes that were never reported on.
    void tick(const History& history, Instant now);
    [[nodiscard]] Instant next_deadline() const;

    [[nodiscard]] std::vector<WriteOrder> take_writes();
    [[nodiscard]] std::vector<OutletAnswer> take_answers();
    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

private:
    /// The newest of one host's commands to one outlet.
    struct Heard {
        std::string boot, earlier_boot;
        std::uint64_t seq = 0;
        std::optional<OutletAnswer> answer;
        std::string carried_out;  ///< id of its step that switched the outlet, while that stands
    };
    struct Asked {
        Origin host;
        Command command;
    };
    struct Outlet {
        const OutletPlan* plan = nullptr;
        const Register* reg = nullptr;
        std::map<Origin, Heard> heard;
        std::optional<std::uint64_t> ticket;  ///< of the write under way
        std::vector<Asked> writing;           ///< who is answered by it
        std::optional<Asked> waiting;
        Words words;                ///< of the write under way
        std::optional<double> was;  ///< before it, if that was known
        std::optional<PointIndex> point;
        std::optional<double> carried_out;  ///< what a write has set, until something else is seen
        Instant give_up{};
        Instant trust_from{};  ///< readings before this may show the state before a failed write
    };

    [[nodiscard]] bool is_repeated(Outlet& outlet, const Asked& asked);
    void carry_out(Outlet& outlet, Asked asked, const History& history, Instant now);
    void start_write(Outlet& outlet, Asked asked, std::optional<double> is, Instant now);
    /// It reads back as asked: `done` if it is known that the write has changed something.
    void finish_written(Outlet& outlet, const WriteReport& report);
    /// What was carried out stands only as long as every reading says so.
    void mind_carried_out(Outlet& outlet, const History& history, Instant now);
    static void forget_carried_out(Outlet& outlet);
    void finish(Outlet& outlet, Outcome outcome, const std::string& detail, Instant at);
    void answer(Outlet& outlet, const Asked& asked, Outcome outcome, std::string detail);

    const SitePlan& site_;
    std::map<std::string, Outlet, std::less<>> outlets_;
    std::vector<WriteOrder> writes_;
    std::vector<OutletAnswer> answers_;
    std::uint64_t last_ticket_ = 0;
    std::uint64_t duplicates_ = 0;
};

}  // namespace firebreak
