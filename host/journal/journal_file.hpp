// The [journal] section of a policy file, and what of the file itself is recorded.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "host/policy.hpp"

namespace firebreak {

void read_journal_plan(Section section, JournalPlan& journal);

/// The policy's text as the journal keeps it: with "not recorded" in place of any password.
[[nodiscard]] std::string recorded_text(std::string text);

}  // namespace firebreak
