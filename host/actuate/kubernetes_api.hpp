// The few requests to Kubernetes' API that an order needs. Owned by one actuator. Every call ends
// by the deadline of begin(), or when `stop_fd` becomes readable; 429, 502, 503 and 504 are asked
// again within it, evictions not. Errors: see http.hpp; refused with the API's own words, config
// when the token cannot be read, corrupt when the answer is not what was asked for.
#pragma once

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
        failed,
    };
    Fate fate = Fate::going;
    Error why{Fault::busy, "", 0};
    Duration again{};  ///< not before that long
};

class KubeApi {
public:
    KubeApi(const EndpointPlan& endpoint, int stop_fd);

    /// Reads the token, for one order that ends by `deadline`.
    [[nodiscard]] Result<void> begin(Instant deadline);

    /// Nothing when there is no such node.
    [[nodiscard]] Result<std::optional<KubeNode>> node(const std::string& name);
    /// False when somebody has changed the node since it was read.
    [[nodiscard]] Result<bool> patch(const std::string& node, std::string merge_patch);
    /// All pods of a node, of all pages.
    [[nodiscard]] Result<std::vector<KubePod>> pods(const std::string& node);
    [[nodiscard]] KubeEviction evict(const KubePod& pod);
    /// Deletes it with its own grace, whatever its budget says.
    [[nodiscard]] KubeEviction remove(const KubePod& pod);

private:
    [[nodiscard]] HttpRequest request(std::string method, const std::string& path,
                                      std::string body = "", std::string_view type = "json") const;
    [[nodiscard]] KubeEviction told(const HttpRequest& request);

    std::string url_;
    std::string token_file_;
    HttpClient http_;
    std::string token_;
    Instant deadline_{};
};

}  // namespace firebreak
