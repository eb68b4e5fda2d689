"""The safetensors container: eight bytes of length, a JSON header, then the numbers without gap or overlap."""

from __future__ import annotations

import json
from typing import Final

from zepad_engine.encoders.foreign.pickle_values import ITEM_BYTES
from zepad_engine.encoders.foreign.plain_tensors import Plain
from zepad_engine.encoders.foreign.source import Source
from zepad_engine.encoders.refusals import (
    COPY_AGAIN,
    DAMAGED,
    INCOMPLETE,
    NO_WEIGHTS,
    SAVE_ANEW,
    TOO_LARGE,
    TOO_MANY,
    refuse,
)

LONGEST_HEADER: Final = 8 * 1024**2
MOST_TENSORS: Final = 20_000
_MOST_DIMENSIONS: Final = 64
_LARGEST_SIDE: Final = 2**40


def read_safetensors(source: Source) -> tuple[dict[str, Plain], list[str]]:
    """Every tensor of a type that encoders use, by name, and the names of the others.

    Raises:
        BadCheckpoint: the header or the file contradicts itself, or is too long.
    """
    length = int.from_bytes(source.read_at(0, min(8, source.size)), "little")
    if length > LONGEST_HEADER:
        raise refuse(TOO_LARGE, f"The header of {source.name} is larger than 8 MB.", SAVE_ANEW)
    if 8 + length > source.size:
        raise refuse(INCOMPLETE, f"The header of {source.name} is cut short.", COPY_AGAIN)
    try:
        header = json.loads(source.read_at(8, length).decode("utf-8"), object_pairs_hook=_once)
        header.pop("__metadata__", None)
        spans = {name: _span(told) for name, told in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as trouble:
        raise refuse(DAMAGED, f"The header of {source.name} is damaged.", COPY_AGAIN) from trouble
    if not spans:
        raise refuse(NO_WEIGHTS, f"{source.name} holds no tensors.", SAVE_ANEW)
    if len(spans) > MOST_TENSORS:
        raise refuse(
            TOO_MANY, f"{source.name} holds {len(spans):,} tensors; at most {MOST_TENSORS:,} are read.", SAVE_ANEW
        )
    _require_seamless(list(spans.values()), source, 8 + length)
    start = 8 + length
    known = {
        name: Plain(dtype, shape, None, start + begin, end - begin)
        for name, (dtype, shape, begin, end) in spans.items()
        if dtype in ITEM_BYTES
    }
    return known, [name for name in spans if name not in known]


_Span = tuple[str, tuple[int, ...], int, int]


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _span(told: dict[str, object]) -> _Span:
    dtype, shape, offsets = told["dtype"], told["shape"], told["data_offsets"]
    if type(dtype) is not str or not isinstance(shape, list) or not isinstance(offsets, list) or len(told) != 3:
        raise TypeError
    begin, end = offsets
    numbers = [begin, end, *shape]
    if len(shape) > _MOST_DIMENSIONS or not all(type(one) is int and 0 <= one <= _LARGEST_SIDE for one in numbers):
        raise ValueError
    count = 1
    for side in shape:
        count *= side
    if dtype in ITEM_BYTES and count * ITEM_BYTES[dtype] != end - begin:
        raise ValueError
    return dtype, tuple(shape), begin, end


def _require_seamless(spans: list[_Span], source: Source, start: int) -> None:
    reached = 0
    for _, _, begin, end in sorted(spans, key=lambda span: span[2:]):
        if begin != reached or end < begin:
            raise refuse(DAMAGED, f"The header of {source.name} is damaged.", COPY_AGAIN)
        reached = end
    if start + reached > source.size:
        raise refuse(
            INCOMPLETE, f"{source.name} is cut short: {source.size:,} of {start + reached:,} bytes.", COPY_AGAIN
        )
    if start + reached < source.size:
        raise refuse(DAMAGED, f"{source.name} has bytes after its end.", COPY_AGAIN)
