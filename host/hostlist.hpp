// Slurm's way of writing many names: "rack[01-04]-n[1,3-5],login1", read and written. Pure.
// Errors: config, with what is wrong for people.
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

/// The same names in the same order, runs of numbers as ranges: {"s1", "s2", "db"} is "s[1-2],db".
/// More than one text where one would be longer than `most_bytes`.
[[nodiscard]] std::vector<std::string> fold_hostlist(const std::vector<std::string>& names,
                                                     std::size_t most_bytes);

}  // namespace firebreak
