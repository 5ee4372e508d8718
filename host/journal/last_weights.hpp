// What servers that are drained by weight had before, out of the receipts of a journal: a later
// life gives back what an earlier one took. Pure; takes rows of kind `receipt`, the newest first.
#pragma once

#include <map>
#include <set>
#include <string>

#include "host/actuate/haproxy.hpp"
#include "host/policy.hpp"

namespace firebreak {

class LastWeights {
public:
    explicit LastWeights(const PolicyPlan& plan);

    /// The JSON of one row; false once all is known, or so many were taken that no more is to come.
    bool take(const std::string& text);
    [[nodiscard]] bool complete() const { return missing_.empty(); }
    [[nodiscard]] const ServerWeights& weights() const { return weights_; }

private:
    static constexpr int most_receipts = 64;  ///< of one target

    struct Missing {
        std::set<std::string> items;
        int receipts_left = most_receipts;
    };
    std::map<std::string, Missing> missing_;  ///< by target
    ServerWeights weights_;
};

}  // namespace firebreak
