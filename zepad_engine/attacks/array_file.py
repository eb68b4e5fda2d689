"""The one array of a perturbation file, found by its bytes. A pickle is only ever opened by the loader child."""

from __future__ import annotations

import hashlib
import io
import math
import os
import stat
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import torch
from numpy.lib import format as npy
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from zepad_engine.encoders.apart import TENSORS, read_apart
from zepad_engine.errors import BadCheckpoint, BadInput
from zepad_engine.images.picture import decode_picture

Kind: TypeAlias = Literal["npy", "npz", "png", "safetensors", "torch"]

ENDINGS: Final = (".npy", ".npz", ".png", ".safetensors", ".pt", ".pth")
LARGEST_FILE: Final = 64 * 1024**2
SHORTEST_SIDE: Final = 8
LONGEST_SIDE: Final = 1024

_MOST_ENTRIES: Final = 1000
# Under this name ZePAD stores a perturbation, and the loader child a tensor that is all a file holds.
_ALONE: Final = "perturbation"
_SIGNED: Final = {torch.int8, torch.int16, torch.int32, torch.int64}
_SAVE_ALONE: Final = "Save the perturbation alone, best as .npy or .safetensors."
_COPY_AGAIN: Final = "Copy or download it again."
_SHAPES: Final = f"(3, H, W) or (1, 3, H, W), sides of {SHORTEST_SIDE} to {LONGEST_SIDE} pixels"


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array as it stands in a file.

    Attributes:
        name: its name in the file; "" where there is none.
        values: float64, int64 or uint8, colours first or last.
        dtype: what the file says.
        sha256: digest of the file.
        others: names of what else the file holds.
    """

    kind: Kind
    name: str
    values: Tensor
    dtype: str
    sha256: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One array of a file; without values where it cannot be a perturbation, in words then."""

    name: str
    words: str
    dtype: str = ""
    values: Tensor | None = None


def read_array(path: Path) -> StoredArray:
    """The array of a .npy, .npz, .png, .safetensors or PyTorch file that can be a perturbation.

    Raises:
        BadInput: not an ordinary file, too large, damaged, of no such kind, or without exactly one such array.
        BadCheckpoint: the loader child refuses a PyTorch file.
    """
    content = _content(path)
    kind = _kind(content, path.name)
    if kind == "torch":
        return _from_torch(path)
    try:
        found = list(_READERS[kind](content, path.name))
    except MemoryError as trouble:
        raise bad(f"{path.name} asks for more memory than there is.", _COPY_AGAIN, "damaged") from trouble
    return _only(found, kind, path.name, hashlib.sha256(content).hexdigest())


def colours_first(shape: tuple[int, ...]) -> bool | None:
    """Whether a shape has its colours before its rows (True) or after its columns (False); None if it fits neither."""
    bare = shape[1:] if len(shape) == 4 and shape[0] == 1 else shape
    if len(bare) != 3:
        return None
    for first, colours, sides in ((True, bare[0], bare[1:]), (False, bare[2], bare[:2])):
        if colours == 3 and all(SHORTEST_SIDE <= side <= LONGEST_SIDE for side in sides):
            return first
    return None


def stored_patch(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor is a patch as ZePAD stores one: three planes of colours and one that says where it lies."""
    return name == _ALONE and len(shape) == 3 and shape[0] == 4 and colours_first((3, *shape[1:])) is True


def bad(sentence: str, advice: str, what: str) -> BadInput:
    """A refusal whose code begins with ``perturbation.``."""
    return BadInput(sentence, advice, code=f"perturbation.{what}")


def _content(path: Path) -> bytes:
    """The bytes of an ordinary file; opened without waiting, so that a pipe or a device cannot hang the engine."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        if not stat.S_ISREG(path.stat().st_mode):
            raise bad(f"{path.name} is not an ordinary file.", "Choose a file on a disk.", "file")
        with os.fdopen(os.open(path, flags), "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            content = stream.read(min(size, LARGEST_FILE))
    except (OSError, ValueError) as trouble:
        raise bad(
            f"{path.name} cannot be opened.", "Check that it is there and that you may read it.", "file"
        ) from trouble
    if size > LARGEST_FILE:
        raise bad(f"{path.name} is larger than 64 MiB, too large for one perturbation.", _SAVE_ALONE, "file")
    if not content:
        raise bad(f"{path.name} is empty.", _COPY_AGAIN, "file")
    return content


def _kind(content: bytes, name: str) -> Kind:
    if content.startswith(b"\x93NUMPY"):
        return "npy"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"PK"):
        return "npz" if b".npy" in content and b"data.pkl" not in content else "torch"
    if content[8:9] == b"{":
        return "safetensors"
    if content.startswith(b"\x80"):
        return "torch"
    if content.startswith((b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        raise bad(f"{name} is a picture of a kind that loses values.", "Save the perturbation as .npy or .png.", "kind")
    raise bad(f"{name} is no perturbation file.", f"Known are {', '.join(ENDINGS)}.", "kind")


def _from_npy(content: bytes, name: str) -> Iterator[_Entry]:
    yield _array("", content, name)


def _array(name: str, content: bytes, file: str) -> _Entry:
    """One .npy array, read by its header and its plain bytes; Python objects are never made."""
    stream = io.BytesIO(content)
    shape, by_column, dtype = _npy_header(stream, file)
    if dtype.hasobject:
        raise bad(f"{file} holds Python objects, which may be a program, not numbers.", _SAVE_ALONE, "objects")
    wide = {"f": np.float64, "i": np.int64, "u1": np.uint8}.get(dtype.kind if dtype.kind in "fi" else dtype.str[1:])
    if wide is None or colours_first(shape) is None:
        return _Entry(name, f"{dtype} {shape}")
    count, start = math.prod(shape), stream.tell()
    if len(content) - start != count * dtype.itemsize:
        raise bad(f"{file} is cut short, or longer than its header says.", _COPY_AGAIN, "damaged")
    values = np.frombuffer(content, dtype, count, start).reshape(shape, order="F" if by_column else "C")
    return _Entry(name, str(shape), str(dtype), torch.from_numpy(values.astype(wide, order="C")))


def _npy_header(stream: io.BytesIO, file: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, by_column, dtype = readers[npy.read_magic(stream)](stream)
    except (ValueError, LookupError, TypeError, SyntaxError, ArithmeticError, RecursionError) as trouble:
        raise bad(f"The header of {file} is damaged.", _COPY_AGAIN, "damaged") from trouble
    return shape, by_column, dtype


def _from_npz(content: bytes, name: str) -> Iterator[_Entry]:
    """Nothing is unpacked past the size its entry declares, and nothing at all that declares more than a file may."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
            if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_FILE:
                raise bad(f"{name} unpacks to more than 64 MiB.", _SAVE_ALONE, "file")
            # The other methods of zip unpack without a limit.
            if any(entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for entry in entries):
                raise bad(f"{name} was not packed by NumPy.", _SAVE_ALONE, "kind")
            for entry in entries:
                with archive.open(entry) as stream:
                    unpacked = stream.read(entry.file_size)
                yield _array(entry.filename.removesuffix(".npy"), unpacked, f"{entry.filename} in {name}")
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as trouble:
        raise bad(f"{name} is cut short or damaged.", _COPY_AGAIN, "damaged") from trouble


def _from_png(content: bytes, name: str) -> Iterator[_Entry]:
    """An RGB picture of 8 bits a channel; its size is read from the header before anything is decoded."""
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    if content[12:16] != b"IHDR" or content[24:26] != b"\x08\x02":
        yield _Entry("", "a picture that is not RGB with 8 bits a channel")
    elif width != height or colours_first((3, height, width)) is None:
        yield _Entry("", f"a picture of {width}x{height} pixels, where a square is wanted")
    else:
        yield _Entry("", str((3, height, width)), "uint8", decode_picture(content, name, width))


def _from_safetensors(content: bytes, name: str) -> Iterator[_Entry]:
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as trouble:
        raise bad(f"{name} is cut short or damaged.", _COPY_AGAIN, "damaged") from trouble
    yield from _from_tensors(tensors)


def _from_torch(path: Path) -> StoredArray:
    try:
        with tempfile.TemporaryDirectory(prefix="zepad-") as folder:
            verdict = read_apart(path, Path(folder), alone=_ALONE)
            tensors = load_file(Path(folder) / TENSORS)
    except BadCheckpoint as trouble:
        raise type(trouble)(trouble.sentence, _SAVE_ALONE, code=trouble.code) from trouble
    return _only(list(_from_tensors(tensors)), "torch", path.name, verdict.sha256)


def _from_tensors(tensors: dict[str, Tensor]) -> Iterator[_Entry]:
    for name, tensor in tensors.items():
        dtype, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
        wide = torch.float64 if tensor.is_floating_point() else torch.int64 if tensor.dtype in _SIGNED else torch.uint8
        patch = stored_patch(name, shape) and tensor.is_floating_point()
        if (colours_first(shape) is None and not patch) or (wide == torch.uint8 and tensor.dtype != wide):
            yield _Entry(name, f"{dtype} {shape}")
        else:
            yield _Entry(name, str(shape), dtype, tensor.detach().to(wide).contiguous())


def _only(found: list[_Entry], kind: Kind, file: str, sha256: str) -> StoredArray:
    """The one array that can be a perturbation; among several the one that is named so."""
    fitting = {entry.name: entry for entry in found if entry.values is not None}
    if not fitting:
        stands = ", ".join(entry.words for entry in found[:3]) or "no array"
        more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""
        raise bad(f"{file} holds {stands}{more}; a perturbation is {_SHAPES}.", _SAVE_ALONE, "shape")
    if len(fitting) > 1 and _ALONE not in fitting:
        listed = ", ".join(sorted(fitting)[:4])
        raise bad(f"{file} holds {len(fitting)} arrays that may be the perturbation: {listed}.", _SAVE_ALONE, "many")
    chosen = fitting.get(_ALONE, next(iter(fitting.values())))
    assert chosen.values is not None
    others = tuple(sorted(entry.name for entry in found if entry is not chosen))
    return StoredArray(kind, chosen.name, chosen.values, chosen.dtype, sha256, others)


_READERS: Final[dict[str, Callable[[bytes, str], Iterator[_Entry]]]] = {
    "npy": _from_npy,
    "npz": _from_npz,
    "png": _from_png,
    "safetensors": _from_safetensors,
}
