"""What this machine has: cores and free memory. Standard library only: the doctor runs where nothing is installed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

GIB: Final = 2**30


def usable_cores(root: Path = Path("/")) -> int:
    """Cores this process may use: those of the machine, of its affinity, or of the container if that has fewer."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # No such file: no container. "max": a container without a limit.
    with contextlib.suppress(OSError, ValueError):
        quota, period = (root / "sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, int(quota) // int(period)))
    return count


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can still be used: of the machine, or of the container if that has less; None where unknown."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    known = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    group = root / "sys/fs/cgroup"
    # No such files: no container. "max": a container without a limit.
    with contextlib.suppress(OSError, ValueError):
        known.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return min(known, default=None)
