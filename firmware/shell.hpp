// The agent's shell: threads, files, clock and sockets. Everything it learns goes into one inbox;
// the core thread, the caller's, is the only one that touches the Agent and the Link.
#pragma once

#include <functional>
#include <memory>

#include "contract/link/link.hpp"
#include "firmware/bus/bus.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// What a shell talks to. `run` has real buses and a broker, `watch` has buses that only read and
/// a terminal in the broker's place.
struct Outside {
    std::function<std::unique_ptr<Bus>(const BusPlan& plan)> bus;
    std::function<std::unique_ptr<Link>(LinkOptions options, std::function<void(LinkEvent)> sink)>
        link;
};

/// Runs until SIGTERM or SIGINT.
void run_agent(SitePlan plan, const Outside& outside);

}  // namespace firebreak
