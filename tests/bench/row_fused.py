"""Row 5: three encoders, their heads, fusion and detection, against three plain forward passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.bench import subjects
from tests.bench.contest import Contest, Side
from tests.bench.contestant import Work, timed
from zepad_engine.defences.detector import detection_scores
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.fusion import fuse
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import Detector

_HERE = "tests.bench.row_fused"
_ZEPAD = Zepad()
_DETECTOR = Detector()
_TEST_IMAGES = 1000
_SERVED = "audits and the Inspect page answer in float32, so rounded is what could be had beyond that"


def contests(*, small: bool) -> list[Contest]:
    """Batch 1 and batch 128."""
    if small:
        return [_latency(2), _throughput(16, 16, 1)]
    return [_latency(60), _throughput(16, 128, 8), _throughput(64, 128, 1)]


def _latency(times: int) -> Contest:
    settings = {"width": 16, "batch": 1, "batches": times}
    return Contest(
        row="Fused prediction with detection, three ResNet-18 width 16, batch 1",
        unit="ms",
        ours=_ours(settings, processes=1),
        peers=(_peer(settings),),
        time_of=1000.0,
        note=f"ours is one process of one thread, as on the Inspect page; {_SERVED}",
    )


def _throughput(width: int, batch: int, batches: int) -> Contest:
    settings = {"width": width, "batch": batch, "batches": batches}
    return Contest(
        row=f"Fused prediction with detection, three ResNet-18 width {width}, batch {batch}",
        unit="images/s",
        ours=_ours(settings, processes=0),
        peers=(_peer(settings),),
        note=_SERVED if width == 16 else f"random weights; {_SERVED}",
    )


def _ours(settings: dict[str, Any], processes: int) -> tuple[Side, ...]:
    return tuple(
        subjects.ours(f"ours, {name}", f"{_HERE}:ours", {**settings, "rounded": rounded}, processes=processes)
        for name, rounded in (("rounded", True), ("float32", False))
    )


def _peer(settings: dict[str, Any]) -> Side:
    return Side(name="three plain forward passes", make=f"{_HERE}:plain", settings=settings)


def answer(models: list[nn.Module], images: Tensor) -> tuple[Tensor, Tensor]:
    """Predictions and detection scores, (N,) each; models in the order tuned victim, tuned auxiliary, benign."""
    logits = torch.stack([model(images) for model in models]).to(torch.float64)
    scores = detection_scores(logits[:2], logits[2], _DETECTOR, _ZEPAD.k)
    fused = fuse(logits, _ZEPAD.weigh(logits))
    return fused.argmax(dim=1), scores


def ours(settings: dict[str, Any], place: int) -> Work:
    """Networks prepared for attack (rounded) or for scoring (float32)."""
    how = subjects.execution("fast")
    prepare = how.for_attack if settings["rounded"] else how.for_scoring
    bank = ImageBank(_pictures(settings, place), how)
    models = [prepare(model) for model in _classifiers(settings)]
    return _work(settings, models, lambda part: bank[part])


def plain(settings: dict[str, Any], place: int) -> Work:
    """The networks as they are, no gradient graph."""
    pictures = _pictures(settings, place)
    return _work(settings, _classifiers(settings), lambda part: as_images(pictures[part]))


def _classifiers(settings: dict[str, Any]) -> list[nn.Module]:
    return [subjects.classifier(settings["width"], which) for which in range(3)]


def _pictures(settings: dict[str, Any], place: int) -> Tensor:
    return subjects.pictures_of("test", settings["batch"] * settings["batches"], seed=place).pictures


def _work(settings: dict[str, Any], models: list[nn.Module], images_of: Callable[[slice], Tensor]) -> Work:
    batch, batches = settings["batch"], settings["batches"]

    @torch.inference_mode()
    def run() -> None:
        for start in range(0, batch * batches, batch):
            answer(models, images_of(slice(start, start + batch)))

    @torch.inference_mode()
    def quality() -> dict[str, float]:
        count = _TEST_IMAGES if settings["width"] == 16 else batch
        data = subjects.pictures_of("test", count)
        images, labels = as_images(data.pictures), data.labels
        said = torch.cat([answer(models, part)[0] for part in images.split(128)])
        exact = torch.cat([answer(_classifiers(settings), part)[0] for part in images.split(128)])
        same = float((said == exact).float().mean())
        accuracy = {"accuracy": float((said == labels).float().mean())} if settings["width"] == 16 else {}
        return {"same as float32": same, **accuracy}

    run()
    return Work(timed(batch * batches, run), quality)
