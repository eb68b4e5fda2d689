"""One Judged of the sample run, and every picture the run names, drawn by code."""

from __future__ import annotations

import functools
import itertools
import math
import random
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QColor, QImage

from tests.support.sample_rates import CLASSES
from tests.support.sample_report import sample_report
from zepad_engine.questions import (
    BranchJudgement,
    BranchMap,
    ClassScore,
    Explained,
    ExplainImage,
    Judged,
    MapAgreement,
    Subject,
)

THUMBNAILS = 6


def sample_judged(*, request: str = "judge-1", flagged: bool = True, attack: str = "advencoder_per") -> Judged:
    """One picture through the three branches; pictures must have been written by `write_pictures`."""
    scores = random.Random(5)
    branch_scores = (0.81, 0.74, 0.42, 0.66)
    victim, auxiliary, benign, undefended = (
        BranchJudgement(
            branch=branch,
            top=_top(m, offset),
            m=m,
            c=m * math.exp(3 * (m - 0.5)),
            weight=weight,
        )
        for offset, (branch, m, weight) in enumerate(
            zip(
                ("tuned_victim", "tuned_auxiliary", "benign", "victim"),
                branch_scores,
                (0.52, 0.38, 0.10, 1.0),
                strict=True,
            )
        )
    )
    return Judged(
        request=request,
        subject=Subject(
            folder="", image="test:12", task="sample:emoji", attack=attack, epsilon_255=10.0 if attack else 0.0
        ),
        label="faces",
        shown="previews/shown.png",
        perturbed="previews/perturbed.png",
        residual="previews/residual.png",
        residual_gain=10.0,
        undefended=undefended,
        branches=(victim, auxiliary, benign),
        fused=_top(0.71, 0),
        score=1.34 if flagged else 0.21,
        threshold=0.62,
        achieved_fpr=0.048,
        flagged=flagged,
        calibration=tuple(scores.gauss(-0.1, 0.42) for _ in range(200)),
        notes=("Test image 12; its label is faces.",),
        seconds_predict=0.021,
    )


def sample_explained(asked: ExplainImage, folder: Path) -> Explained:
    """Maps that rise from left to right, stored in ``folder``."""
    branches = ("undefended", "tuned_victim", "tuned_auxiliary", "benign")
    path = folder / "previews/map.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.tile(np.arange(4, dtype=np.float32), (4, 1)))
    return Explained(
        request=asked.request,
        subject=asked.subject,
        method=asked.method,
        maps=tuple(BranchMap(branch=name, values=str(path), deletion=0.2, insertion=0.7) for name in branches),
        agreement=tuple(
            MapAgreement(first=first, second=second, rho=0.5) for first, second in itertools.combinations(branches, 2)
        ),
        seconds=0.144,
    )


def _top(first: float, offset: int) -> tuple[ClassScore, ...]:
    rest = 1 - first
    shares = (first, rest * 0.5, rest * 0.25, rest * 0.12, rest * 0.06)
    return tuple(ClassScore(name=CLASSES[(place + offset) % 8], probability=p) for place, p in enumerate(shares))


def write_pictures(folder: Path, *, side: int = 32) -> None:
    """Store every picture the sample report and judgement name."""
    for name, picture in _pictures(side).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)


@functools.cache
def _pictures(side: int) -> dict[str, bytes]:
    """PNG files by name; drawn once, for a pixel at a time is slow."""
    report = sample_report()
    drawn = {example.file: _strip(number, side) for number, example in enumerate(report.examples)}
    drawn |= {attack.preview: _noise(number, side, 127) for number, attack in enumerate(report.attacks)}
    drawn |= {maps.file: _maps(number, side) for number, maps in enumerate(report.attributions)}
    drawn["previews/shown.png"] = _scene(3, side)
    drawn["previews/perturbed.png"] = _blend(_scene(3, side), _noise(0, side, 10))
    drawn["previews/residual.png"] = _noise(0, side, 100)
    drawn |= {f"previews/thumbnail-{number}.png": _scene(number, side) for number in range(THUMBNAILS)}
    return {name: _png(image) for name, image in drawn.items()}


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def _maps(seed: int, side: int) -> QImage:
    """Four maps side by side, bright in places."""
    cells, dice = QImage(32, 8, QImage.Format.Format_RGB32), random.Random(seed)
    for y in range(8):
        for x in range(32):
            value = dice.random() ** 3
            cells.setPixelColor(x, y, QColor.fromRgbF(value, value**2, 0.25 * (1 - value)))
    return cells.scaled(4 * side, side)


@functools.cache
def _scene(seed: int, side: int) -> QImage:
    image, dice = QImage(side, side, QImage.Format.Format_RGB32), random.Random(seed)
    hue, x0, y0, radius = dice.random(), dice.uniform(0.3, 0.7), dice.uniform(0.3, 0.7), dice.uniform(0.2, 0.4)
    for y in range(side):
        for x in range(side):
            inside = math.hypot(x / side - x0, y / side - y0) < radius
            image.setPixelColor(x, y, QColor.fromHsvF((hue + 0.5 * inside) % 1, 0.6, 0.9 - 0.5 * y / side))
    return image


@functools.cache
def _noise(seed: int, side: int, size: int) -> QImage:
    image, dice = QImage(side, side, QImage.Format.Format_RGB32), random.Random(seed)
    for y in range(side):
        for x in range(side):
            image.setPixelColor(x, y, QColor(*(128 + dice.choice((-size, size)) for _ in range(3))))
    return image


def _blend(image: QImage, noise: QImage) -> QImage:
    image = image.copy()
    for y in range(image.height()):
        for x in range(image.width()):
            a, b = image.pixelColor(x, y), noise.pixelColor(x, y)
            moved = (p + q - 128 for p, q in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True))
            image.setPixelColor(x, y, QColor(*(min(max(v, 0), 255) for v in moved)))
    return image


def _strip(seed: int, side: int) -> QImage:
    parts = (_scene(seed, side), _blend(_scene(seed, side), _noise(0, side, 10)), _noise(0, side, 100))
    image = QImage(3 * side, side, QImage.Format.Format_RGB32)
    for number, part in enumerate(parts):
        for y in range(side):
            for x in range(side):
                image.setPixelColor(number * side + x, y, part.pixelColor(x, y))
    return image
