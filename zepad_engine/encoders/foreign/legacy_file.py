"""The container of torch.save before PyTorch 1.6: five pickles, then the storages one after another.

It carries no checksum: a changed weight in it cannot be noticed.
"""

from __future__ import annotations

from typing import Final

from zepad_engine.encoders.foreign.pickle_machine import Machine
from zepad_engine.encoders.foreign.pickle_values import ITEM_BYTES
from zepad_engine.encoders.foreign.source import Source
from zepad_engine.encoders.refusals import COPY_AGAIN, DAMAGED, INCOMPLETE, OTHER_FORMAT, SAVE_ANEW, refuse

MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_MOST_TRAILING: Final = 65_536


def read_legacy(source: Source, machine: Machine) -> tuple[object, dict[str, tuple[int, int]]]:
    """The object, and where each storage's bytes lie (offset and length, by key); ``machine`` holds the file's start.

    Raises:
        BadCheckpoint: the file is cut short or contradicts itself.
        IndexError, KeyError, ValueError, TypeError, OverflowError, struct.error: a pickle contradicts itself.
    """
    if machine.run() != MAGIC or machine.run() != _PROTOCOL:
        raise ValueError
    system = machine.run()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise refuse(OTHER_FORMAT, f"{source.name} was written by a big-endian machine.", SAVE_ANEW)
    loaded = machine.run()
    keys = machine.run()
    if not isinstance(keys, list) or not all(type(key) is str for key in keys) or set(keys) != set(machine.storages):
        raise ValueError
    return loaded, _places(source, machine, keys)


def _places(source: Source, machine: Machine, keys: list[str]) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    at = machine.at
    for key in keys:
        storage = machine.storages[key]
        if at + 8 > source.size:
            raise refuse(INCOMPLETE, f"{source.name} is cut short.", COPY_AGAIN)
        if int.from_bytes(source.read_at(at, 8), "little") != storage.length or key in places:
            raise ValueError
        length = storage.length * ITEM_BYTES[storage.dtype]
        places[key] = (at + 8, length)
        at += 8 + length
        if at > source.size:
            raise refuse(INCOMPLETE, f"{source.name} is cut short: {source.size:,} of {at:,} bytes.", COPY_AGAIN)
    if source.size - at > _MOST_TRAILING:
        raise refuse(DAMAGED, f"{source.name} has bytes after its end.", COPY_AGAIN)
    return places
