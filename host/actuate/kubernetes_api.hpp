// The few requests to Kubernetes' API that an order needs, of many nodes and pods at once. Owned by
// one actuator. Every call ends by the deadline of begin(), or when `stop_fd` becomes readable;
// 429, 502, 503 and 504 are asked again, evictions not, and what is read only for a part of that
// while others answer; 401 once, with token and certificate as they are by then. Errors: see
// http.hpp; refused in the API's own words, config no token, corrupt not what was asked for.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/http.hpp"
#include "host/actuate/kubernetes_text.hpp"
#include "host/actuate/retry_after.hpp"

namespace firebreak {

/// What became of the wish that a pod goes.
struct KubeEviction {
    enum class Fate : std::uint8_t {
        going,      ///< or gone already
        budget,     ///< its disruption budget says not now, or cannot tell
        throttled,  ///< nothing is known of the pod: the API has too much to do
        later,      ///< something passing is in the way
        failed,
    };
    Fate fate = Fate::going;
    Error why{Fault::busy, "", 0};
    Duration again{};  ///< not before that long
};

class KubeApi {
public:
    using Names = std::vector<std::string>;
    using Pods = std::map<std::string, std::vector<KubePod>>;  ///< by node
    /// Of each node what was read, or why that is not known. What concerns the whole API, nobody
    /// there or 401, is an error of the whole.
    template <class What>
    using Each = std::map<std::string, Result<What>>;

    KubeApi(const EndpointPlan& endpoint, int stop_fd);

    /// Reads the token, for one order that ends by `deadline`.
    [[nodiscard]] Result<void> begin(Instant deadline);

    /// Nothing where there is no such node.
    [[nodiscard]] Result<Each<std::optional<KubeNode>>> nodes(const Names& names);

    /// A merge patch for each node: what it is then, or nothing when somebody has changed it since
    /// it was read.
    using Patched = Each<std::optional<KubeNode>>;
    [[nodiscard]] Patched patch(const std::map<std::string, std::string>& patches, Instant until);

    /// All pods of these nodes, a little late perhaps: out of the API's own memory.
    [[nodiscard]] Result<Each<std::vector<KubePod>>> cached_pods(const Names& nodes);
    /// All pods of these nodes as they are, of all pages.
    [[nodiscard]] Result<Each<std::vector<KubePod>>> pods(const Names& nodes);

    /// An answer for each, in their order.
    [[nodiscard]] std::vector<KubeEviction> evict(const std::vector<KubePod>& pods, Instant until);
    /// Deletes it with its own grace, whatever its budget says.
    [[nodiscard]] KubeEviction remove(const KubePod& pod, Instant until);

    /// False when stopped meanwhile.
    [[nodiscard]] bool wait(Duration how_long) const { return http_.wait(how_long); }

private:
    using Answers = std::vector<Result<HttpAnswer>>;

    [[nodiscard]] HttpRequest request(std::string method, const std::string& path,
                                      std::string body = "", std::string_view type = "json") const;
    [[nodiscard]] Answers ask(std::vector<HttpRequest> requests, Instant until, bool insist,
                              Duration each = Duration::max());
    [[nodiscard]] Result<void> read_token();

    struct Question {
        std::string of, path;  ///< `of`: the node, or its pods
    };
    using Questions = std::vector<Question>;
    using Take = std::function<void(std::size_t which, const Result<HttpAnswer>& answer)>;
    struct Throttled {
        std::size_t which;
        Duration again;
        Error why;
    };
    [[nodiscard]] Result<void> read(const Questions& questions, const Take& take);
    [[nodiscard]] Result<std::vector<Throttled>> sweep(const Questions& questions,
                                                       const std::vector<std::size_t>& open,
                                                       const Take& take);
    [[nodiscard]] Error give_up(const std::string& of, const Throttled& throttled);
    struct Reading;
    [[nodiscard]] Result<void> read_page(Reading& reading, const Result<HttpAnswer>& answer) const;

    std::string url_;
    std::string token_file_;
    HttpClient http_;
    std::string token_;
    Instant deadline_{};
    Duration longest_read_{};
    Duration patience_{};            ///< what is left of it in this order, while others answer
    bool answers_ = false;           ///< some have, within this order
    bool renewed_ = false;           ///< within this order
    std::set<std::string> in_vain_;  ///< had all patience, and no answer
    std::map<std::string, LeftAlone> busy_;  ///< asked to be asked later
};

}  // namespace firebreak
