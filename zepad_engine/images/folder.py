"""A folder or zip of pictures as an ImageSet: one sub-folder per class, split or not; or flat and unlabelled."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from zepad_engine.errors import BadImage, BadInput
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.picture import ENDINGS, decode_picture

_SPLITS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_MOST_UNREADABLE = 0.10
_LARGEST_FILE = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A picture file: its place below the root, its split ("" if none) and its class ("" if none)."""

    place: str
    split: str
    label: str


def load_folder(path: Path, size: int, limit: int | None = None, seed: int = 0) -> ImageSet:
    """Read a folder or .zip of pictures as uint8 (N, 3, size, size), in sorted order.

    Layouts: ``<class>/<file>``; ``train/<class>/<file>`` and ``test/<class>/<file>``; ``<file>`` alone (no labels).
    At most ``limit`` pictures of each split are read, chosen evenly over the classes by ``seed``. Unreadable
    files are left out and counted in ``source``.

    Raises:
        BadInput: no such path, not a folder or zip, no pictures, fewer than 2 classes, a class with a single
            picture, or more than one file in ten unreadable.
    """
    if path.is_dir():
        return _load(
            path.name,
            list(_folder_places(path)),
            lambda place: (path / place).read_bytes(),
            size,
            limit,
            seed,
        )
    if not path.exists():
        raise BadInput(f"There is no folder or file {path.name}.", "Check the path, or choose the folder again.")
    try:
        with zipfile.ZipFile(path) as archive:
            return _load(path.stem, list(_zip_places(archive)), archive.read, size, limit, seed)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as trouble:
        raise BadInput(
            f"{path.name} is not a folder and not a whole zip file.",
            "Choose a folder of pictures, or a zip of one.",
        ) from trouble


def _is_picture(place: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    return place.suffix.lower() in ENDINGS and not hidden


def _folder_places(root: Path) -> Iterator[str]:
    for file in root.rglob("*"):
        place = PurePosixPath(file.relative_to(root).as_posix())
        if _is_picture(place) and file.is_file() and file.stat().st_size <= _LARGEST_FILE:
            yield str(place)


def _zip_places(archive: zipfile.ZipFile) -> Iterator[str]:
    for entry in archive.infolist():
        if not entry.is_dir() and _is_picture(PurePosixPath(entry.filename)) and entry.file_size <= _LARGEST_FILE:
            yield entry.filename


def _load(
    name: str, places: list[str], read: Callable[[str], bytes], size: int, limit: int | None, seed: int
) -> ImageSet:
    entries = _limited(_entries(name, sorted(places)), limit, seed)
    _require_classes(name, entries)
    kept, pictures, lost = _decode(entries, read, size)
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
        pictures=torch.stack(pictures),
        labels=labels,
        classes=classes,
        splits=_splits(kept),
        source=note,
    )


def _entries(name: str, places: list[str]) -> list[_Entry]:
    if not places:
        raise BadInput(f"There are no pictures in {name}.", "PNG, JPEG, WebP, BMP, TIFF and GIF files are read.")
    parts = _without_shared_root([PurePosixPath(place).parts for place in places])
    return [_entry(place, part) for place, part in zip(places, parts, strict=True)]


def _without_shared_root(parts: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Drop a single outer folder, as zip programs add; never a class that stands alone, never a split."""
    while len({part[0] for part in parts}) == 1 and min(map(len, parts)) > 2:
        if parts[0][0].lower() in _SPLITS:
            break
        parts = [part[1:] for part in parts]
    return parts


def _entry(place: str, parts: tuple[str, ...]) -> _Entry:
    folders = parts[:-1]
    split = _SPLITS.get(folders[0].lower(), "") if folders else ""
    inner = folders[1:] if split else folders
    return _Entry(place=place, split=split, label=inner[0] if inner else "")


def _limited(entries: list[_Entry], limit: int | None, seed: int) -> list[_Entry]:
    """At most ``limit`` entries of each split, as even over the classes as they allow, in the old order."""
    if limit is None:
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


def _decode(entries: list[_Entry], read: Callable[[str], bytes], size: int) -> tuple[list[_Entry], list[Tensor], int]:
    kept: list[_Entry] = []
    pictures: list[Tensor] = []
    for entry in entries:
        try:
            picture = decode_picture(read(entry.place), PurePosixPath(entry.place).name, size)
        except (BadImage, OSError, zipfile.BadZipFile):
            continue
        kept.append(entry)
        pictures.append(picture)
    return kept, pictures, len(entries) - len(kept)


def _splits(entries: list[_Entry]) -> dict[str, Tensor]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        if entry.split:
            found[entry.split].append(index)
    return {split: torch.tensor(indices) for split, indices in found.items()}
