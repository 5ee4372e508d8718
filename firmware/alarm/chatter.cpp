#include "firmware/alarm/chatter.hpp"

namespace firebreak {

void Chatter::came(Instant now) {
    tick(now);
    came_[count_ % times] = now;
    ++count_;
    // The slot of the next is the one of the oldest that is kept.
    if (count_ >= times && now - came_[count_ % times] < within) chatters_ = true;
}

void Chatter::tick(Instant now) {
    if (chatters_ && now - last() >= within) chatters_ = false;
}

}  // namespace firebreak
