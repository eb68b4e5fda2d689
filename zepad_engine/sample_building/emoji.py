"""The emoji set: Noto and Twemoji pictures in nine Unicode groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from zepad_engine.sample_building.alike import groups_of
from zepad_engine.sample_building.dividing import divide
from zepad_engine.sample_building.draft import Draft
from zepad_engine.sample_building.drawing import on_white
from zepad_engine.sample_building.packages import NOTO, TWEMOJI, unpacked

ALIKE: Final = 16.0
"""Root-mean-square difference below which two pictures count as near-duplicates."""

_PEOPLE: Final = {"1F468", "1F469", "1F9D1"}
_SIGNS_OF_VARIANTS: Final = {"200D", "FE0F", "2640", "2642", "27A1"}
_VENDORS: Final = (("google", NOTO), ("twitter", TWEMOJI))


def build_emoji(work: Path) -> Draft:
    """All emoji without skin tones, from both vendors, with whole concepts on one side of the split."""
    concepts = emoji_concepts(work)
    classes = tuple(sorted({str(concept["category"]) for concept in concepts}))
    names: list[str] = []
    labels: list[int] = []
    tiles = []
    for concept in concepts:
        for vendor, package in _VENDORS:
            picture = unpacked(package, work) / f"package/img/{vendor}/64/{concept['image']}"
            if picture.exists():
                tiles.append(on_white(Image.open(picture).convert("RGBA")))
                names.append(concept_name(concept["unified"]))
                labels.append(classes.index(concept["category"]))
    stacked = np.stack(tiles)
    groups = groups_of(names, stacked, ALIKE)
    return Draft(
        key="emoji",
        name="Emoji, bundled sample",
        kind="task",
        summary="Emoji of two vendors, nine Unicode groups; also the defender's local tuning set.",
        source="Noto Emoji (Google) and Twemoji (Twitter, contributors), classed by Unicode group; on white, 32 px.",
        licence="Apache-2.0 (Noto), CC-BY-4.0 (Twemoji), MIT (group table)",
        packages=tuple(package.label for _, package in _VENDORS),
        tiles=stacked,
        groups=groups,
        classes=classes,
        labels=labels,
        splits=divide(groups, labels, {"test": 1000, "calibration": 520, "validation": 300}),
    )


def emoji_concepts(work: Path) -> list[dict[str, Any]]:
    """The rows of the emoji table that are pictures of something, in the table's order."""
    table = json.loads((unpacked(NOTO, work) / "package/emoji.json").read_text(encoding="utf-8"))
    return sorted((row for row in table if row["category"] != "Component"), key=lambda row: int(row["sort_order"]))


def concept_name(unified: str) -> str:
    """One name for all variants of a concept: any gender, any direction, any hour of the clock, any keycap."""
    codes = [code for code in unified.upper().split("-") if code not in _SIGNS_OF_VARIANTS]
    if not codes:
        return "sign of a variant"
    if codes[-1] == "20E3":
        return "keycap"
    if len(codes) == 1 and 0x1F550 <= int(codes[0], 16) <= 0x1F567:
        return "clock"
    return "-".join("person" if code in _PEOPLE else code for code in codes)
