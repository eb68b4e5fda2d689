"""Row 4: downstream heads, 20 epochs on 10,000 images of a frozen encoder."""

from __future__ import annotations

from typing import Any

import torch

from tests.bench import subjects
from tests.bench.contest import Contest, Side
from tests.bench.contestant import Work, timed
from tests.bench.release_style.loops import plain_head
from zepad_engine.plan import HeadTraining
from zepad_engine.training.features import scored_features, training_features
from zepad_engine.training.head import Head, train_head

IMAGES, EPOCHS = 10_000, 20
_HERE = "tests.bench.row_heads"
_TASK = "sample:fashion"
_TEST_IMAGES = 500


def contests(*, small: bool) -> list[Contest]:
    """Width 16 on all images; width 64 on a part of them, told for all."""
    # Images of ours fast, of ours exact, and of the peer.
    shapes = ((16, 200, 200, 32),) if small else ((16, IMAGES, 2000, 1024), (64, 1000, 500, 256))
    return [_contest(*shape) for shape in shapes]


def _contest(width: int, fast: int, exact: int, peer_images: int) -> Contest:
    counts = {"fast": fast, "exact": exact}
    return Contest(
        row=f"Head, {EPOCHS} epochs on {IMAGES:,} images, ResNet-18 width {width}",
        unit="s per head",
        ours=tuple(
            subjects.ours(
                f"ours, {arithmetic}", f"{_HERE}:ours", {"width": width, "images": images, "arithmetic": arithmetic}
            )
            for arithmetic, images in counts.items()
        ),
        peers=(
            Side(
                name="plain loop of the release",
                make=f"{_HERE}:plain",
                settings={"width": width, "images": peer_images},
            ),
        ),
        time_of=IMAGES * EPOCHS,
        note=f"{EPOCHS} epochs measured on {fast:,} images (fast) and {exact:,} (exact), told for {IMAGES:,}; the peer "
        f"measured on {peer_images:,} image-epochs, told in proportion, so its head is unfinished",
    )


def ours(settings: dict[str, Any], place: int) -> Work:
    """Features once, then a head on them."""
    how = subjects.execution(settings["arithmetic"])
    encoder = subjects.encoder_of(settings["width"])
    data = subjects.pictures_of("train", settings["images"], seed=place, task=_TASK).bank(how)
    plan, heads = HeadTraining(epochs=EPOCHS), []
    training_features(encoder, subjects.pictures_of("train", 64).bank(how).images)

    def run() -> None:
        features = training_features(encoder, data.images)
        heads[:] = [train_head(features, data.labels, data.classes, plan, place)]

    def quality() -> dict[str, float]:
        test = subjects.pictures_of("test", _TEST_IMAGES, task=_TASK).bank(how)
        with torch.no_grad():
            logits = heads[0](scored_features(encoder, test.images, {"clean": None})["clean"])
        return {"test accuracy": float((logits.argmax(1) == test.labels).float().mean())}

    return Work(timed(settings["images"] * EPOCHS, run), quality)


def plain(settings: dict[str, Any], _place: int) -> Work:
    """One epoch of the plain loop."""
    encoder = subjects.encoder_of(settings["width"])
    data = subjects.pictures_of("train", settings["images"], task=_TASK)

    def run(count: int = settings["images"]) -> None:
        head, draws = Head(encoder.card.feature_dim, data.classes), torch.Generator().manual_seed(0)
        plain_head(encoder, head, data.pictures[:count], data.labels[:count], 1, 256, generator=draws)

    run(32)
    return Work(timed(settings["images"], run))
