"""The one-shot loader: a process that reads one foreign file and leaves plain tensors, or says why not.

``main(IN, OUT)`` writes ``OUT`` (safetensors) and ``OUT.json`` (the verdict). It loads no torch, and it is the only
place that a pickle is looked into: see ``foreign`` for how nothing of it is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from zepad_engine.encoders.foreign.legacy_file import read_legacy
from zepad_engine.encoders.foreign.pickle_machine import CONTRADICTIONS, Machine
from zepad_engine.encoders.foreign.pickle_names import foreign
from zepad_engine.encoders.foreign.pickle_values import COMPLEX, Stored
from zepad_engine.encoders.foreign.plain_tensors import Plain, write_tensors
from zepad_engine.encoders.foreign.safetensors_file import read_safetensors
from zepad_engine.encoders.foreign.settings import settings_in
from zepad_engine.encoders.foreign.source import Source, opened
from zepad_engine.encoders.foreign.tensor_checks import places_of, require_records
from zepad_engine.encoders.foreign.walk import find_tensors
from zepad_engine.encoders.foreign.zip_file import LONGEST_PICKLE, read_zip
from zepad_engine.encoders.gate import Kind, kind_of
from zepad_engine.encoders.refusals import (
    ASK_AUTHOR,
    COPY_AGAIN,
    DAMAGED,
    EXPANDED,
    INCOMPLETE,
    NO_WEIGHTS,
    OTHER_FORMAT,
    SAVE_ANEW,
    refuse,
    shown,
)
from zepad_engine.errors import BadCheckpoint

_HEADROOM = 512 * 1024**2
_MOST_TOLD = 200


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the loader says of a file.

    Attributes:
        sentence: why the file was refused; empty if it was read.
        advice: what to do about it.
        code: why, as one of ``refusals.CODES``.
        unjudged: the file may be sound; ``sentence`` is why it could not be judged.
        container: "PyTorch zip", "PyTorch legacy" or "safetensors".
        checksummed: whether the container carries checksums, and all of them were verified.
        size: of the file, in bytes.
        sha256: digest of the file's bytes, as they were read.
        lightning: whether PyTorch Lightning wrote it.
        settings: plain training settings found in the file (method, data set and so on).
        foreign: names of objects and of tensors that were left out, printable.
    """

    sentence: str = ""
    advice: str = ""
    code: str = ""
    unjudged: bool = False
    container: str = ""
    checksummed: bool = False
    size: int = 0
    sha256: str = ""
    lightning: bool = False
    settings: dict[str, str] = {}
    foreign: tuple[str, ...] = ()


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds: its tensors as places in it, and what was told or left out beside them."""

    tensors: dict[str, Plain]
    lightning: bool = False
    settings: dict[str, str] = {}
    foreign: tuple[str, ...] = ()


def verdict_path(out: Path) -> Path:
    """Where the verdict lies: beside the tensors."""
    return out.with_name(out.name + ".json")


def main(source_path: str, out_path: str, alone: str = "") -> int:
    """Read ``source_path``, leave ``out_path`` and the verdict; gives back 0, whatever the verdict.

    ``alone`` is the name given to a tensor that is all a file holds; without one such a file is refused.
    """
    path, out = Path(source_path), Path(out_path)
    try:
        verdict = read_file(path, out, alone)
    except BadCheckpoint as trouble:
        verdict = Verdict(sentence=trouble.sentence, advice=trouble.advice, code=trouble.code)
    except MemoryError:
        verdict = Verdict(
            sentence=f"{shown(path.name)} asks for far more memory than its size explains.",
            advice="It is damaged or made to harm; use another copy.",
            code=EXPANDED,
        )
    except OSError:
        verdict = Verdict(
            sentence=f"The tensors of {shown(path.name)} could not be written to the temporary folder.",
            advice="Free some space on that disk, then open the file again.",
            unjudged=True,
        )
    verdict_path(out).write_bytes(msgspec.json.encode(verdict))
    return 0


def read_file(path: Path, out: Path, alone: str = "") -> Verdict:
    """Gate, look inside, check, and copy the tensors to ``out`` as safetensors.

    Raises:
        BadCheckpoint: the file is refused.
        MemoryError: the file asks for more memory than its size explains.
        OSError: the tensors could not be written.
    """
    with opened(path) as source:
        kind = kind_of(source)
        limit_memory(source.size)
        content = _from_safetensors(source) if kind == "safetensors" else _from_pickle(source, kind, alone)
        digest = source.sha256()
        write_tensors(source, content.tensors, out)
        source.require_unchanged()
        return Verdict(
            container={"safetensors": "safetensors", "zip": "PyTorch zip"}.get(kind, "PyTorch legacy"),
            checksummed=kind == "zip",
            size=source.size,
            sha256=digest,
            lightning=content.lightning,
            settings=content.settings,
            foreign=content.foreign,
        )


def limit_memory(size: int) -> None:
    """Cap this process's address space at what it has now, twice ``size`` bytes and 512 MB (Linux only).

    Elsewhere there is no such cap that a process can set on itself; the bounds in ``foreign`` hold there too.
    """
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmSize"))
    wanted = held + 2 * size + _HEADROOM
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    cap = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _from_safetensors(source: Source) -> Content:
    tensors, unknown = read_safetensors(source)
    usable = {name: plain for name, plain in tensors.items() if plain.dtype not in COMPLEX and name.isprintable()}
    left_out = [*unknown, *(name for name in tensors if name not in usable)]
    if not usable:
        raise refuse(NO_WEIGHTS, f"{source.name} holds no tensors of a usable type.", SAVE_ANEW)
    return Content(tensors=usable, foreign=tuple(f"{shown(name)} (unusable)" for name in left_out[:_MOST_TOLD]))


def _from_pickle(source: Source, kind: Kind, alone: str) -> Content:
    if kind == "zip":
        container = read_zip(source)
        machine, records = Machine(container.pickled), container.records
    else:
        machine, records = Machine(source.read_at(0, min(source.size, LONGEST_PICKLE))), {}
    try:
        if kind == "legacy":
            loaded, records = read_legacy(source, machine)
        else:
            loaded = machine.run()
    except CONTRADICTIONS as trouble:
        raise _contradiction(source, machine, kind) from trouble
    if kind == "pickle":
        raise refuse(OTHER_FORMAT, f"{source.name} is a plain pickle, which may hold a program.", SAVE_ANEW)
    if alone and isinstance(loaded, Stored):
        loaded = {alone: loaded}
    require_records(machine.storages, records, source.name)
    found = find_tensors(loaded, source.name)
    names = sorted(shown(name) for name in machine.names if foreign(name))
    return Content(
        tensors=places_of(found.tensors, records, source.name, source.size),
        lightning=isinstance(loaded, dict) and "pytorch-lightning_version" in loaded,
        settings=settings_in(loaded),
        foreign=tuple([*names, *found.left_out][:_MOST_TOLD]),
    )


def _contradiction(source: Source, machine: Machine, kind: Kind) -> BadCheckpoint:
    """A pickle that ends too soon in a file without checksums is one that was cut; else it is damaged."""
    if kind != "zip" and machine.at >= min(source.size, LONGEST_PICKLE):
        return refuse(INCOMPLETE, f"{source.name} is cut short.", COPY_AGAIN)
    return refuse(DAMAGED, f"The list of objects in {source.name} is damaged.", f"{COPY_AGAIN} {ASK_AUTHOR}")
