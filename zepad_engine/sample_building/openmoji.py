"""The OpenMoji surrogate: the emoji concepts, drawn by other artists."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from zepad_engine.sample_building.alike import close_pairs
from zepad_engine.sample_building.draft import Draft, Tiles
from zepad_engine.sample_building.drawing import on_white, rendered
from zepad_engine.sample_building.emoji import ALIKE
from zepad_engine.sample_building.packages import OPENMOJI, unpacked


def build_openmoji(work: Path, emoji: Tiles) -> Draft:
    """OpenMoji without skin tones and without pictures that look like one of the ``emoji`` set."""
    folder = unpacked(OPENMOJI, work) / "package"
    table = json.loads((folder / "data/openmoji.json").read_text(encoding="utf-8"))
    codes = sorted(row["hexcode"] for row in table if not row["skintone"])
    drawn = np.stack([on_white(rendered(folder / f"color/svg/{code}.svg", 64)) for code in codes])
    known = {one for one, _ in close_pairs(drawn, emoji, ALIKE)}
    tiles = drawn[[index for index in range(len(drawn)) if index not in known]]
    return Draft(
        key="openmoji",
        name="OpenMoji, bundled sample",
        kind="surrogate",
        summary="Emoji concepts drawn by other artists: what an attacker without the real data may use.",
        source="OpenMoji, the open-source emoji project of HfG Schwäbisch Gmünd; on white, 32 px.",
        licence="CC-BY-SA-4.0",
        packages=(OPENMOJI.label,),
        tiles=tiles,
        groups=list(range(len(tiles))),
    )
