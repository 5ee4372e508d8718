// A device's profile for a test: these registers, and whatever else `change` sets.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "firmware/profile/profile.hpp"

namespace firebreak {

struct NoChange {
    void operator()(Profile&) const {}
};

template <class Change = NoChange>
[[nodiscard]] std::shared_ptr<const Profile> profile_of(std::vector<Register> registers,
                                                        Change change = {}) {
    Profile profile;
    profile.registers = std::move(registers);
    change(profile);
    return std::make_shared<const Profile>(std::move(profile));
}

}  // namespace firebreak
