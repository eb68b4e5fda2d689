"""What is in the bundled sets, read from their records alone: no torch, no pictures."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from zepad_engine.errors import BadInput
from zepad_engine.resources import asset

SAMPLE_TASKS: Final = ("signs", "satellite", "fashion", "emoji")
SAMPLE_SURROGATES: Final = ("openmoji", "earth")
SAMPLE_SETS: Final = SAMPLE_TASKS + SAMPLE_SURROGATES

Kind = Literal["task", "surrogate"]


class SampleRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stored record, ``assets/sample/<key>.json``.

    Attributes:
        packages: name, version and client of each package the pictures come from.
        count: number of pictures in the sheet.
        tile: side of a stored picture in pixels.
        fit: how a stored picture becomes 32 pixels.
        labels: class index per picture; empty for a surrogate.
        groups: near-duplicate group per picture; a group is never in two splits.
        splits: split name to picture indices; empty for a surrogate.
        pixels_sha256: digest of the loaded pictures, uint8 (N, 3, 32, 32).
        sha256: digest of pictures, labels and splits, as ``ImageSet.sha256`` takes it.
    """

    key: str
    name: str
    kind: Kind
    summary: str
    source: str
    licence: str
    packages: tuple[str, ...]
    count: int
    tile: int
    fit: Literal["none", "pad", "enlarge"]
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    groups: tuple[int, ...]
    splits: dict[str, tuple[int, ...]]
    pixels_sha256: str
    sha256: str


class SampleCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a chooser shows of one bundled set; ``counts`` has "all" and each split."""

    key: str
    name: str
    kind: Kind
    summary: str
    source: str
    licence: str
    classes: tuple[str, ...]
    counts: dict[str, int]


def sample_cards() -> list[SampleCard]:
    """A card for every bundled set, tasks first."""
    return [_card(read_record(name)) for name in SAMPLE_SETS]


def read_record(name: str) -> SampleRecord:
    """The record of one bundled set.

    Raises:
        BadInput: there is no such set, or its record is missing or damaged.
    """
    if name not in SAMPLE_SETS:
        raise BadInput(f"There is no bundled image set named {name}.", f"Choose one of: {', '.join(SAMPLE_SETS)}.")
    try:
        return msgspec.json.decode(asset("sample", f"{name}.json").read_bytes(), type=SampleRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as trouble:
        raise damaged(name) from trouble


def damaged(name: str) -> BadInput:
    """The error for a bundled set that is not as it was stored."""
    return BadInput(f"The bundled image set {name} is damaged.", "Install ZePAD again from its repository.")


def _card(record: SampleRecord) -> SampleCard:
    return SampleCard(
        key=record.key,
        name=record.name,
        kind=record.kind,
        summary=record.summary,
        source=record.source,
        licence=record.licence,
        classes=record.classes,
        counts={"all": record.count} | {split: len(indices) for split, indices in record.splits.items()},
    )
