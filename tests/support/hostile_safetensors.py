"""Row 45 of the hostile corpus: safetensors files whose header or length lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

BAD: Final = "encoder.damaged"


def _file(header: str | bytes, content: bytes = b"", length: int | None = None) -> bytes:
    told = header.encode() if isinstance(header, str) else header
    return (len(told) if length is None else length).to_bytes(8, "little") + told + content


def _entry(begin: int = 0, end: int = 8, shape: object = (2,), dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def _one(content: bytes = bytes(8), **how: object) -> Callable[[], bytes]:
    return lambda: _file(json.dumps({"a": _entry(**how)}), content)


def _two(first: dict[str, object], second: dict[str, object], size: int = 16) -> Callable[[], bytes]:
    return lambda: _file(json.dumps({"a": first, "b": second}), bytes(size))


def _many(count: int) -> bytes:
    empty = json.dumps(_entry(0, 0, (0,)))
    return _file("{" + ",".join(f'"t{index}":{empty}' for index in range(count)) + "}")


def _metadata(told: object) -> Callable[[], bytes]:
    return lambda: _file(json.dumps({"__metadata__": told, "a": _entry()}), bytes(8))


_TWICE = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'

SAFETENSORS: Final[tuple[tuple[str, str, Callable[[], bytes]], ...]] = (
    ("header of 2**63", "encoder.too_large", lambda: _file('{"a":1}', length=2**63)),
    ("header of 100 MB", "encoder.too_large", lambda: _file('{"a":1}', bytes(64), length=100_000_001)),
    ("header longer than the file", "encoder.incomplete", lambda: _file('{"a":1}', length=4000)),
    ("overlap", BAD, _two(_entry(), _entry(4, 12), 12)),
    ("hole", BAD, _two(_entry(), _entry(12, 20), 20)),
    ("bytes behind it", BAD, _one(bytes(9))),
    ("out of bounds", "encoder.incomplete", _one(bytes(4))),
    ("shape of 2**80", BAD, _one(shape=(2**40, 2**40))),
    ("shape of a terabyte", BAD, _one(shape=(2**38,))),
    ("shape and length differ", BAD, _one(shape=(3,))),
    ("negative shape", BAD, _one(shape=(-2, -1))),
    ("negative offset", BAD, _one(begin=-8, end=0)),
    ("ends before it begins", BAD, _one(begin=8, end=0)),
    ("unknown type", "encoder.no_weights", _one(dtype="F31")),
    ("type is no text", BAD, _one(dtype=7)),
    ("shape is no list", BAD, _one(shape="2")),
    ("shape of a truth value", BAD, _one(shape=(True, 2))),
    ("metadata that is no text", "", _metadata({"a": [1]})),
    ("metadata of markup", "", _metadata({"a": "<script>"})),
    ("not UTF-8", BAD, lambda: _file(b'{"\xff":1}')),
    ("deep JSON", BAD, lambda: _file('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")),
    ("side of 1e308", BAD, _one(shape=(1e308,))),
    ("the same key twice", BAD, lambda: _file(_TWICE, bytes(8))),
    ("empty side of 2**62", BAD, _one(b"", end=0, shape=(0, 2**62))),
    ("7 bytes", BAD, lambda: bytes(7)),
    ("byte order mark", BAD, lambda: _file(b'\xef\xbb\xbf{"a":1}')),
    ("21,000 empty tensors", "encoder.too_many", lambda: _many(21_000)),
    ("300,000 empty tensors", "encoder.too_large", lambda: _many(300_000)),
)
