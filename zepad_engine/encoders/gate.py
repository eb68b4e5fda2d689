"""The gate before the loader: what kind of file this is, by its bytes.

Opens nothing but ordinary files and loads no torch.
"""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from pathlib import Path
from typing import BinaryIO, Final, Literal

import msgspec

from zepad_engine.errors import BadCheckpoint

Kind = Literal["safetensors", "zip", "legacy"]

LARGEST_FILE = 8 * 1024**3
_LARGEST_HEADER = 100 * 1024**2
_HEAD = 4096
_LEGACY_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")

_KNOWN_HEADS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the weights", "Fetch the real file with git lfs pull."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file of Keras or TensorFlow", "Convert its weights to PyTorch first."),
    (b"\x93NUMPY", "a NumPy array", "Save the weights as safetensors, one tensor per name."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"\x89PNG", "a picture", "Choose the encoder's weight file."),
    (b"\xff\xd8\xff", "a picture", "Choose the encoder's weight file."),
    (b"%PDF", "a PDF document", "Choose the encoder's weight file."),
    (b"GGUF", "a GGUF language model", "ZePAD audits image encoders of PyTorch."),
)
_PAGE_HEADS = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<!--")
_SAVE_ANEW = "Save the state_dict of the encoder with torch.save or as safetensors."
_COPY_AGAIN = "Download or copy the file again."


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found: the kind of file, its size in bytes, and the digest of its bytes."""

    kind: Kind
    size: int
    sha256: str


def inspect_file(path: Path) -> FileFacts:
    """Decide by the bytes what a file is and whether it is whole.

    Raises:
        BadCheckpoint: not an ordinary file, empty, too large, damaged, or not an encoder file.
    """
    size = _require_ordinary(path)
    try:
        with path.open("rb") as stream:
            kind = _kind(stream, size, path.name)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as trouble:
        raise BadCheckpoint(f"{path.name} cannot be opened for reading.", "Check that you may read it.") from trouble
    return FileFacts(kind=kind, size=size, sha256=digest)


def _require_ordinary(path: Path) -> int:
    try:
        facts = path.stat()
    except (OSError, ValueError) as trouble:
        raise BadCheckpoint(f"There is no file {path.name}.", "Check the path, or choose the file again.") from trouble
    if stat.S_ISDIR(facts.st_mode):
        raise BadCheckpoint(f"{path.name} is a folder.", "Choose the weight file inside it.")
    if not stat.S_ISREG(facts.st_mode):
        raise BadCheckpoint(f"{path.name} is not an ordinary file.", "Choose a weight file on a disk.")
    if facts.st_size == 0:
        raise BadCheckpoint(f"{path.name} is empty.", _COPY_AGAIN)
    if facts.st_size > LARGEST_FILE:
        raise BadCheckpoint(f"{path.name} is larger than 8 GiB.", "Save the encoder without optimiser state.")
    return facts.st_size


def _kind(stream: BinaryIO, size: int, name: str) -> Kind:
    head = stream.read(_HEAD)
    if head.startswith(b"PK"):
        _require_torch_zip(stream, name)
        return "zip"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LARGEST_HEADER:
        _require_whole_safetensors(stream, size, name)
        return "safetensors"
    if _LEGACY_MAGIC in head[:64] and head[:1] == b"\x80":
        return "legacy"
    raise _refusal(head, name)


def _refusal(head: bytes, name: str) -> BadCheckpoint:
    for magic, what, advice in _KNOWN_HEADS:
        if head.startswith(magic):
            return BadCheckpoint(f"{name} is {what}.", advice)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_HEADS):
        return BadCheckpoint(
            f"{name} is a web page, not the weights.", "The download link led to a page; download the file itself."
        )
    if name.lower().endswith(".onnx") or (head[:1] == b"\x08" and b"pytorch" in head[:64]):
        return BadCheckpoint(f"{name} is an ONNX file.", "ZePAD needs the PyTorch weights it was exported from.")
    if head[:1] == b"\x80":
        return BadCheckpoint(f"{name} is a plain pickle, which may hold a program.", _SAVE_ANEW)
    if head[257:262] == b"ustar":
        return BadCheckpoint(f"{name} is a tar archive.", "Unpack it first.")
    return BadCheckpoint(
        f"{name} is no encoder file of a kind ZePAD knows.", "It reads PyTorch checkpoints and safetensors files."
    )


def _require_torch_zip(stream: BinaryIO, name: str) -> None:
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            _require_torch_entries(entries, name)
            broken = archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as trouble:
        raise BadCheckpoint(f"{name} is cut short or damaged.", _COPY_AGAIN) from trouble
    if broken is not None:
        raise BadCheckpoint(f"{name} is damaged inside.", _COPY_AGAIN)


def _require_torch_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    places = [entry.filename for entry in entries]
    inner = [place.partition("/")[2] for place in places]
    if "constants.pkl" in inner or any(place.startswith("code/") for place in inner):
        raise BadCheckpoint(f"{name} is a TorchScript program, which ZePAD does not run.", _SAVE_ANEW)
    if any(place.endswith(".npy") for place in places):
        raise BadCheckpoint(f"{name} is a NumPy archive.", "Save the weights as safetensors, one tensor per name.")
    if inner.count("data.pkl") != 1 or len(set(places)) != len(places):
        raise BadCheckpoint(
            f"{name} is a zip file, but not one that PyTorch wrote.", "If it holds a checkpoint, unpack it."
        )
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise BadCheckpoint(f"{name} was packed anew after PyTorch wrote it.", _SAVE_ANEW)


def _require_whole_safetensors(stream: BinaryIO, size: int, name: str) -> None:
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    try:
        header = json.loads(stream.read(length))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as trouble:
        raise BadCheckpoint(f"The header of {name} is cut short or damaged.", _COPY_AGAIN) from trouble
    if not ends or not all(isinstance(end, int) for end in ends):
        raise BadCheckpoint(f"{name} holds no tensors.", _SAVE_ANEW)
    if 8 + length + max(ends) != size:
        raise BadCheckpoint(f"{name} is cut short: {size:,} of {8 + length + max(ends):,} bytes.", _COPY_AGAIN)
