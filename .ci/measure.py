"""Run a command; print its wall time and the largest memory of its whole process tree (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_memory(root: int) -> int:
    """Resident bytes of a process and everything it started, shared pages counted once per process."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            resident[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * _PAGE
            parents[int(folder.name)] = int(fields[1])
        except (OSError, IndexError):
            continue
    family = {root}
    for _ in parents:
        grown = family | {child for child, parent in parents.items() if parent in family}
        if grown == family:
            break
        family = grown
    return sum(resident.get(member, 0) for member in family)


def main() -> int:
    """Exit with the command's own code."""
    started, peak = time.monotonic(), 0
    running = subprocess.Popen(sys.argv[1:])
    while running.poll() is None:
        peak = max(peak, tree_memory(running.pid))
        time.sleep(0.25)
    seconds = time.monotonic() - started
    sys.stdout.write(f"measured: {seconds:.0f} s, at most {peak / 2**30:.2f} GiB in all processes\n")
    return running.returncode


if __name__ == "__main__":
    sys.exit(main())
