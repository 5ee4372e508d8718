// Which device misbehaves when, at which addresses, and how often. Owned by the room, one thread;
// the same requests meet the same faults in every run. A kind of fault is one row of FaultKind and
// one case where it is carried out (room.cpp, transmission.cpp). Times are story times.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.hpp"

namespace firebreak {

/// What a request reads or writes; no table: neither, as a question for the device's name.
struct Touch {
    std::optional<Table> table;
    std::uint32_t address = 0;
    std::uint32_t count = 0;
};

class FaultTable {
public:
    explicit FaultTable(std::vector<FaultPlan> faults);

    /// The fault that this request meets; of several, the one that began last. Each call counts
    /// as a request. Never one of FaultKind::stuck, which is no matter of single requests.
    [[nodiscard]] const FaultPlan* strike(std::string_view device, Duration now,
                                          const Touch& touch);

    /// Where the device is stuck now.
    [[nodiscard]] std::vector<FaultAim> stuck(std::string_view device, Duration now) const;

    /// The first time after `now` at which a fault begins or ends.
    [[nodiscard]] std::optional<Duration> next_edge(Duration now) const;

private:
    struct Fault {
        FaultPlan plan;
        int aimed = 0;  ///< requests that it was aimed at so far
    };
    [[nodiscard]] bool hits(Fault& fault);

    std::map<std::string, std::vector<Fault>, std::less<>> faults_;  ///< in order of `at`
    std::vector<Duration> edges_;                                    ///< sorted
    std::mt19937 random_{20221015};
};

}  // namespace firebreak
