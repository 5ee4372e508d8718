// A policy's text as a host reads it, for tests of what its parts mean.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "host/policy_file.hpp"
#include "tests/catch.hpp"

namespace firebreak {

/// What every policy begins with: four lines, which `file:line:column` counts on.
inline std::string head_of(const std::string& host) {
    return "site = \"seoul\"\nhost = \"" + host + "\"\n[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n";
}

inline PolicyPlan read_policy(const std::string& text, Complaints& complaints,
                              const std::string& file = "policy.toml") {
    auto parsed = ConfigFile::parse(text, file, complaints);
    return parse_policy(parsed, complaints);
}

inline std::string complaints_of(const std::string& text) {
    Complaints complaints;
    static_cast<void>(read_policy(text, complaints));
    return complaints.text();
}

inline bool says(const std::string& text, const std::string& what) {
    UNSCOPED_INFO(text);
    return text.find(what) != std::string::npos;
}

}  // namespace firebreak
