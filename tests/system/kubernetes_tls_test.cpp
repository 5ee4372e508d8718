// The Kubernetes actuator over TLS, as clusters have it: a CA of their own and client certificates.
// A HAProxy stands before the double.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/process.hpp"
#include "tests/system/kube_cluster.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

struct TlsFront {
    KubeCluster cluster;
    std::uint16_t port = free_port();
    std::optional<Process> haproxy;

    TlsFront() {
        make_ca("ca");
        issue("server", "ca");
        issue("client", "ca");
        // One file with both, as HAProxy wants it.
        run("sh", {"-c", "cat server.pem server.key > front.pem"});
        const auto& folder = cluster.folder;
        const auto config = folder.write(
            "haproxy.cfg",
            fmt::format("defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n"
                        "  timeout connect 1s\n"
                        "frontend api\n"
                        "  bind 127.0.0.1:{} ssl crt {} ca-file {} verify required"
                        " alpn h2,http/1.1\n"
                        "  http-request deny if {{ ssl_fc_alpn h2 }}\n"
                        // Whom it believes is decided once a connection.
                        "  http-request return status 401 if {{ ssl_c_s_dn(cn) retired }}\n"
                        "  default_backend double\n"
                        "backend double\n  server a 127.0.0.1:{}\n",
                        port, path("front.pem"), path("ca.pem"), cluster.api.port()));
        haproxy.emplace("haproxy", std::vector<std::string>{"-db", "-f", config});
        REQUIRE(eventually([&] { return accepts(port); }));
        cluster.how.identity = {{}, path("ca.pem"), path("client.pem"), path("client.key")};
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (cluster.folder.path() / name).string();
    }
    void run(const std::string& program, const std::vector<std::string>& words) const {
        Process process(program, words, {}, cluster.folder.path().string());
        INFO(process.err());
        REQUIRE(process.wait(30s) == 0);
    }
    void make_ca(const std::string& name) const {
        run("openssl", {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "1", "-subj", "/CN=" + name, "-keyout", name + ".key",
                        "-out", name + ".pem"});
    }
    /// A key and a certificate for `name`, whose common name may be another.
    void issue(const std::string& name, const std::string& ca,
               const std::string& common = "") const {
        run("openssl",
            {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             "/CN=" + (common.empty() ? name : common), "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", name + ".key", "-out", name + ".csr"});
        run("openssl",
            {"x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
             "-days", "1", "-copy_extensions", "copy", "-out", name + ".pem"});
    }
    [[nodiscard]] std::unique_ptr<Actuator> actuator() const {
        return make_kubernetes(
            {"prod", fmt::format("https://127.0.0.1:{}", port), 10s, cluster.how},
            {{"shop", {"n1", "n2"}}}, {"seoul/h1"}, -1);
    }
};

}  // namespace

TEST_CASE("kubernetes tls: a private CA and a client certificate are enough, over HTTP/1.1",
          "[system][kubernetes]") {
    const TlsFront front;
    const auto ours = front.actuator();
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "ready")})) == "ready");
}

TEST_CASE("kubernetes tls: who is not of the CA that was named is not believed",
          "[system][kubernetes]") {
    TlsFront front;
    front.make_ca("other");
    SECTION("of another CA") {
        front.cluster.how.identity.ca = front.path("other.pem");
    }
    SECTION("of none that the system has") {
        front.cluster.how.identity.ca = "";
    }
    CHECK(kube_error(front.actuator()->observe("shop")).fault == Fault::refused);
}

TEST_CASE("kubernetes tls: a certificate that is renewed in its files is used without a restart",
          "[system][kubernetes]") {
    const TlsFront front;
    front.issue("client", "ca", "retired");
    const auto ours = front.actuator();
    CHECK(kube_error(ours->observe("shop")).fault == Fault::refused);
    front.issue("client", "ca");
    // The connections of before are still open, and known as those of the retired one.
    CHECK(kube_state(ours->observe("shop")) == "ready");
}
