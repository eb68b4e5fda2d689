"""Files that are whole or not there: write to a sibling, flush, replace."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from zepad_engine.errors import NoSpace

_REFUSALS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
}


def write_bytes(path: Path, content: bytes) -> None:
    """Store ``content`` at ``path`` so that a reader sees the old file or the new one, never a part.

    Raises:
        NoSpace: the disk refused the write; the old file is untouched.
    """

    def fill(sibling: Path) -> None:
        with sibling.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    replace_with(path, fill)


def replace_with(path: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write a sibling of ``path``, then put it in place.

    Raises:
        NoSpace: the disk refused the write; the old file is untouched.
    """
    sibling = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill(sibling)
        sibling.replace(path)
    except OSError as trouble:
        if trouble.errno in _REFUSALS:
            raise NoSpace(
                f"Could not write {path.name}: {os.strerror(trouble.errno).lower()}.",
                "Free some space or choose another folder; what was stored before is whole.",
            ) from trouble
        raise
    finally:
        with contextlib.suppress(OSError):
            sibling.unlink(missing_ok=True)
