"""The one-shot loader: a process that reads one hostile file and leaves plain tensors, or says why not.

``python -m zepad_engine.encoders.loader_child IN OUT`` writes ``OUT`` (safetensors) and ``OUT.json`` (the verdict).
The only file of the project that lets torch read a pickle.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from zepad_engine.encoders.gate import FileFacts, inspect_file
from zepad_engine.encoders.inert import Inert, InertDict, names_in, require_harmless, stand_in
from zepad_engine.errors import BadCheckpoint

if TYPE_CHECKING:
    from torch import Tensor

MOST_TENSORS = 20_000
_DEEPEST = 6
_HEADROOM = 2 * 1024**3
_SEPARATOR = "/"
_UNREADABLE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the loader says of a file.

    Attributes:
        sentence: why the file was refused; empty if it was read.
        advice: what to do about it.
        code: code of the error.
        sha256: digest of the bytes.
        lightning: whether PyTorch Lightning wrote it.
        settings: plain training settings found in the file (method, data set and so on).
        foreign: names of objects that were left out.
    """

    sentence: str = ""
    advice: str = ""
    code: str = ""
    sha256: str = ""
    lightning: bool = False
    settings: dict[str, str] = {}
    foreign: tuple[str, ...] = ()


def verdict_path(out: Path) -> Path:
    """Where the verdict lies: beside the tensors."""
    return out.with_name(out.name + ".json")


def main(source: Path, out: Path) -> int:
    """Read ``source``, leave ``out`` and the verdict; gives back 0, whatever the verdict."""
    try:
        verdict = read_file(source, out)
    except BadCheckpoint as trouble:
        verdict = Verdict(sentence=trouble.sentence, advice=trouble.advice, code=trouble.code)
    except MemoryError:
        verdict = Verdict(
            sentence=f"{source.name} asks for far more memory than its size explains.",
            advice="It is damaged or made to harm; use another copy.",
            code=BadCheckpoint.code,
        )
    verdict_path(out).write_bytes(msgspec.json.encode(verdict))
    return 0


def read_file(source: Path, out: Path) -> Verdict:
    """Gate, load, check, and store as safetensors.

    Raises:
        BadCheckpoint: the file is refused.
        MemoryError: the file asks for more memory than its size explains.
    """
    facts = inspect_file(source)
    names: frozenset[str] = frozenset()
    if facts.kind != "safetensors":
        names = names_in(source, facts.kind)
        require_harmless(names, source.name)
    loaded, foreign = _load(source, facts, names)
    tensors = _checked(dict(_flat(loaded)), source.name)
    if not tensors:
        raise _nothing_found(loaded, source.name)
    from safetensors.torch import save_file

    save_file(dict(_apart(tensors)), out)
    return Verdict(
        sha256=facts.sha256,
        lightning=isinstance(loaded, Mapping) and "pytorch-lightning_version" in loaded,
        settings=dict(_settings(loaded)),
        foreign=tuple(sorted(foreign)),
    )


def _load(source: Path, facts: FileFacts, names: frozenset[str]) -> tuple[object, frozenset[str]]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    limit_memory(facts.size)
    if facts.kind == "safetensors":
        try:
            return load_file(source), frozenset()
        except (SafetensorError, OSError, ValueError) as trouble:
            raise BadCheckpoint(f"{source.name} is damaged.", "Download or copy the file again.") from trouble
    for kind in (stand_in, lambda _name: InertDict):
        try:
            with torch.serialization.safe_globals([(kind(name), name) for name in names]):
                loaded = torch.load(source, weights_only=True, map_location="cpu")
        except _UNREADABLE as trouble:
            if "allocate memory" in str(trouble) or "not enough memory" in str(trouble):
                raise MemoryError from trouble
            continue
        return loaded, _foreign(names)
    raise BadCheckpoint(
        f"{source.name} holds more than tensors by name, and that part cannot be read safely.",
        "Save only the state_dict of the encoder, best as safetensors.",
    )


def _foreign(names: frozenset[str]) -> frozenset[str]:
    own = {"torch", "collections", "builtins", "__builtin__", "_codecs", "copyreg", "typing"}
    return frozenset(name for name in names if name.partition(".")[0] not in own)


def limit_memory(size: int) -> None:
    """Cap this process's address space at what it has now, twice ``size`` bytes and 2 GiB (Linux only)."""
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmSize"))
    cap = held + 2 * size + _HEADROOM
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))


def _flat(loaded: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every named tensor; names of containers are joined by a slash, names of weights keep their dots."""
    import torch

    if isinstance(loaded, Mapping) and depth < _DEEPEST:
        for key, value in loaded.items():
            if isinstance(key, str) and isinstance(value, torch.Tensor):
                yield path + key, value
            elif isinstance(key, str):
                yield from _flat(value, f"{path}{key}{_SEPARATOR}", depth + 1)


def _checked(tensors: dict[str, Tensor], file: str) -> dict[str, Tensor]:
    """The tensors, once each is known to be real memory of bounded size.

    Raises:
        BadCheckpoint: too many tensors, or one that is sparse, quantised, without memory, or stretched.
    """
    import torch

    if len(tensors) > MOST_TENSORS:
        raise BadCheckpoint(f"{file} holds {len(tensors):,} tensors; at most {MOST_TENSORS:,} are read.")
    for name, tensor in tensors.items():
        if tensor.is_meta or tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
            raise BadCheckpoint(f"The tensor {name} in {file} holds no plain numbers.", "Save it dense, as float32.")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise BadCheckpoint(f"The tensor {name} in {file} claims more numbers than the file holds.")
    return tensors


def _apart(tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The same tensors, each in memory of its own, as the file format wants it; copied only where it must be."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        own = tensor.detach().contiguous()
        yield name, own.clone() if place in seen else own
        seen.add(place)


def _nothing_found(loaded: object, file: str) -> BadCheckpoint:
    save = "Save its state_dict instead: torch.save(model.state_dict(), path)."
    if isinstance(loaded, Inert):
        return BadCheckpoint(f"{file} holds a whole model object ({loaded.origin}), not its weights.", save)
    return BadCheckpoint(f"{file} holds no weights by name.", save)


def _settings(loaded: object) -> Iterator[tuple[str, str]]:
    """Plain values of the training settings, wherever the file keeps them."""
    if not isinstance(loaded, Mapping):
        return
    for key in ("hyper_parameters", "hparams", "args", "opt", "config"):
        found: Any = loaded.get(key)
        yield from _plain(found.state if isinstance(found, Inert) else found)


def _plain(settings: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    if not isinstance(settings, Mapping) or depth > 3:
        return
    for key, value in settings.items():
        if isinstance(key, str) and isinstance(value, str | int | float):
            yield path + key, str(value)[:200]
        elif isinstance(key, str):
            yield from _plain(value, f"{path}{key}.", depth + 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
