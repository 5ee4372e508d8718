// What a running process holds and has used, from /proc, for benches that measure real programs.
// Zero when the process is gone.
#pragma once

#include <sys/types.h>

#include <string>

namespace firebreak {

/// A memory line of /proc/PID/status in MiB: "VmRSS" resident now, "VmHWM" at most so far.
[[nodiscard]] double memory_mib(pid_t pid, const std::string& line);

/// Seconds of processor time since its start, the kernel's for it too.
[[nodiscard]] double cpu_seconds(pid_t pid);

[[nodiscard]] int descriptors(pid_t pid);

/// The floor of a program's memory: its peak, in MiB, when it answers --version.
/// `program`: "agent", "host" or "sim".
[[nodiscard]] double version_mib(const std::string& program);

}  // namespace firebreak
