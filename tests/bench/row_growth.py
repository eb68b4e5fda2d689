"""Row 7: how time and memory grow with images, tasks and perturbations; a process of its own for each size."""

from __future__ import annotations

import io
import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from tests.bench import subjects
from tests.bench.contest import hold
from tests.bench.contestant import Work, timed
from tests.bench.table import middle
from zepad_engine.images import audit_sets
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample_catalogue import SAMPLE_TASKS
from zepad_engine.plan import HeadTraining
from zepad_engine.training.features import scored_features, training_features
from zepad_engine.training.head import train_head
from zepad_engine.training.labelled import labelled

_HERE = "tests.bench.row_growth"
_EPOCHS = 2
_CLASSES = 5
_TASK_IMAGES = 250
_TEST_IMAGES = 400


def rows(*, rounds: int, small: bool) -> list[dict[str, Any]]:
    """One entry for each of images, tasks and perturbations."""
    first = 100 if small else 750
    kinds = {
        "images": [first * factor for factor in (1, 2, 4, 8)],
        "tasks": [1, 4, 16],
        "perturbations": [1, 4, 12],
    }
    return [_row(kind, sizes[:2] if small else sizes, rounds) for kind, sizes in kinds.items()]


def _row(kind: str, sizes: list[int], rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = {"sizes": sizes, "folder": folder}
        if kind == "images":
            for size in sizes:
                write_pictures(Path(folder) / f"{size}.zip", size)
        sides = [
            subjects.ours(f"{size} {kind}", f"{_HERE}:{kind}", {**settings, "size": size}, processes=1)
            for size in sizes
        ]
        results = hold(sides, rounds)
    seconds = [middle(result.seconds) for result in results]
    memory = [result.anonymous_mib for result in results]
    exponent = slope(sizes, seconds)
    return {
        "row": f"Growth with {kind}, {sizes[0]:,} to {sizes[-1]:,}",
        "ours": round(exponent, 2),
        "peer": 1.0,
        "ratio": round(1 / max(exponent, 0.01), 2),
        "rounds": rounds,
        "unit": "exponent of time",
        "ours_name": "ours, fast",
        "peer_name": "linear",
        "sizes": sizes,
        "seconds": [round(value, 2) for value in seconds],
        "anonymous_mib": [round(value) for value in memory],
        "memory_mib": {"growth from first to last size": round(memory[-1] - memory[0])},
    }


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The least-squares slope of log value over log size: 1 is linear growth."""
    return slope_of([math.log(size) for size in sizes], [math.log(value) for value in values])


def slope_of(x: Sequence[float], y: Sequence[float]) -> float:
    """The least-squares slope of y over x."""
    across, up = sum(x) / len(x), sum(y) / len(y)
    return sum((a - across) * (b - up) for a, b in zip(x, y, strict=True)) / sum((a - across) ** 2 for a in x)


def write_pictures(path: Path, count: int) -> None:
    """A zip of ``count`` different PNG files of 32 px in folders of classes."""
    draws = torch.Generator().manual_seed(count)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            coarse = torch.randint(0, 256, (8, 8, 3), generator=draws, dtype=torch.uint8)
            stream = io.BytesIO()
            Image.fromarray(coarse.numpy()).resize((32, 32), Image.Resampling.NEAREST).save(stream, format="PNG")
            archive.writestr(f"class{number % _CLASSES}/{number:06}.png", stream.getvalue())


def images(settings: dict[str, Any], _place: int) -> Work:
    """A user's zip, decoded anew each time: features of its training images, a head, answers to its test images."""
    how, encoder = subjects.execution("fast"), subjects.encoder_of(16)
    home = _own_home(settings)
    path = str(Path(settings["folder"]) / f"{settings['size']}.zip")

    def run() -> None:
        shutil.rmtree(home, ignore_errors=True)
        audit_sets._opened.clear()
        found = audit_sets.open_set(path, subjects.SIDE, 0)
        train, test = (labelled(found, split, settings["size"], 0, how) for split in ("train", "test"))
        features = training_features(encoder, train.images)
        train_head(features, train.labels, train.classes, HeadTraining(epochs=_EPOCHS), 0)
        scored_features(encoder, test.images, {"clean": None})

    return Work(timed(settings["size"], run))


def tasks(settings: dict[str, Any], _place: int) -> Work:
    """So many tasks of equal size, one after another: the bundled ones in turn, drawn anew each time."""
    how, encoder = subjects.execution("fast"), subjects.encoder_of(16)
    plan = HeadTraining(epochs=_EPOCHS)

    def run() -> None:
        for number in range(settings["size"]):
            found = audit_sets.open_set(f"sample:{SAMPLE_TASKS[number % len(SAMPLE_TASKS)]}", subjects.SIDE, 0)
            train, test = (labelled(found, split, _TASK_IMAGES, number, how) for split in ("train", "test"))
            features = training_features(encoder, train.images)
            train_head(features, train.labels, train.classes, plan, 0)
            scored_features(encoder, test.images, {"clean": None})

    return Work(timed(settings["size"], run))


def perturbations(settings: dict[str, Any], _place: int) -> Work:
    """One pass over the test images under so many perturbations."""
    how, encoder = subjects.execution("fast"), subjects.encoder_of(16)
    bank = ImageBank(subjects.pictures_of("test", _TEST_IMAGES).pictures, how)
    draws = torch.Generator().manual_seed(0)
    patterns: dict[str, Tensor | None] = {
        str(number): (torch.rand(bank.shape, generator=draws) * 2 - 1) * 10 / 255 for number in range(settings["size"])
    }
    return Work(timed(settings["size"], lambda: scored_features(encoder, bank, patterns)))


def _own_home(settings: dict[str, Any]) -> Path:
    """A cache of this process's own, so that no size finds what another has decoded."""
    home = Path(settings["folder"]) / f"home{settings['size']}"
    os.environ["ZEPAD_HOME"] = str(home)
    return home
