// What a profile must hold as a whole: measures unique, registers apart, examples proven.
// Pure; complains with the place of the row at fault. Used by profile_file only.
#pragma once

#include "contract/support/config_file.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// More [[register]] or [[example]] rows than this are refused.
inline constexpr std::size_t max_profile_rows = 1024;

/// Duplicate measures, addresses beyond 65535, scale registers out of a read's reach, and overlaps.
/// Two registers may share words only as different bits of the same word, or as bits beside the
/// whole word when that has labels or says raw = true.
void check_registers(const Profile& profile, Complaints& complaints);

/// Every example names a measure and decodes to exactly what it says.
void check_examples(const Profile& profile, Complaints& complaints);

}  // namespace firebreak
