"""From views of storages to places in the file: every tensor is real bytes, and no more than the file explains."""

from __future__ import annotations

from zepad_engine.encoders.foreign.pickle_values import ITEM_BYTES, Storage, Stored
from zepad_engine.encoders.foreign.plain_tensors import Plain
from zepad_engine.encoders.refusals import ASK_AUTHOR, COPY_AGAIN, DAMAGED, EXPANDED, refuse, shown

# Weights may lie in a file under several names (tied, or a copy of the whole under a second key), but not without end.
_MOST_COPIES = 3
_SLACK = 1024**2


def require_records(storages: dict[str, Storage], records: dict[str, tuple[int, int]], file: str) -> None:
    """Make sure that every storage the pickle mentions lies in the file with just its length.

    Raises:
        BadCheckpoint: one does not.
    """
    for key, storage in storages.items():
        if key not in records or records[key][1] != storage.nbytes:
            raise refuse(DAMAGED, f"The numbers of tensor storage {shown(key)} are not whole in {file}.", COPY_AGAIN)


def places_of(
    tensors: dict[str, Stored], records: dict[str, tuple[int, int]], file: str, size: int
) -> dict[str, Plain]:
    """Where the bytes of each tensor lie; ``size`` is the file's, in bytes.

    Raises:
        BadCheckpoint: a tensor is stretched out of fewer numbers than it claims, or all together are.
    """
    found = {name: _place(name, tensor, records[tensor.storage.key][0], file) for name, tensor in tensors.items()}
    if sum(plain.nbytes for plain in found.values()) > _MOST_COPIES * size + _SLACK:
        raise refuse(EXPANDED, f"{file} claims far more numbers than it holds.", ASK_AUTHOR)
    return found


def _place(name: str, tensor: Stored, start: int, file: str) -> Plain:
    pairs = list(zip(tensor.shape, tensor.strides, strict=True))
    width = ITEM_BYTES[tensor.dtype]
    claimed = tensor.numbers * width
    if claimed > tensor.storage.nbytes or any(side > 1 and step == 0 for side, step in pairs):
        raise refuse(EXPANDED, f"The tensor {shown(name)} in {file} claims more numbers than it holds.", ASK_AUTHOR)
    first = start + tensor.offset * width
    if _contiguous(pairs):
        return Plain(tensor.dtype, tensor.shape, None, first, claimed)
    spread = (1 + sum((side - 1) * step for side, step in pairs)) * width if claimed else 0
    return Plain(tensor.dtype, tensor.shape, tensor.strides, first, spread)


def _contiguous(pairs: list[tuple[int, int]]) -> bool:
    """Whether the numbers stand in row-major order without a gap; sides of 1 have any stride, empty tensors too."""
    expected = 1
    for side, step in reversed(pairs):
        if side == 0:
            return True
        if side != 1 and step != expected:
            return False
        expected *= side
    return True
