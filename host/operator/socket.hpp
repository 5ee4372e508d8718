// The operators' socket: a thread that takes one request at a time off a Unix socket of mode 0660,
// asks the core through `post` and writes its answer. Who may open the socket may ask; who asks is
// what the kernel says of the other end (SO_PEERCRED). Owned by the shell. A caller that is slow
// is dropped after a second; requests are bounded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "contract/support/inbox.hpp"
#include "contract/support/result.hpp"
#include "host/operator/ask.hpp"

namespace firebreak {

class OperatorSocket {
public:
    /// `post` on the socket's thread; false: the core has no room now.
    OperatorSocket(std::string path, std::function<bool(Ask)> post);
    ~OperatorSocket();
    OperatorSocket(const OperatorSocket&) = delete;
    OperatorSocket& operator=(const OperatorSocket&) = delete;

    /// On the core's thread.
    void answer(HostAnswer answer) { static_cast<void>(answers_.post(std::move(answer))); }

private:
    void run();
    void serve(int client);
    [[nodiscard]] std::string reply_to(const std::string& line, int client);

    std::string path_;
    std::function<bool(Ask)> post_;
    Inbox<HostAnswer> answers_{64};
    std::uint64_t tickets_ = 0;
    int listener_ = -1;
    int stop_[2] = {-1, -1};
    std::thread thread_;
};

/// Asks the host behind the socket at `path`; gives its line. Errors: port_lost: no host answers
/// there; timeout; refused: one may not open it.
[[nodiscard]] Result<std::string> ask_host(const std::string& path, const std::string& line);

}  // namespace firebreak
