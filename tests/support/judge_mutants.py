"""Run as a script: mutates good checkpoints, judges the mutants in forked children, and prints what came of each.

Takes {"folder", "files", "count", "seed"} as JSON on stdin, the last of the files hostile and only spliced in; gives
[{"file", "how", "outcome", ...}] on stdout. Every child watches itself: an event of Python that running a program would
raise is an outcome of its own.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zepad_engine.encoders import loader_child
from zepad_engine.encoders.foreign.safetensors_file import read_safetensors
from zepad_engine.encoders.foreign.source import opened
from zepad_engine.errors import BadCheckpoint

BATCH, PATIENCE, MEMORY = 250, 10, 1_000_000_000
# Events of the audit hook of Python that only a program in the file could cause.
FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename", "subprocess", "socket")
FORBIDDEN += ("pickle", "exec", "compile", "ctypes", "import", "marshal", "shutil", "urllib", "webbrowser", "tempfile")


def flip(random_: random.Random, content: bytearray, _other: bytes) -> None:
    for _ in range(random_.choice((1, 1, 1, 2, 4))):
        content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)


def overwrite(random_: random.Random, content: bytearray, _other: bytes) -> None:
    content[random_.randrange(len(content))] = random_.randrange(256)


def insert(random_: random.Random, content: bytearray, _other: bytes) -> None:
    at = random_.randrange(len(content))
    content[at:at] = random_.randbytes(random_.randint(1, 16))


def cut(random_: random.Random, content: bytearray, _other: bytes) -> None:
    start = random_.randrange(len(content))
    del content[start : random_.choice((start + random_.randint(1, 64), len(content)))]


def splice(random_: random.Random, content: bytearray, other: bytes) -> None:
    start, end = sorted((random_.randrange(len(other)), random_.randrange(len(other))))
    at = random_.randrange(len(content))
    content[at : at + random_.choice((0, end - start, len(content)))] = other[start:end]


def graft(random_: random.Random, content: bytearray, other: bytes) -> None:
    content[:] = random_.choice((bytes(content) + other, other + bytes(content)))


MUTATIONS: tuple[Callable[[random.Random, bytearray, bytes], None], ...] = (
    *(flip, flip, flip, flip, overwrite, overwrite, insert, cut, splice, graft),
)


def tensors_of(path: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Type, shape and bytes of every tensor of a safetensors file."""
    with opened(path) as source:
        found, _ = read_safetensors(source)
        return {
            name: (plain.dtype, plain.shape, source.read_at(plain.start, plain.length)) for name, plain in found.items()
        }


def watch(seen: list[str]) -> None:
    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            seen.append(f"{event} {arguments[:1]!r}"[:100])

    sys.addaudithook(hook)


def judge_batch(folder: Path, files: list[str], seeds: range, report: Path) -> None:
    """In the child: one line per mutant, written before the next one is begun."""
    good = [Path(file).read_bytes() for file in files]
    known = [tensors_of(folder / f"{index}.good") for index in range(len(files) - 1)]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seen: list[str] = []
    watch(seen)
    with report.open("w", buffering=1) as stream:
        for seed in seeds:
            signal.alarm(PATIENCE)
            random_ = random.Random(seed)
            index, other = seed % (len(files) - 1), random_.randrange(len(files))
            mutation, content = random_.choice(MUTATIONS), bytearray(good[index])
            mutation(random_, content, good[other])
            told = {"file": index, "how": mutation.__name__, **judge(folder, bytes(content), Path(files[index]).suffix)}
            if told["outcome"] == "opened":
                got = tensors_of(folder / f"{os.getpid()}.out")
                told["same"] = bytes(content) == good[index] or got in known
            stream.write(json.dumps({**told, "events": seen}) + "\n")
            seen.clear()
    signal.alarm(0)


def judge(folder: Path, content: bytes, ending: str) -> dict[str, object]:
    path, out = folder / f"{os.getpid()}{ending}", folder / f"{os.getpid()}.out"
    path.write_bytes(content)
    started = time.perf_counter()
    try:
        verdict = loader_child.read_file(path, out)
        told = {"outcome": "opened", "checksummed": verdict.checksummed, "container": verdict.container}
    except BadCheckpoint as trouble:
        told = {"outcome": "refused", "code": trouble.code, "shown": str(trouble).isprintable()}
    except MemoryError:
        told = {"outcome": "refused", "code": "encoder.expanded", "shown": True}
    except Exception as fault:  # noqa: BLE001 - whatever else is raised is the finding.
        told = {"outcome": "fault", "fault": f"{type(fault).__name__}: {fault}"[:200]}
    return {**told, "seconds": time.perf_counter() - started}


def main() -> None:
    asked = json.load(sys.stdin)
    folder, files = Path(asked["folder"]), asked["files"]
    # Loaded when first used; here, so that no mutant seems to have asked for it.
    np.zeros(1).tobytes()
    "x".encode("cp437")
    loader_child.limit_memory = lambda _size: None
    for index, file in enumerate(files[:-1]):
        loader_child.read_file(Path(file), folder / f"{index}.good")
    outcomes: list[object] = []
    for start in range(0, asked["count"], BATCH):
        seeds = range(asked["seed"] + start, asked["seed"] + min(start + BATCH, asked["count"]))
        report = folder / f"{start}.report"
        child = os.fork()
        if not child:
            judge_batch(folder, files, seeds, report)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        lines = [json.loads(line) for line in report.read_text().splitlines()]
        outcomes += lines
        if status or len(lines) < len(seeds):
            outcomes.append({"outcome": "hang" if status == -signal.SIGALRM else "crash", "seed": seeds[len(lines)]})
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
