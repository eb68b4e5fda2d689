"""A tiny defended system and what an attacker may be given of it: three trained nets of width 8, heads, a detector."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import torch
from torch import Tensor, nn

from tests.support.tiny import FAST, tiny_encoder, tiny_labelled, tiny_pictures, trained_encoder
from zepad_engine.adaptive.base import Target
from zepad_engine.defences.base import Defence
from zepad_engine.defences.fitted import fit_defence
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.system import System
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import BenignTraining, Detector, HeadTraining
from zepad_engine.progress import Progress
from zepad_engine.training.benign import train_benign
from zepad_engine.training.head import train_head

CLASSES = 4
ZEPAD = Zepad()
_HEADS = HeadTraining(epochs=12, batch=32)
_FLAGGED_CLEAN = 0.05


@cache
def _encoder(which: int) -> Encoder:
    """``trained_encoder`` is number 0; the others began elsewhere and saw other pictures of the same classes."""
    if which == 0:
        return trained_encoder()
    train, validation = tiny_labelled(128, CLASSES, seed=which), tiny_labelled(32, CLASSES, seed=5)
    plan = BenignTraining(epochs=6, batch=16)
    trained = train_benign(tiny_encoder(which), train, validation, plan, which, Progress.silent(), FAST)
    return trained.encoder.requires_grad_(False)


@cache
def tiny_model(which: int, classes: int = CLASSES) -> nn.Sequential:
    """Encoder ``which`` (0 to 3) with a head for the first ``classes`` classes."""
    pictures, labels = tiny_pictures(128, classes, seed=7)
    features = ImageBank(pictures, FAST).through(FAST.for_scoring(_encoder(which)))
    return nn.Sequential(_encoder(which), train_head(features, labels, classes, _HEADS, which)).eval()


@cache
def tiny_system(defence: Defence = ZEPAD, classes: int = CLASSES) -> System:
    """The defence with encoders 0, 1, 2, ... as its branches, its temperatures fitted where it wants them."""
    models = {branch: tiny_model(which, classes) for which, branch in enumerate(defence.branches)}
    logits, labels = _calibration(models.values(), classes)
    return System(fit_defence(defence.key, defence, logits, labels), models, Detector())


def tiny_target(
    count: int = 24, *, defence: Defence = ZEPAD, classes: int = CLASSES, how: Execution = FAST, batch: int = 16
) -> Target:
    """The system as an attack job hands it over: fresh test images, a threshold at 5 % false alarms, a surrogate."""
    system = tiny_system(defence, classes)
    (pictures, labels), examples = tiny_pictures(count, classes, seed=9), tiny_labelled(32, classes, seed=10)
    scores = system.score(_calibration(system.members, classes)[0])
    return Target(
        attacked=how.for_attack(system),
        scored=how.for_scoring(system),
        images=how.images(pictures),
        labels=labels,
        threshold=float(scores.quantile(1 - _FLAGGED_CLEAN)) if scores.any() else float("inf"),
        examples=examples.images,
        example_labels=examples.labels,
        surrogate=how.for_attack(tiny_model(3, classes)),
        batch=batch,
    )


def _calibration(models: Iterable[nn.Module], classes: int) -> tuple[Tensor, Tensor]:
    pictures, labels = tiny_pictures(64, classes, seed=8)
    with torch.no_grad():
        logits = torch.stack([model(as_images(pictures)) for model in models])
    return logits.double(), labels


def robust_accuracy(target: Target, images: Tensor) -> float:
    """Share of the target's images, moved, that its system still answers rightly, 0 to 1."""
    wrong, _ = target.verdicts(images, target.labels)
    return 1 - float(wrong.float().mean())
