// Drains that leave the reason of a node alone, and the marks that are owed for them. A drain that
// writes its mark at once writes over the reason of whoever drained the node since the last look,
// so somebody must look first; one that does not can tell afterwards: a reason that is as it was
// then is nobody's, and the node is ours. The mark is written once all are known to be drained.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/actuate/slurm_text.hpp"

namespace firebreak {

class SlurmUnmarked {
public:
    using Names = std::vector<std::string>;

    /// Whether all of these are drains of nodes that nobody had put down at the last look.
    [[nodiscard]] bool suits(const std::vector<const Step*>& steps) const;

    /// Drains go out. `host`: whose mark is owed.
    void sent(const std::vector<const Step*>& steps, std::string_view host);

    /// Read back, after `sent` or at any other time: the nodes that are ours bear the mark here
    /// already.
    void read(SlurmNodes& nodes);

    /// A look at nodes in full, after read().
    void saw(const SlurmNodes& nodes);

    /// By mark: the nodes that are drained and do not bear it.
    [[nodiscard]] std::map<std::string, Names> owed() const;
    /// Drained by us and gone down for another reason since the last look: the drain is to be taken
    /// off again. Each once.
    [[nodiscard]] Names take_surplus();

    /// They bear a mark now, or are not drained any more.
    void forget(const Names& names);

private:
    /// The reason that a node had while nobody had put it down.
    struct Reason {
        std::int64_t at = 0;
        std::string text;
    };
    struct Drain {
        std::string node;
        Reason before;
        bool is_read = false;  ///< as drained
    };
    /// Drains for one cause.
    struct Batch {
        std::string mark;
        std::vector<Drain> drains;
    };

    /// Whether the node is drained by us: it bears the mark then.
    bool is_ours(SlurmNode& node, const Drain& drain, const Batch& batch);
    void clear_up();

    std::unordered_map<std::string, Reason> carrying_;
    std::vector<Batch> batches_;
    Names surplus_;
};

}  // namespace firebreak
