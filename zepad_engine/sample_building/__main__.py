"""``python -m zepad_engine.sample_building --work DIR --out assets/sample``: fetch, draw, split, store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from zepad_engine.errors import AuditError
from zepad_engine.sample_building.blue_marble import build_earth, build_satellite
from zepad_engine.sample_building.draft import Draft
from zepad_engine.sample_building.emoji import build_emoji
from zepad_engine.sample_building.fashion import build_fashion
from zepad_engine.sample_building.openmoji import build_openmoji
from zepad_engine.sample_building.signs import build_signs
from zepad_engine.sample_building.writing import write_draft


def main() -> int:
    """Build every set; 0 when all are stored."""
    parser = argparse.ArgumentParser(prog="zepad_engine.sample_building", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the packages, about 500 MB")
    parser.add_argument("--out", type=Path, required=True, help="folder for the finished sets")
    chosen = parser.parse_args()
    try:
        for draft in drafts(chosen.work.resolve()):
            record = write_draft(draft, chosen.out)
            sys.stdout.write(f"{record.key}: {record.count:,} pictures, pixels {record.pixels_sha256[:16]}\n")
    except AuditError as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


def drafts(work: Path) -> Iterator[Draft]:
    """Every bundled set, from packages kept under ``work``."""
    emoji = build_emoji(work)
    yield emoji
    yield build_openmoji(work, emoji.tiles)
    yield build_signs(work)
    yield build_satellite(work)
    yield build_earth(work)
    yield build_fashion(work)


if __name__ == "__main__":
    sys.exit(main())
