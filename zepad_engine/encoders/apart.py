"""A foreign file is read in a process of its own, which is thrown away afterwards. Loads no torch.

What comes back is a JSON verdict and a safetensors file; never a pickle, never the words of a library.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

import zepad_engine
from zepad_engine.capacity import free_memory
from zepad_engine.encoders.loader_child import Verdict, verdict_path
from zepad_engine.encoders.refusals import TOO_LARGE, refuse
from zepad_engine.errors import BadCheckpoint, CannotJudge

DEADLINE_SECONDS = 60.0
TENSORS = "tensors.safetensors"
_LONGEST_VERDICT = 8 * 1024**2
_GB = 1e9
# The network that is then built out of the tensors, and the process around it.
_ROOM_BESIDE = 500_000_000
_KEPT: Final = "PATH LD_LIBRARY_PATH DYLD_LIBRARY_PATH SYSTEMROOT SYSTEMDRIVE WINDIR TEMP TMP TMPDIR LANG LC_ALL"
_START = (
    "import sys; places, *words = sys.argv[1:]; sys.path[:0] = places.splitlines(); "
    "from zepad_engine.encoders.loader_child import main; sys.exit(main(*words))"
)


def read_apart(path: Path, out_folder: Path, *, alone: str = "") -> Verdict:
    """Let a one-shot child read ``path``; its tensors then lie in ``out_folder / TENSORS``.

    The child has 60 s, an address space of twice the file and 512 MB beyond its own (Linux), an empty working folder,
    no input, and of the environment only what starting Python needs. ``alone`` names a tensor that is all the file
    holds; without a name such a file is refused.

    Raises:
        BadCheckpoint: the file is refused; ``code`` is one of ``refusals.CODES``.
        CannotJudge: the child died, ran out of time, or had no room for the tensors.
    """
    require_memory(path)
    out = out_folder / TENSORS
    run_child(path, out, *filter(None, (alone,)))
    verdict = _verdict(out, path.name)
    if verdict.unjudged:
        raise CannotJudge(verdict.sentence, verdict.advice)
    if verdict.sentence:
        raise BadCheckpoint(verdict.sentence, verdict.advice, code=verdict.code)
    return verdict


def require_memory(path: Path) -> None:
    """Refuse a file whose tensors would not fit into the memory that is free now.

    Raises:
        BadCheckpoint: they would not; the file has not been opened.
    """
    size, free = 0, free_memory()
    # A file that is not there is the child's to name.
    with contextlib.suppress(OSError, ValueError):
        size = path.stat().st_size
    needed = 2 * size + _ROOM_BESIDE
    if size and free is not None and needed > free:
        raise refuse(
            TOO_LARGE,
            f"Opening {path.name} needs {needed / _GB:.1f} GB of memory; {free / _GB:.1f} GB are free.",
            "Close other programs, or save the encoder alone, without optimiser state.",
        )


def child_command(path: Path, out: Path, *more: str) -> tuple[list[str], dict[str, str]]:
    """The command that reads ``path`` and leaves ``out``, and the environment it runs in; ``more`` goes to ``main``.

    Isolated (``-I``): neither the working folder nor any variable decides what is imported. The places of our own
    packages are handed over by name.
    """
    places = [str(Path(zepad_engine.__file__).resolve().parent.parent)]
    for package in ("msgspec", "numpy"):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            places.append(str(Path(found.origin).resolve().parent.parent))
    own = [_START, "\n".join(dict.fromkeys(places)), str(path.absolute()), str(out)]
    command = [sys.executable, "-I", "-c", *own, *more]
    kept = {name: os.environ[name] for name in _KEPT.split() if name in os.environ}
    return command, {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def run_child(path: Path, out: Path, *more: str) -> None:
    """Run the child to its end; what it leaves is not looked at here.

    Raises:
        CannotJudge: it had not ended after ``DEADLINE_SECONDS``.
    """
    command, environment = child_command(path, out, *more)
    empty = out.with_name("empty")
    empty.mkdir(exist_ok=True)
    try:
        subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=DEADLINE_SECONDS,
            env=environment,
            cwd=empty,
        )
    except subprocess.TimeoutExpired as trouble:
        raise CannotJudge(
            f"Reading {path.name} took longer than {DEADLINE_SECONDS:.0f} seconds.",
            "Save the encoder alone, without optimiser state, best as safetensors.",
        ) from trouble


def _verdict(out: Path, name: str) -> Verdict:
    try:
        with verdict_path(out).open("rb") as stream:
            told = stream.read(_LONGEST_VERDICT + 1)
        if len(told) <= _LONGEST_VERDICT:
            return msgspec.json.decode(told, type=Verdict)
    except (OSError, msgspec.MsgspecError) as trouble:
        raise _died(name) from trouble
    raise _died(name)


def _died(name: str) -> CannotJudge:
    return CannotJudge(
        f"The process that read {name} ended without an answer.",
        "Try once more with other programs closed; if it happens again, use another copy of the file.",
    )
