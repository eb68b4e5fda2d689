"""A foreign file, opened once: every byte that is judged, hashed or copied comes through one descriptor."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from zepad_engine.encoders.refusals import (
    CHANGED,
    COPY_AGAIN,
    INCOMPLETE,
    MISSING,
    NOT_ORDINARY,
    TOO_LARGE,
    refuse,
    shown,
)

LARGEST_FILE: Final = 8 * 1024**3
CHUNK: Final = 1024**2


class Source:
    """An ordinary file held open for reading."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream = stream
        self.name = shown(name)
        self._facts = self._state()
        self.size = os.fstat(stream.fileno()).st_size

    def read_at(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset``.

        Raises:
            BadCheckpoint: the file ends before.
        """
        if offset < 0 or offset + count > self.size:
            raise refuse(INCOMPLETE, f"{self.name} is cut short.", COPY_AGAIN)
        try:
            self.stream.seek(offset)
            found = self.stream.read(count)
        except OSError as trouble:
            raise refuse(MISSING, f"{self.name} cannot be read to its end.", "Copy it to another disk.") from trouble
        if len(found) != count:
            raise refuse(CHANGED, f"{self.name} became shorter while it was read.", COPY_AGAIN)
        return found

    def chunks(self, offset: int, count: int) -> Iterator[bytes]:
        """The same bytes in pieces of at most 1 MiB."""
        for start in range(offset, offset + count, CHUNK):
            yield self.read_at(start, min(CHUNK, offset + count - start))

    def sha256(self) -> str:
        """Hexadecimal digest of the whole file."""
        digest = hashlib.sha256()
        for chunk in self.chunks(0, self.size):
            digest.update(chunk)
        return digest.hexdigest()

    def require_unchanged(self) -> None:
        """Make sure that what was read is one file, not the beginning of one and the end of another.

        Raises:
            BadCheckpoint: it was written to since it was opened.
        """
        if self._state() != self._facts:
            raise refuse(
                CHANGED,
                f"{self.name} changed while it was read.",
                "Wait until the program that writes it is done, then open it again.",
            )

    def _state(self) -> tuple[int, int, int]:
        facts = os.fstat(self.stream.fileno())
        return facts.st_size, facts.st_mtime_ns, facts.st_ino


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open an ordinary, readable file of 1 byte to 8 GiB; never waits for another process.

    Raises:
        BadCheckpoint: it is none.
    """
    with os.fdopen(_descriptor(path, shown(path.name)), "rb") as stream:
        _require_ordinary(os.fstat(stream.fileno()), shown(path.name))
        yield Source(stream, path.name)


def _descriptor(path: Path, name: str) -> int:
    try:
        # Looked at before it is opened, for opening some devices does something; and once more when it is open.
        _require_ordinary(path.stat(), name)
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except PermissionError as trouble:
        raise refuse(MISSING, f"{name} may not be read.", "Check the rights of the file.") from trouble
    except (OSError, ValueError) as trouble:
        raise refuse(MISSING, f"There is no file {name}.", "Check the path, or choose the file again.") from trouble


def _require_ordinary(facts: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise refuse(NOT_ORDINARY, f"{name} is a folder.", "Choose the weight file inside it.")
    if not stat.S_ISREG(facts.st_mode):
        raise refuse(NOT_ORDINARY, f"{name} is not an ordinary file.", "Choose a weight file on a disk.")
    if facts.st_size == 0:
        raise refuse(INCOMPLETE, f"{name} is empty.", COPY_AGAIN)
    if facts.st_size > LARGEST_FILE:
        raise refuse(TOO_LARGE, f"{name} is larger than 8 GiB.", "Save the encoder without optimiser state.")
