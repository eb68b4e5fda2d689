"""Reports for tests of the page and the command line, with pictures drawn by Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from tests.support.sample_report import sample_report
from zepad_engine.findings import AuditReport


def report_with(**changes: Any) -> AuditReport:
    """The sample report with some of its fields replaced."""
    return msgspec.structs.replace(sample_report(), **changes)


def draw_pictures(report: AuditReport, folder: Path) -> None:
    """Write every picture the report names."""
    shown = (*report.examples, *report.attributions)
    for number, name in enumerate([*(a.preview for a in report.attacks), *(each.file for each in shown)]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = Image.effect_noise((96 if name.startswith("previews") else 32, 32), 80 + number)
        Image.merge("RGB", (noise, noise.rotate(90 * number), noise)).save(path)
