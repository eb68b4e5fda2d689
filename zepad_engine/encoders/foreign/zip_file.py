"""The zip container of torch.save, PyTorch 1.6 and later: whole, uncompressed, and nothing hidden in it."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import Final, NamedTuple

from zepad_engine.encoders.foreign.source import Source
from zepad_engine.encoders.refusals import (
    COPY_AGAIN,
    DAMAGED,
    EXPORTED_PROGRAM,
    INCOMPLETE,
    OTHER_FORMAT,
    PACKED,
    SAVE_ANEW,
    TOO_LARGE,
    TOO_MANY,
    TORCHSCRIPT,
    refuse,
)

LONGEST_PICKLE: Final = 16 * 1024**2
_MOST_ENTRIES: Final = 20_100
_LONGEST_DIRECTORY: Final = 8 * 1024**2
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_END: Final = struct.Struct("<4s4H2IH")
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    struct.error,
)


class TorchZip(NamedTuple):
    """A whole torch zip: the pickle, and where each storage's bytes lie (offset and length, by key)."""

    pickled: bytes
    records: dict[str, tuple[int, int]]


def read_zip(source: Source) -> TorchZip:
    """Check the whole container, every checksum included.

    Raises:
        BadCheckpoint: it is damaged, packed, too large, or no container of torch.save.
    """
    _require_end(source)
    try:
        with zipfile.ZipFile(source.stream) as archive:
            entries = archive.infolist()
    except _UNREADABLE as trouble:
        raise refuse(DAMAGED, f"{source.name} is cut short or damaged.", COPY_AGAIN) from trouble
    top = _require_torch(entries, source.name)
    _require_plain(entries, source.name)
    places = _whole_places(source, entries)
    offset, length = places[f"{top}/data.pkl"]
    if length > LONGEST_PICKLE:
        raise refuse(TOO_LARGE, f"The list of objects in {source.name} is larger than 16 MB.", SAVE_ANEW)
    if f"{top}/byteorder" in places and source.read_at(*places[f"{top}/byteorder"]) != b"little":
        raise refuse(OTHER_FORMAT, f"{source.name} was written by a big-endian machine.", SAVE_ANEW)
    start = f"{top}/data/"
    records = {name.removeprefix(start): place for name, place in places.items() if name.startswith(start)}
    return TorchZip(source.read_at(offset, length), records)


def _require_end(source: Source) -> None:
    """Find the end record in the last 64 KB, before anything is built out of what it says."""
    tail = min(source.size, 65_536 + _END.size)
    last = source.read_at(source.size - tail, tail)
    at = last.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(last):
        raise refuse(INCOMPLETE, f"{source.name} is cut short or damaged at its end.", COPY_AGAIN)
    _, _, _, _, _, length, _, _ = _END.unpack_from(last, at)
    if length != 0xFFFFFFFF and length > _LONGEST_DIRECTORY:
        raise refuse(TOO_MANY, f"{source.name} has too many entries for an encoder.", SAVE_ANEW)


def _require_torch(entries: list[zipfile.ZipInfo], name: str) -> str:
    """The one top folder of the container."""
    places = [entry.filename for entry in entries]
    inner = [place.partition("/")[2] for place in places]
    if len(places) > _MOST_ENTRIES:
        raise refuse(TOO_MANY, f"{name} has {len(places):,} entries; at most {_MOST_ENTRIES:,} are read.", SAVE_ANEW)
    if "constants.pkl" in inner or any(place.startswith("code/") for place in [*inner, *places]):
        raise refuse(TORCHSCRIPT, f"{name} is a TorchScript program, which ZePAD does not run.", SAVE_ANEW)
    if any(place.endswith(("serialized_exported_program.json", "archive_format")) for place in places):
        raise refuse(EXPORTED_PROGRAM, f"{name} is a program of torch.export, which ZePAD does not run.", SAVE_ANEW)
    if places and all(place.endswith(".npy") for place in places):
        raise refuse(
            OTHER_FORMAT, f"{name} is a NumPy archive.", "Save the weights as safetensors, one tensor per name."
        )
    tops = {place.partition("/")[0] for place in places}
    if len(tops) != 1 or inner.count("data.pkl") != 1 or len(set(places)) != len(places):
        raise refuse(
            OTHER_FORMAT,
            f"{name} is a zip file, but not one that PyTorch wrote.",
            "If it holds a checkpoint, unpack it.",
        )
    return tops.pop()


def _require_plain(entries: list[zipfile.ZipInfo], name: str) -> None:
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise refuse(PACKED, f"{name} was packed anew after PyTorch wrote it.", SAVE_ANEW)
    if any(entry.flag_bits & 0x41 for entry in entries):
        raise refuse(PACKED, f"{name} is encrypted.", SAVE_ANEW)
    if any(entry.compress_size != entry.file_size for entry in entries):
        raise refuse(DAMAGED, f"{name} is damaged inside.", COPY_AGAIN)


def _whole_places(source: Source, entries: list[zipfile.ZipInfo]) -> dict[str, tuple[int, int]]:
    """Offset and length of every entry, once its header and checksum agree and no two share a byte."""
    places, end = {}, 0
    for position, entry in enumerate(sorted(entries, key=lambda entry: entry.header_offset)):
        start = _content_start(source, entry)
        checksum = 0
        # The first entry starts the file: nothing stands before what is checked here.
        if (position == 0) != (entry.header_offset == 0) or entry.header_offset < end:
            raise refuse(DAMAGED, f"{source.name} is damaged inside.", COPY_AGAIN)
        end = start + entry.file_size
        for chunk in source.chunks(start, entry.file_size):
            checksum = zlib.crc32(chunk, checksum)
        if checksum != entry.CRC:
            raise refuse(DAMAGED, f"{source.name} is damaged inside.", COPY_AGAIN)
        places[entry.filename] = (start, entry.file_size)
    return places


def _content_start(source: Source, entry: zipfile.ZipInfo) -> int:
    damaged = refuse(DAMAGED, f"{source.name} is damaged inside.", COPY_AGAIN)
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
    if not 0 <= entry.header_offset <= source.size - _LOCAL.size - len(name) - entry.file_size:
        raise damaged
    head = source.read_at(entry.header_offset, _LOCAL.size)
    magic, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack(head)
    start = int(entry.header_offset + _LOCAL.size + name_length + extra_length)
    told = source.read_at(entry.header_offset + _LOCAL.size, len(name))
    if magic != b"PK\x03\x04" or method or flags & 0x41 or len(name) != name_length or told != name:
        raise damaged
    if start + entry.file_size > source.size:
        raise damaged
    return start
