"""Where a dropped file goes.

Encoders go to the audit, pictures to the inspector, perturbations to the plan, runs and bundles to the results, plans
to the page that edits them.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QUrl

Destination: TypeAlias = Literal["encoder", "images", "perturbations", "run", "bundle", "plan", "elsewhere", "unknown"]

ENCODER_ENDINGS: Final = (".safetensors", ".pth", ".pt", ".ckpt", ".tar", ".th", ".bin")
BUNDLE_ENDING: Final = ".zepad"
PERTURBATION_ENDINGS: Final = (".npy", ".npz")
PLAN_ENDING: Final = ".json"
# Encoders in formats that ZePAD does not open: the engine names the format and says what to do.
_FOREIGN_ENCODERS: Final = (".onnx", ".pt2", ".torch", ".pkl", ".pickle", ".h5", ".hdf5", ".keras", ".gguf", ".t7")
IMAGE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# Pictures the engine does not read: it says so by their bytes, better than an ending could.
FOREIGN_ENDINGS: Final = (
    *(".avif", ".dib", ".eps", ".exr", ".fits", ".hdr", ".heic", ".heif", ".ico", ".jfif", ".jp2", ".jxl"),
    *(".pdf", ".ppm", ".psd", ".svg", ".svgz", ".xcf"),
)
MOST_FILES: Final = 10_000

_ENCODER_FOLDER: Final = ("config.json", "model.safetensors")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a drop goes.

    Attributes:
        paths: what goes there, in the order dropped; the pictures of a folder by name.
        left: how many other files there were.
        capped: a folder had more than 10,000 files, and the rest was not looked at.
    """

    destination: Destination
    paths: tuple[Path, ...]
    left: int = 0
    capped: bool = False


@dataclass(slots=True)
class _Sorting:
    known: dict[Destination, list[Path]] = field(default_factory=dict)
    files: int = 0
    walked: int = 0

    def add(self, kind: Destination, path: Path) -> None:
        self.known.setdefault(kind, []).append(path)
        self.files += 1


def routing(dropped: Iterable[Path | QUrl]) -> Generator[int, None, Route]:
    """Sort a drop step by step, so that ten thousand files never stop a window; each step gives the files so far.

    The first thing that can be used decides, but a plan only where there is nothing else: a card beside an encoder ends
    in .json too. What goes elsewhere is counted as left. A folder is a finished run, the plan of an unfinished one, an
    encoder in the layout of Hugging Face, or pictures, sub-folders and all but nothing behind a link.
    """
    found = _Sorting()
    for thing in dropped:
        path = local_path(thing) if isinstance(thing, QUrl) else thing
        if path is None:
            found.add("elsewhere", Path())
        elif (kind := _kind_of(path)) == "plan" and path.is_dir():
            found.add(kind, path / "plan.json")
        elif kind == "unknown" and path.is_dir():
            yield from _walk(path, found)
        else:
            found.add(kind, path)
        yield found.files
    return _route(found)


def local_path(url: QUrl) -> Path | None:
    """The file on this machine a URL stands for; None for the network's, other machines' shares included."""
    if not url.isLocalFile() or url.host():
        return None
    return Path(url.toLocalFile())


def kind_by_name(path: Path) -> Destination:
    """What a path is by its name alone; unknown where only the disk could tell."""
    ending = path.suffix.lower()
    if ending in ENCODER_ENDINGS or ending in _FOREIGN_ENCODERS:
        return "encoder"
    if ending in PERTURBATION_ENDINGS:
        return "perturbations"
    if ending == BUNDLE_ENDING:
        return "bundle"
    if ending in IMAGE_ENDINGS or ending in FOREIGN_ENDINGS:
        return "images"
    if path.name == "report.json":
        return "run"
    return "plan" if ending == PLAN_ENDING else "unknown"


def _kind_of(path: Path) -> Destination:
    if (kind := kind_by_name(path)) != "unknown":
        return kind
    if (path / "report.json").is_file():
        return "run"
    if all((path / name).is_file() for name in _ENCODER_FOLDER):
        return "encoder"
    return "plan" if (path / "plan.json").is_file() else "unknown"


def _walk(root: Path, found: _Sorting) -> Generator[int, None, None]:
    pictures: list[Path] = []
    waiting = [str(root)]
    while waiting and found.walked < MOST_FILES:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif found.walked >= MOST_FILES:
                    waiting.append("")  # there is more than is looked at
                    break
                else:
                    found.walked += 1
                    _take(Path(entry.path), pictures, found)
                yield found.files
    if waiting:
        found.walked = MOST_FILES + 1
    if not pictures:
        found.add("unknown", root)
    found.known.setdefault("images", []).extend(sorted(pictures))


def _take(path: Path, pictures: list[Path], found: _Sorting) -> None:
    if path.suffix.lower() in IMAGE_ENDINGS:
        pictures.append(path)
    found.files += 1


def _route(found: _Sorting) -> Route:
    order: tuple[Destination, ...] = ("encoder", "images", "perturbations", "run", "bundle")
    # Dictionaries keep the order in which kinds were met.
    kind = next((kind for kind, paths in found.known.items() if kind in order and paths), None)
    if kind is None and "plan" in found.known:
        kind = "plan"
    if kind is None:
        kind = "unknown" if "unknown" in found.known else "elsewhere"
    paths = tuple(found.known.get(kind, ()))
    capped = found.walked > MOST_FILES
    return Route(kind, paths, left=max(0, found.files - len(paths)), capped=capped)
