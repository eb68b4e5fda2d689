"""A folder or zip of pictures as an ImageSet: one sub-folder per class, split or not; or flat and unlabelled."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import torch
from torch import Tensor

from zepad_engine.errors import BadImage, BadInput
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.picture import ENDINGS, decode_picture
from zepad_engine.images.pixel_file import PixelFile

_SPLITS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_MOST_UNREADABLE = 0.10
_LARGEST_FILE = 200 * 1024 * 1024


_Listed = tuple[str, int, int]
"""A picture's place below the root, its size in bytes, and its time of change (in a zip, its check sum)."""


class _Entry(NamedTuple):
    """A picture file: its place below the root, its split ("" if none) and its class ("" if none)."""

    place: str
    split: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A folder or zip: its name, its pictures in no order, and how to read one."""

    name: str
    listed: Iterator[_Listed]
    read: Callable[[str], bytes]


def load_folder(
    path: Path, size: int, limit: int | None = None, seed: int = 0, pixels: PixelFile | None = None
) -> ImageSet:
    """Read a folder or .zip of pictures as uint8 (N, 3, size, size), in sorted order.

    Layouts: ``<class>/<file>``; ``train/<class>/<file>`` and ``test/<class>/<file>``; ``<file>`` alone (no labels).
    At most ``limit`` pictures of each split are read, chosen evenly over the classes by ``seed``. Unreadable
    files are left out and counted in ``source``. Each picture goes into ``pixels`` as it is decoded, or into a
    temporary file, so that memory need not hold them all.

    Raises:
        BadInput: no such path, not a folder or zip, no pictures, fewer than 2 classes, a class with a single
            picture, or more than one file in ten unreadable.
    """
    with _opened(path) as source, pixels or PixelFile(size) as into:
        return _load(source, into, limit, seed)


def folder_fingerprint(path: Path) -> tuple[str, int]:
    """What changes with any picture of a folder or .zip, 64 hexadecimal characters; and how many pictures it lists.

    Sizes and times of files stand for their content; for a zip its own, and the check sums it lists.

    Raises:
        BadInput: no such path, or not a folder or zip.
    """
    found = path.stat() if path.is_file() else None
    total, count = 0, 0
    with _opened(path) as source:
        # A sum does not depend on the order, so that millions of names need not be held to be sorted.
        for listed in source.listed:
            total += int.from_bytes(hashlib.sha256(repr(listed).encode()).digest(), "big")
            count += 1
    whole = (total % 2**256, count, found and (found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr(whole).encode()).hexdigest(), count


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    if path.is_dir():
        yield _Source(name=path.name, listed=_in_folder(path), read=lambda place: (path / place).read_bytes())
        return
    if not path.exists():
        raise BadInput(f"There is no folder or file {path.name}.", "Check the path, or choose the folder again.")
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Source(name=path.stem, listed=_in_zip(archive), read=archive.read)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as trouble:
        raise BadInput(
            f"{path.name} is not a folder and not a whole zip file.",
            "Choose a folder of pictures, or a zip of one.",
        ) from trouble


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _is_picture(name: str) -> bool:
    ending = name[name.rfind(".") :].lower()
    return ending in ENDINGS and not _is_hidden(name)


def _in_folder(root: Path) -> Iterator[_Listed]:
    """The pictures below a folder; linked folders are not entered, nor those that may not be read."""
    waiting = [("", str(root))]
    while waiting:
        within, folder = waiting.pop()
        with suppress(OSError), os.scandir(folder) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    if not _is_hidden(entry.name):
                        waiting.append((f"{within}{entry.name}/", entry.path))
                elif _is_picture(entry.name) and (file := _status(entry)) is not None:
                    yield f"{within}{entry.name}", file.st_size, file.st_mtime_ns


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the system says of a file; None if it is no regular file, too large, or just gone."""
    try:
        found = entry.stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST_FILE else None


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Listed]:
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        hidden = entry.is_dir() or any(map(_is_hidden, parts[:-1]))
        if not hidden and _is_picture(parts[-1]) and entry.file_size <= _LARGEST_FILE:
            yield entry.filename, entry.file_size, entry.CRC


def _load(source: _Source, pixels: PixelFile, limit: int | None, seed: int) -> ImageSet:
    name = source.name
    entries = _limited(_entries(name, sorted(listed[0] for listed in source.listed)), limit, seed)
    _require_classes(name, entries)
    kept = list(_decoded(entries, source.read, pixels))
    lost = len(entries) - len(kept)
    if not kept or lost > _MOST_UNREADABLE * len(entries):
        raise BadInput(
            f"{lost} of {len(entries)} pictures in {name} cannot be read.",
            "Remove or replace the damaged files.",
        )
    _require_classes(name, kept)
    note = f"{len(kept)} pictures read from {name}" + (f", {lost} unreadable left out" if lost else "")
    classes = tuple(sorted({entry.label for entry in kept if entry.label}))
    number = {label: index for index, label in enumerate(classes)}
    labels = torch.tensor([number[entry.label] for entry in kept]) if classes else None
    return ImageSet(
        name=name,
        pictures=pixels.mapped(),
        labels=labels,
        classes=classes,
        splits=_splits(kept),
        source=note,
    )


def _entries(name: str, places: list[str]) -> list[_Entry]:
    if not places:
        raise BadInput(f"There are no pictures in {name}.", "PNG, JPEG, WebP, BMP, TIFF and GIF files are read.")
    outer = _outer_folders(places)
    return [_entry(place, PurePosixPath(place).parts[outer:-1]) for place in places]


def _outer_folders(places: list[str]) -> int:
    """How many single outer folders to drop, as zip programs add; never a class that stands alone, never a split."""
    shared = PurePosixPath(places[0]).parts
    fewest = len(shared)
    for place in places:
        parts = PurePosixPath(place).parts
        fewest = min(fewest, len(parts))
        shared = shared[: next((i for i, (a, b) in enumerate(zip(shared, parts, strict=False)) if a != b), len(parts))]
    drop = 0
    while drop < len(shared) and fewest - drop > 2 and shared[drop].lower() not in _SPLITS:
        drop += 1
    return drop


def _entry(place: str, folders: tuple[str, ...]) -> _Entry:
    split = _SPLITS.get(folders[0].lower(), "") if folders else ""
    inner = folders[1:] if split else folders
    return _Entry(place, split, sys.intern(inner[0]) if inner else "")


def _limited(entries: list[_Entry], limit: int | None, seed: int) -> list[_Entry]:
    """At most ``limit`` entries of each split, as even over the classes as they allow, in the old order."""
    if limit is None or len(entries) <= limit:
        return entries
    generator = torch.Generator().manual_seed(seed)
    ranked: dict[str, list[tuple[int, int]]] = defaultdict(list)
    turns: dict[tuple[str, str], int] = defaultdict(int)
    for index in torch.randperm(len(entries), generator=generator).tolist():
        entry = entries[index]
        ranked[entry.split].append((turns[entry.split, entry.label], index))
        turns[entry.split, entry.label] += 1
    chosen = [index for ranks in ranked.values() for _, index in sorted(ranks)[:limit]]
    return [entries[index] for index in sorted(chosen)]


def _require_classes(name: str, entries: list[_Entry]) -> None:
    counts: dict[str, int] = defaultdict(int)
    for entry in entries:
        counts[entry.label] += 1
    if set(counts) == {""}:
        return
    if "" in counts:
        raise BadInput(
            f"{name} mixes loose pictures with class folders.",
            "Put every picture into the folder of its class.",
        )
    if len(counts) < 2:
        raise BadInput(f"{name} has only one class.", "Give at least two folders of pictures, one per class.")
    for label, count in sorted(counts.items()):
        if count < 2:
            raise BadInput(
                f"The class {label} in {name} has a single picture.", "Give each class at least two pictures."
            )


def _decoded(entries: list[_Entry], read: Callable[[str], bytes], pixels: PixelFile) -> Iterator[_Entry]:
    """Append the pictures that can be read to ``pixels``, in order, and give back their entries."""
    for entry in entries:
        try:
            picture = decode_picture(read(entry.place), PurePosixPath(entry.place).name, pixels.size)
        except (BadImage, OSError, zipfile.BadZipFile, zlib.error):
            continue
        pixels.append(picture)
        yield entry


def _splits(entries: list[_Entry]) -> dict[str, Tensor]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if entry.split:
            found[entry.split].append(index)
    return {split: torch.tensor(indices) for split, indices in found.items()}
