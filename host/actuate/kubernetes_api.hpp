// The few requests to Kubernetes' API that an order needs, of many nodes and pods at once. Owned by
// one actuator. Every call ends by the deadline of begin(), or when `stop_fd` becomes readable;
// 429, 502, 503 and 504 are asked again within it, evictions not; 401 once, with the token and the
// certificate as they are by then. Errors: see http.hpp; refused with the API's own words, config
// when the token cannot be read, corrupt when the answer is not what was asked for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/http.hpp"
#include "host/actuate/kubernetes_text.hpp"

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

    KubeApi(const EndpointPlan& endpoint, int stop_fd);

    /// Reads the token, for one order that ends by `deadline`.
    [[nodiscard]] Result<void> begin(Instant deadline);

    /// Those that there are, by name.
    [[nodiscard]] Result<std::map<std::string, KubeNode>> nodes(const Names& names);

    /// A merge patch for each node: what it is then, or nothing when somebody has changed it since
    /// it was read.
    using Patched = std::map<std::string, Result<std::optional<KubeNode>>>;
    [[nodiscard]] Patched patch(const std::map<std::string, std::string>& patches, Instant until);

    /// All pods of these nodes, a little late perhaps: out of the API's own memory.
    [[nodiscard]] Result<Pods> cached_pods(const Names& nodes);
    /// All pods of these nodes as they are, of all pages.
    [[nodiscard]] Result<Pods> pods(const Names& nodes);

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
    [[nodiscard]] Answers ask(std::vector<HttpRequest> requests, Instant until, bool insist);
    [[nodiscard]] Result<void> read_token();
    struct Reading;
    [[nodiscard]] Result<void> read_page(Reading& reading, const Result<HttpAnswer>& answer) const;

    std::string url_;
    std::string token_file_;
    HttpClient http_;
    std::string token_;
    Instant deadline_{};
    bool renewed_ = false;  ///< within this order
};

}  // namespace firebreak
