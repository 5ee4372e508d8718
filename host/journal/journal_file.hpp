// The [journal] section of a policy file, and what of the file itself is recorded.
#pragma once

#include <string>
#include <string_view>

#include "contract/support/config_file.hpp"
#include "host/policy.hpp"
#include "host/topology/power_map_file.hpp"

namespace firebreak {

void read_journal_plan(Section section, JournalPlan& journal);

/// The policy's text as the journal keeps it: with "not recorded" in place of any password.
[[nodiscard]] std::string recorded_text(std::string text);

/// The same with a list it names, by the key that names it, as that was read; and all apart again.
[[nodiscard]] std::string with_list(std::string recorded, std::string_view key,
                                    std::string_view list);
struct RecordedPolicy {
    std::string policy;
    RecordedLists lists;
};
[[nodiscard]] RecordedPolicy parts_of_recorded(std::string_view text);

}  // namespace firebreak
