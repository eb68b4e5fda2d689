"""The traffic sign set: every sign drawn three times in front of made-up scenes."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance

from zepad_engine.sample_building.alike import groups_of
from zepad_engine.sample_building.dividing import divide
from zepad_engine.sample_building.draft import SEED, Draft, Tiles
from zepad_engine.sample_building.drawing import on_white, pixels, rendered
from zepad_engine.sample_building.packages import MAPILLARY, unpacked

CLASSES: Final = ("complementary", "information", "regulatory", "warning")
RENDERS: Final = 3
_CANVAS: Final = 96
_ALIKE: Final = 14.0
_GROUNDS: Final = ((150, 185, 220), (205, 215, 225), (95, 120, 70), (60, 85, 55), (125, 120, 115), (165, 130, 105))


def build_signs(work: Path) -> Draft:
    """Three renders of each sign; all signs of one concept, and signs that look alike, on one side."""
    paths = sorted((unpacked(MAPILLARY, work) / "package/package_signs").glob("*--*.svg"))
    drawings = [rendered(path, _CANVAS) for path in paths]
    plain = np.stack([on_white(drawing) for drawing in drawings])
    by_sign = groups_of([concept_name(path.stem) for path in paths], plain, _ALIKE)
    groups = [group for group in by_sign for _ in range(RENDERS)]
    labels = [CLASSES.index(path.stem.split("--")[0]) for path in paths for _ in range(RENDERS)]
    return Draft(
        key="signs",
        name="Traffic signs, bundled sample",
        kind="task",
        summary="Traffic signs of many countries, four classes; drawings in made-up scenes, not photographs.",
        source=f"Mapillary sprite source; {len(paths):,} sign drawings, each rendered {RENDERS} times with seeded "
        "size, turn, light and background; 32 px. Renders of one sign are not independent: read its intervals as "
        "too narrow.",
        licence="MIT",
        packages=(MAPILLARY.label,),
        tiles=_scenes(paths, drawings),
        groups=groups,
        classes=CLASSES,
        labels=labels,
        splits=divide(groups, labels, {"test": 1080, "calibration": 540, "validation": 300}),
    )


def concept_name(stem: str) -> str:
    """The concept of a sign file: without its class, its country variant and any number on it."""
    concept = stem.split("--")[1]
    return re.sub(r"[-\d]+$", "", concept)


def scene(drawing: Image.Image, seed: str) -> Tiles:
    """One RGBA drawing, resized, turned and lit at random, in front of a made-up ground: uint8 (32, 32, 3)."""
    chance = random.Random(seed)
    ground = _ground(chance)
    side = round(_CANVAS * chance.uniform(0.68, 0.98))
    sign = drawing.resize((side, side), Image.Resampling.BOX)
    sign = sign.rotate(chance.uniform(-10, 10), Image.Resampling.BICUBIC)
    sign = ImageEnhance.Brightness(sign).enhance(chance.uniform(0.6, 1.1))
    free = _CANVAS - side
    ground.alpha_composite(sign, (chance.randint(0, free), chance.randint(0, free)))
    return pixels(ground)


def _scenes(paths: list[Path], drawings: list[Image.Image]) -> Tiles:
    return np.stack(
        [
            scene(drawing, f"{SEED}:{path.stem}:{number}")
            for path, drawing in zip(paths, drawings, strict=True)
            for number in range(RENDERS)
        ]
    )


def _ground(chance: random.Random) -> Image.Image:
    """Two colours of a street scene that run into each other, from top to bottom or aslant."""
    upper, lower = chance.sample(_GROUNDS, 2)
    light = chance.uniform(0.6, 1.1)
    ends = np.array([upper, lower], dtype=np.float64) * light
    slant, sharpness, horizon = chance.uniform(-0.6, 0.6), chance.uniform(1, 6), chance.uniform(0.3, 0.7)
    y, x = np.mgrid[0:_CANVAS, 0:_CANVAS] / _CANVAS
    share = np.clip((y + slant * (x - 0.5) - horizon) * sharpness + 0.5, 0, 1)[..., None]
    scenery = ends[0] * (1 - share) + ends[1] * share
    return Image.fromarray(np.clip(scenery, 0, 255).astype(np.uint8)).convert("RGBA")
