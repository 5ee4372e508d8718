// What the host's core is told, and what it asks of its crew. Plain values.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "contract/message.hpp"
#include "host/actuate/receipt.hpp"
#include "host/operator/ask.hpp"
#include "host/plan.hpp"

namespace firebreak {

/// A message that an earlier run has judged and believed: only a replay of the journal says it.
struct Evidence {
    std::string topic;
    std::string payload;
};

/// What went out and decided nothing: an observation, or a command said once more. Only a replay
/// of the journal says it: when that was bears on what came later.
struct SentAgain {
    std::string target;
};

/// What is wrong with the journal, or "" when it takes again what is written.
struct JournalWord {
    std::string trouble;
};

using HostInput =
    std::variant<Receipt, LinkUp, LinkDown, Arrived, Evidence, SentAgain, JournalWord, Recall, Ask>;

}  // namespace firebreak
