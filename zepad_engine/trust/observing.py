"""What a system shows without being attacked: chance in its answers, the shape of its output, gradients, inner loops.

The checks are those of AutoAttack (Croce and Hein, ICML 2020); all are taken in float32, from ``Target.scored``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.adaptive.base import Target

# Passes that must agree.
PASSES: Final = 5
# Inner optimisation shows on any image.
_WATCHED_IMAGES: Final = 4
_GRADIENT_CALLS: Final = frozenset({torch.autograd.grad.__code__, torch.autograd.backward.__code__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Raw figures of the unattacked system on n images with K classes.

    Attributes:
        chance: images of the most frequent class: what a constant answer gets right at most.
        right: images answered rightly in each of ``PASSES`` passes.
        spread: largest distance between two passes' logits of one image, each scaled to length 1; 0 to 2.
        improbability: how far the outputs are from being probabilities: the largest violation of 0 <= p <= 1 and of
            a sum of 1, over all images; 0 = they are probabilities.
        zero_gradients: images whose cross-entropy gradient is zero, or no number, in every pixel.
        gradient_calls: gradients taken by the system itself during one forward pass.
    """

    images: int
    classes: int
    chance: int
    right: tuple[int, ...]
    spread: float
    improbability: float
    zero_gradients: int
    gradient_calls: int


def observe(target: Target) -> Observed:
    """Look at the system on the target's images: ``PASSES`` passes forward and one backward per image."""
    outputs = torch.stack([_outputs(target) for _ in range(PASSES)])
    predictions = outputs.argmax(dim=2)
    return Observed(
        images=len(target.images),
        classes=outputs.shape[2],
        chance=int(target.labels.bincount().max()),
        right=tuple(int((found == target.labels).sum()) for found in predictions),
        spread=_spread(outputs),
        improbability=_improbability(outputs[0]),
        zero_gradients=_zero_gradients(target),
        gradient_calls=_gradient_calls(target),
    )


def _outputs(target: Target) -> Tensor:
    with torch.no_grad():
        return torch.cat([target.scored(images) for images in target.images.split(target.batch)])


def _spread(outputs: Tensor) -> float:
    scaled = functional.normalize(outputs, dim=2)
    return max(float((one - other).norm(dim=1).max()) for one in scaled for other in scaled)


def _improbability(outputs: Tensor) -> float:
    outside = torch.maximum(-outputs, outputs - 1).clamp_min(0).amax()
    return float(torch.maximum(outside, (outputs.sum(dim=1) - 1).abs().amax()))


def _zero_gradients(target: Target) -> int:
    zeros = 0
    for images, labels in zip(target.images.split(target.batch), target.labels.split(target.batch), strict=True):
        moved = images.detach().clone().requires_grad_(True)
        loss = functional.cross_entropy(target.scored(moved), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, moved)
        # The sign of what is no number is 0: such a gradient leads nowhere either.
        useless = (gradient == 0) | ~torch.isfinite(gradient)
        zeros += int(useless.flatten(1).all(dim=1).sum())
    return zeros


def _gradient_calls(target: Target) -> int:
    with _counted_gradients() as calls, torch.no_grad():
        target.scored(target.images[:_WATCHED_IMAGES])
    return len(calls)


@contextmanager
def _counted_gradients() -> Iterator[list[str]]:
    """One entry for every gradient asked of autograd meanwhile, under whatever name it was imported."""
    calls: list[str] = []
    before = sys.getprofile()

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in _GRADIENT_CALLS:
            calls.append(frame.f_code.co_name)

    sys.setprofile(watch)
    try:
        yield calls
    finally:
        sys.setprofile(before)
