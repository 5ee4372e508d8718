// Slurm's way of writing many names: "rack[01-04]-n[1,3-5],login1". Pure. Errors: config, with
// what is wrong for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/result.hpp"

namespace firebreak {

/// All the names, in the order written; an error when they are more than `most`.
[[nodiscard]] Result<std::vector<std::string>> expand_hostlist(std::string_view text,
                                                               std::size_t most);

}  // namespace firebreak
