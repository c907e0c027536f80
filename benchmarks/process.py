"""What the kernel knows about a process: CPU time and memory."""

import contextlib
import os
import time
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of `pid`, living and ended, user and system.

    The sum of utime and stime in /proc/PID/stat, but read from the process's CPU clock: that one
    counts nanoseconds where the file counts ticks of 10 ms. How a clock is named after a process
    is in clock_getcpuclockid(3): the inverted pid, three bits on, and 2 for the scheduler's time.
    """
    return time.clock_gettime((~pid << 3) | 2)


def resident_mib(pid: int) -> float:
    """Memory of `pid` that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def shares() -> tuple[set[int], set[int]]:
    """The core for what is measured and the cores for everything else; the same one when there is only one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def pin(pid: int, cores: set[int]) -> None:
    """Keep every thread of `pid`, and those they will start, on these cores."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # a thread may end meanwhile
            os.sched_setaffinity(int(thread.name), cores)
