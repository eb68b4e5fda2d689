"""Decoded pictures in a file instead of in memory: written one after the other, then mapped."""

from __future__ import annotations

import errno
import io
import math
import mmap
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import torch
from torch import Tensor

SPARE_BYTES: Final = 1 << 30
"""Free space left to the disk: a run wants up to 1 GiB for its own files."""

_LOOK_EVERY: Final = 64 << 20
_COPY_BYTES: Final = 4 << 20
# Linux's own number; Python names it from 3.13 on.
_MAP_NORESERVE: Final = getattr(mmap, "MAP_NORESERVE", 0x4000)

_Stream = Any
_Place = Callable[[], tuple[_Stream, Path | None]]


class PixelFile:
    """Square uint8 pictures, appended in order, in the first place that takes them.

    The places are a new file in ``folder`` (where one is given), a nameless temporary file, and memory. A place that
    refuses, or whose disk keeps less than 1 GiB even after ``make_room``, is left for the next; what was appended
    goes along. As a context it closes the file at its end, and deletes it if that end is an error.

    Attributes:
        size: side of the pictures in pixels.
        count: pictures appended so far.
        path: the file in ``folder``, or None where the pictures went elsewhere.
    """

    def __init__(self, size: int, folder: Path | None = None, make_room: Callable[[], None] = lambda: None) -> None:
        self.size = size
        self.count = 0
        self.path: Path | None = None
        self._length = 0
        self._look_at = 0
        self._make_room = make_room
        self._stream: _Stream = None
        named: list[_Place] = [] if folder is None else [partial(_named, folder)]
        self._places: list[_Place] = [*named, _nameless, _memory]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        _close(self._stream)
        if kind is not None:
            self.discard()

    def append(self, pictures: Tensor) -> None:
        """Add pictures, uint8 (3, size, size) or (N, 3, size, size)."""
        content = pictures.contiguous().reshape(-1).numpy().data
        while True:
            try:
                self._write(content)
                break
            except OSError:
                self._move()
        self._length += len(content)
        self.count += len(content) // (3 * self.size**2)

    def mapped(self) -> Tensor:
        """All pictures so far, uint8 (count, 3, size, size), at least one."""
        shape = (self.count, 3, self.size, self.size)
        if isinstance(self._stream, io.BytesIO):
            return torch.frombuffer(self._stream.getbuffer(), dtype=torch.uint8).reshape(shape)
        return _mapped(self._stream.fileno(), shape)

    def discard(self) -> None:
        """Delete the file in ``folder``; what ``mapped`` gave stays good."""
        if self.path is not None:
            remove(self.path)
            self.path = None

    def _write(self, content: memoryview) -> None:
        look = self._length >= self._look_at
        if look:
            self._look_at = self._length + _LOOK_EVERY
            self._make_room()
        if self._stream is None:
            self._move()
        elif look:
            _require_spare(self._folder())
        while content:
            content = content[self._stream.write(content) :]

    def _folder(self) -> Path | None:
        if isinstance(self._stream, io.BytesIO):
            return None
        return Path(tempfile.gettempdir()) if self.path is None else self.path.parent

    def _move(self) -> None:
        """Go on in the next place that takes what was appended so far."""
        left, left_path = self._stream, self.path
        while True:
            stream, path = None, None
            try:
                stream, path = self._places.pop(0)()
                _copy(left, stream, self._length)
                break
            except OSError:
                _drop(stream, path)
                if not self._places:
                    raise
        self._stream, self.path = stream, path
        _drop(left, left_path)


def _close(stream: _Stream) -> None:
    # Memory is left alone: a tensor may stand on it.
    if stream is not None and not isinstance(stream, io.BytesIO):
        stream.close()


def _drop(stream: _Stream, path: Path | None) -> None:
    _close(stream)
    if path is not None:
        remove(path)


def map_pixels(path: Path, shape: tuple[int, int, int, int]) -> Tensor:
    """The pictures of a stored file, uint8 of ``shape``; changes to the tensor never reach the file.

    Raises:
        OSError: the file cannot be read, or is not as long as ``shape`` says.
    """
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size != math.prod(shape):
            raise OSError(errno.EINVAL, "not as long as it should be")
        return _mapped(stream.fileno(), shape)


def remove(path: Path) -> None:
    """Delete a file if it is there and can be: on Windows a mapped file cannot."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds an existing ``folder``."""
    return shutil.disk_usage(folder).free


def _mapped(descriptor: int, shape: tuple[int, int, int, int]) -> Tensor:
    """A private writable map, so that torch takes it without complaint and no write reaches the file."""
    if sys.platform == "linux":
        # Without NORESERVE the kernel refuses a private writable map of a file larger than memory and swap.
        memory = mmap.mmap(
            descriptor,
            math.prod(shape),
            flags=mmap.MAP_PRIVATE | _MAP_NORESERVE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
        )
    else:
        memory = mmap.mmap(descriptor, math.prod(shape), access=mmap.ACCESS_COPY)
    return torch.frombuffer(memory, dtype=torch.uint8).reshape(shape)


def _named(folder: Path) -> tuple[_Stream, Path | None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_spare(folder)
    descriptor, name = tempfile.mkstemp(".u8", "pixels-", folder)
    return os.fdopen(descriptor, "w+b", buffering=0), Path(name)


def _nameless() -> tuple[_Stream, Path | None]:
    _require_spare(Path(tempfile.gettempdir()))
    return tempfile.TemporaryFile("w+b", buffering=0), None


def _memory() -> tuple[_Stream, Path | None]:
    return io.BytesIO(), None


def _require_spare(folder: Path | None) -> None:
    if folder is not None and free_bytes(folder) < SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _copy(source: _Stream, target: _Stream, length: int) -> None:
    if source is None:
        return
    source.seek(0)
    while length:
        content = memoryview(source.read(min(length, _COPY_BYTES)))
        if not content:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        length -= len(content)
        while content:
            content = content[target.write(content) :]
