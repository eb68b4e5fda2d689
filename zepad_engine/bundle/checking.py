"""A bundle read with suspicion: every byte is a file's, with its digest, or a header's, which could not differ."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from zepad_engine.bundle.manifest import MANIFEST, SIGNATURE, Manifest, manifest_from_json
from zepad_engine.bundle.refusal import refused
from zepad_engine.bundle.signing import Signature, check_signature
from zepad_engine.bundle.zip_bytes import (
    CENTRAL_SIZE,
    END_SIZE,
    LARGEST,
    LONGEST_NAME,
    MOST_FILES,
    Member,
    local_header,
    read_central,
    read_end,
)
from zepad_engine.errors import BadInput

_CHUNK: Final = 1 << 20
_LARGEST_LIST: Final = 16 << 20
_LARGEST_JSON: Final = 64 << 20
_CHANGED: Final = "it was changed after it was written"

Take = Callable[[str, bytes], None]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle in which every byte is as written.

    Attributes:
        seal: SHA-256 of the manifest, which stands for all of it: two bundles with one seal hold the same files.
        size: of the whole file in bytes.
    """

    manifest: Manifest
    signature: Signature | None
    seal: str
    size: int


def check(path: Path, take: Take | None = None) -> Checked:
    """Read a bundle from the first byte to the last; ``take`` is given each file in pieces, in order, as it is read.

    What was taken must not be used before this has returned.

    Raises:
        BadInput: it is no bundle, or a byte is not as it was written.
    """
    try:
        with _opened(path) as stream:
            return _check(stream, take or (lambda _name, _chunk: None))
    except OSError as trouble:
        raise BadInput(f"The file {path.name} cannot be read.", "Check the path and its rights.") from trouble


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if not path.is_file():
        raise BadInput(f"There is no file {path.name}.", "Check the path.")
    with path.open("rb") as stream:
        yield stream


def _check(stream: BinaryIO, take: Take) -> Checked:
    size = os.fstat(stream.fileno()).st_size
    members = _members(stream, size)
    if not members or members[0].name != MANIFEST or members[0].size > _LARGEST_LIST:
        raise refused("its list of files is missing")
    stream.seek(0)
    text = _content(stream, members[0])
    manifest = manifest_from_json(text)
    signed = members[-1].name == SIGNATURE
    inner = members[1:-1] if signed else members[1:]
    if [(file.name, file.size) for file in manifest.files] != [(member.name, member.size) for member in inner]:
        raise refused("the files in it are not those of its list")
    for member, file in zip(inner, manifest.files, strict=True):
        if _digest(stream, member, take) != file.sha256:
            raise refused(f"{_CHANGED} ({member.name})")
    signature = _signature(stream, members[-1], text) if signed else None
    return Checked(manifest=manifest, signature=signature, seal=hashlib.sha256(text).hexdigest(), size=size)


def _members(stream: BinaryIO, size: int) -> tuple[Member, ...]:
    if not END_SIZE < size <= LARGEST:
        raise refused("it is empty or larger than a bundle can be")
    stream.seek(size - END_SIZE)
    end = read_end(stream.read())
    if end is None:
        raise refused("it is no zip, or something was added to it")
    longest = MOST_FILES * (CENTRAL_SIZE + LONGEST_NAME)
    if end.files > MOST_FILES or end.size > longest or end.offset + end.size + END_SIZE != size:
        raise refused("its parts do not add up")
    stream.seek(end.offset)
    members = read_central(stream.read(end.size), end.files)
    if members is None or (members[-1].end if members else 0) != end.offset:
        raise refused("its list of places does not fit, or it was packed by another program")
    return members


def _header(stream: BinaryIO, member: Member) -> None:
    expected = local_header(member)
    if stream.read(len(expected)) != expected:
        raise refused(_CHANGED)


def _content(stream: BinaryIO, member: Member) -> bytes:
    parts: list[bytes] = []
    _digest(stream, member, lambda _name, chunk: parts.append(chunk))
    return b"".join(parts)


def _digest(stream: BinaryIO, member: Member, take: Take) -> str:
    _header(stream, member)
    if not member.size:
        raise refused(f"{member.name} is empty")
    digest, crc, left = hashlib.sha256(), 0, member.size
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise refused("it ends too early")
        if left == member.size:
            _require_kind(member, chunk)
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        left -= len(chunk)
        take(member.name, chunk)
    if crc != member.crc:
        raise refused(f"{_CHANGED} ({member.name})")
    return digest.hexdigest()


def _require_kind(member: Member, begun: bytes) -> None:
    """A file must be what its ending says, as far as its first bytes tell."""
    ending = member.name.rpartition(".")[2]
    if ending == "json" and (begun.lstrip()[:1] not in (b"{", b"[") or member.size > _LARGEST_JSON):
        raise refused(f"{member.name} is no JSON")
    if ending == "png" and not begun.startswith(b"\x89PNG\r\n\x1a\n"):
        raise refused(f"{member.name} is no picture")
    if ending == "safetensors" and not 2 <= int.from_bytes(begun[:8], "little") <= member.size - 8:
        raise refused(f"{member.name} holds no tensors")


def _signature(stream: BinaryIO, member: Member, manifest: bytes) -> Signature:
    if member.size > _LARGEST_LIST:
        raise refused("its signature cannot be read")
    return check_signature(manifest, _content(stream, member))
