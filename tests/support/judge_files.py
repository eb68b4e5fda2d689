"""Run as a script: judges files in the real loader, two at a time, and prints what each cost.

It loads no torch, for a child's peak memory counts what its parent held when it started it. Takes a JSON list of
[path, out folder] on stdin; gives a list of [code, sentence, seconds, CPU seconds, peak bytes].
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zepad_engine.encoders import apart
from zepad_engine.errors import BadCheckpoint

Outcome = tuple[str, str, float, float, int]
_cost = threading.local()


def measured_child(path: Path, out: Path) -> None:
    """The loader's own child, with its cost noted."""
    command, environment = apart.child_command(path, out)
    empty = out.with_name("empty")
    empty.mkdir()
    process = subprocess.Popen(command, env=environment, cwd=empty, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _cost.spent = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def judge(told: tuple[str, str]) -> Outcome:
    path, folder = map(Path, told)
    folder.mkdir(parents=True)
    _cost.spent = (0.0, 0)
    started = time.monotonic()
    try:
        code, sentence = "", apart.read_apart(path, folder).container
    except BadCheckpoint as trouble:
        code, sentence = trouble.code, str(trouble)
    return code, sentence, time.monotonic() - started, *_cost.spent


def main() -> None:
    apart.run_child = measured_child
    apart.free_memory = lambda: 4_000_000_000
    with ThreadPoolExecutor(2) as pool:
        sys.stdout.write(json.dumps(list(pool.map(judge, json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
