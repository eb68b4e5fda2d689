"""How much a folder of ours holds, and emptying the cache, step by step."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Final

# What ZePAD itself puts into its cache; whatever else lies in a folder the user chose is not ours to remove.
CACHE_PARTS: Final = ("decoded", "features", "pasted")


def measuring(roots: tuple[Path, ...]) -> Generator[None, None, int]:
    """The bytes of the files below some folders, links not followed; yields after every file."""
    total, waiting = 0, [str(root) for root in roots]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
                yield
    return total


def emptying(cache: Path) -> Generator[None, None, int]:
    """Remove what ZePAD keeps in a cache folder and nothing else; gives the bytes freed, yields after every file."""
    freed = 0
    for part in CACHE_PARTS:
        if (cache / part).is_symlink():
            continue
        for folder, folders, names in os.walk(cache / part, topdown=False):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *links):
                path = Path(folder) / name
                with suppress(OSError):
                    size = path.lstat().st_size
                    path.unlink()
                    freed += size
                yield
            with suppress(OSError):
                Path(folder).rmdir()
    return freed


def size_in_words(count: int) -> str:
    """Bytes in the unit that reads best: ``1.4 GB``."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
