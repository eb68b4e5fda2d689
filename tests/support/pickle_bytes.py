"""Pickles and torch containers written byte by byte, as no honest program would write them."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


def text(told: str) -> bytes:
    encoded = told.encode("utf-8", "surrogatepass")
    return b"X" + len(encoded).to_bytes(4, "little") + encoded


def number(told: int) -> bytes:
    if -(2**31) <= told < 2**31:
        return b"J" + told.to_bytes(4, "little", signed=True)
    width = told.bit_length() // 8 + 1
    return b"\x8a" + bytes([width]) + told.to_bytes(width, "little", signed=True)


def several(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def numbers(told: tuple[int, ...]) -> bytes:
    return several(*map(number, told))


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def called(function: bytes, *arguments: bytes) -> bytes:
    return function + several(*arguments) + b"R"


def entries(told: Mapping[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in told.items()) + b"u"


def whole(content: bytes) -> bytes:
    return b"\x80\x02" + content + b"."


def storage(key: str = "0", kind: str = "FloatStorage", count: int = 16, place: str = "cpu") -> bytes:
    return several(text("storage"), named("torch", kind), text(key), text(place), number(count)) + b"Q"


def tensor(
    held: bytes | None = None, *, offset: int = 0, shape: tuple[int, ...] = (4, 4), strides: tuple[int, ...] = (4, 1)
) -> bytes:
    hooks = called(named("collections", "OrderedDict"))
    view = (number(offset), numbers(shape), numbers(strides), b"\x89", hooks)
    return called(named("torch._utils", "_rebuild_tensor_v2"), held or storage(), *view)


def torch_zip(path: Path, pickled: bytes, records: Mapping[str, bytes] | None = None, *, method: int = 0) -> Path:
    """A container as torch writes it; ``records`` are the storages by key, one of 64 bytes if not told."""
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        archive.writestr("net/data.pkl", pickled)
        archive.writestr("net/byteorder", "little")
        for key, content in ({"0": bytes(64)} if records is None else records).items():
            archive.writestr(f"net/data/{key}", content)
        archive.writestr("net/version", "3\n")
    return path


def torch_legacy(path: Path, pickled: bytes, storages: Mapping[str, tuple[int, bytes]]) -> Path:
    """A container of old; ``storages`` are the claimed count of numbers and the bytes, by key."""
    stream = io.BytesIO()
    for told in (MAGIC, PROTOCOL, SYSTEM):
        pickle.dump(told, stream, 2)
    stream.write(pickled)
    pickle.dump(sorted(storages), stream, 2)
    for _, (count, content) in sorted(storages.items()):
        stream.write(count.to_bytes(8, "little", signed=True) + content)
    path.write_bytes(stream.getvalue())
    return path
