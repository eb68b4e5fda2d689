"""Tensors as places in a foreign file, copied byte by byte into a safetensors file of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from zepad_engine.encoders.foreign.pickle_values import ITEM_BYTES
from zepad_engine.encoders.foreign.source import Source


class Plain(NamedTuple):
    """One tensor: type, shape, strides in numbers (None if contiguous), and where its bytes lie in the file.

    ``length`` is the length of the bytes it is spread over, which strides may make longer or shorter than its own.
    """

    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    start: int
    length: int

    @property
    def nbytes(self) -> int:
        """Bytes it takes written out."""
        total = ITEM_BYTES[self.dtype]
        for side in self.shape:
            total *= side
        return total


def write_tensors(source: Source, tensors: dict[str, Plain], out: Path) -> None:
    """Write ``tensors`` to ``out`` as safetensors, one chunk at a time.

    Raises:
        OSError: there is no room for it.
    """
    # Wide types first, so that every tensor starts at a multiple of its own width.
    order = sorted(tensors, key=lambda name: (-ITEM_BYTES[tensors[name].dtype], name))
    header, reached = {}, 0
    for name in order:
        plain = tensors[name]
        span = [reached, reached + plain.nbytes]
        header[name] = {"dtype": plain.dtype, "shape": plain.shape, "data_offsets": span}
        reached += plain.nbytes
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    with out.open("wb") as stream:
        stream.write(len(told).to_bytes(8, "little"))
        stream.write(told)
        for name in order:
            _copy(source, tensors[name], stream)


def _copy(source: Source, plain: Plain, stream: BinaryIO) -> None:
    chunks = source.chunks(plain.start, plain.length) if plain.strides is None else _gathered(source, plain)
    for chunk in chunks:
        stream.write(chunk)


def _gathered(source: Source, plain: Plain) -> Iterator[bytes]:
    """The numbers of a tensor whose strides are not those of its shape, in row-major order."""
    import numpy as np

    width = ITEM_BYTES[plain.dtype]
    steps = tuple(width * step for step in plain.strides or ())
    spread = source.read_at(plain.start, plain.length)
    yield np.ndarray(plain.shape, f"V{width}", spread, 0, steps).tobytes()
