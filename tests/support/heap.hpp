// What a process holds right now, for tests of growth: live heap bytes and open descriptors.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <filesystem>
#include <iterator>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// In sanitizer/allocator_interface.h, which g++ 12 does not bring.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace firebreak {

[[nodiscard]] inline std::size_t live_heap_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return __sanitizer_get_current_allocated_bytes();  // their allocator, of which mallinfo is
                                                       // blind
#else
    const auto now = ::mallinfo2();
    return now.uordblks + now.hblkhd;
#endif
}

[[nodiscard]] inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

}  // namespace firebreak
