// What anybody may send as a Sparkplug command: no bytes may crash the reader, and what is refused
// says that it broke the wire's rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "firmware/sparkplug/payload.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace firebreak;
    const auto asked = asks_rebirth(std::string(data, data + size));
    if (!asked && asked.error().fault != Fault::wire) std::abort();
    return 0;
}
