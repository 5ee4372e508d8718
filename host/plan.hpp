// A step: one item of one target from one state to another, because of one alarm.
// Plan = wanted - ledger, through guards. Steps set states and are idempotent.
#pragma once

#include <string>

#include "contract/posture.hpp"

namespace firebreak {

struct Step {
    std::string id;      ///< stable: same target, item, action and cause give the same id
    std::string target;
    std::string item;    ///< server or outlet
    std::string action;  ///< what to set: "drain", "ready", "maint", "off", "on"
    Posture posture = Posture::normal;  ///< the rung this step serves
    std::string because; ///< "site/agent/alarm", or "calm" on the way back

    bool operator==(const Step&) const = default;
};

}  // namespace firebreak
