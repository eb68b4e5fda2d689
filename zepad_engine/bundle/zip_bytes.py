"""The one way a bundle's bytes may look: a zip of stored files, without times, gaps, comments or extras.

Any zip program can read it. Since nothing is left to choose, the headers a bundle should have can be computed from the
names, sizes and check sums in it, and every byte that differs is one that somebody changed.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

LONGEST_NAME: Final = 200
MOST_FILES: Final = 4_000
# Without the 64-bit extension of the format.
LARGEST: Final = 2**32 - 1

_VERSION: Final = 20
# Written by a Unix program; an ordinary file, readable by all.
_MADE_BY, _MODE = (3 << 8) | _VERSION, 0o100644 << 16
# 1 January 1980, midnight: the first moment the format knows.
_TIME, _DATE = 0, 0x21
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
CENTRAL_SIZE, END_SIZE = _CENTRAL.size, _END.size


class Member(NamedTuple):
    """A file in the zip: its name, bytes, CRC-32, and where its header begins."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def start(self) -> int:
        """Where its content begins."""
        return self.offset + _LOCAL.size + len(self.name.encode("ascii"))

    @property
    def end(self) -> int:
        """Where its content has ended."""
        return self.start + self.size


class End(NamedTuple):
    """What the last bytes say: how many files, and where their list lies."""

    files: int
    size: int
    offset: int


def local_header(member: Member) -> bytes:
    """What stands before a file's content."""
    name = member.name.encode("ascii")
    sizes = (member.crc, member.size, member.size, len(name), 0)
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, _TIME, _DATE, *sizes) + name


def central_header(member: Member) -> bytes:
    """A file's place in the list at the end."""
    name = member.name.encode("ascii")
    sizes = (member.crc, member.size, member.size, len(name), 0, 0, 0, 0, _MODE, member.offset)
    return _CENTRAL.pack(b"PK\x01\x02", _MADE_BY, _VERSION, 0, 0, _TIME, _DATE, *sizes) + name


def end_record(end: End) -> bytes:
    """The last bytes of the zip."""
    return _END.pack(b"PK\x05\x06", 0, 0, end.files, end.files, end.size, end.offset, 0)


def read_end(last: bytes) -> End | None:
    """The last bytes read; None where they are not exactly as `end_record` writes them."""
    if len(last) != END_SIZE:
        return None
    _, _, _, files, _, size, offset, _ = _END.unpack(last)
    found = End(files, size, offset)
    return found if end_record(found) == last else None


def read_central(listed: bytes, files: int) -> tuple[Member, ...] | None:
    """The list of files read; None where it is not exactly as `central_header` writes it, one file after the other."""
    members, place, offset = [], 0, 0
    for _ in range(files):
        member = _read_member(listed, place)
        if member is None or member.offset != offset:
            return None
        place += len(central_header(member))
        offset = member.end
        members.append(member)
    return tuple(members) if place == len(listed) else None


def _read_member(listed: bytes, place: int) -> Member | None:
    fixed = listed[place : place + CENTRAL_SIZE]
    if len(fixed) != CENTRAL_SIZE:
        return None
    values = _CENTRAL.unpack(fixed)
    crc, size, length, offset = values[7], values[8], values[10], values[16]
    name = listed[place + CENTRAL_SIZE : place + CENTRAL_SIZE + length]
    if length > LONGEST_NAME or not name.isascii():
        return None
    member = Member(name.decode("ascii"), size, crc, offset)
    written = central_header(member)
    return member if listed[place : place + len(written)] == written else None
