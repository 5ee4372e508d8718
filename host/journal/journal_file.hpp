// The [journal] section of a policy file, and what of the file itself is recorded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/support/config_file.hpp"
#include "host/policy.hpp"

namespace firebreak {

void read_journal_plan(Section section, JournalPlan& journal);

/// The policy's text as the journal keeps it: with "not recorded" in place of any password.
[[nodiscard]] std::string recorded_text(std::string text);

/// The same with the list of devices it names, as that was read; and both apart again.
[[nodiscard]] std::string with_devices(std::string recorded, std::string_view devices);
struct RecordedPolicy {
    std::string policy;
    std::optional<std::string> devices;
};
[[nodiscard]] RecordedPolicy parts_of_recorded(std::string_view text);

}  // namespace firebreak
