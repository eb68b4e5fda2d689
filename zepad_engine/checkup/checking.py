"""All checks of an opened encoder, and what they mean in sentences."""

from __future__ import annotations

from typing import Final

import msgspec
from torch import Tensor

from zepad_engine.checkup.cost import multiply_adds
from zepad_engine.checkup.features import check_features, gradient_share
from zepad_engine.checkup.neighbours import compare_neighbours
from zepad_engine.checkup.normalisation import fits
from zepad_engine.checkup.sample_images import sample_images
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample_catalogue import read_record
from zepad_engine.preflight import (
    COLLAPSED_RANK,
    COLLAPSED_SPREAD,
    FEW_GRADIENTS,
    FeatureFinding,
    NeighbourFinding,
    NormalisationFinding,
    Preflight,
    better_fit,
)
from zepad_engine.progress import Progress

# Signs tell trained nets from random ones best of the bundled tasks (ARCHITECTURE.md, decision 20).
_PROBE: Final = "signs"
_PHOTOGRAPHS: Final = "satellite"
_MOST_IMAGES: Final = 900
_FEWEST_IMAGES: Final = 100
_PHOTOGRAPH_COUNT: Final = 64
# Multiply-adds of the whole probe: what one core does in ten seconds, and the most it may cost at all.
_BUDGET: Final = 1.2e12
_MOST: Final = 4e12
_DRAWS: Final = 4


def check(preflight: Preflight, encoder: Encoder, how: Execution, progress: Progress) -> Preflight:
    """The preflight of an opened encoder, with everything that can be measured on the bundled images.

    Args:
        encoder: on the CPU, in evaluation mode; moved to the device of ``how``.
    """
    encoder = encoder.to(how.device).eval()
    size = encoder.card.input_size
    cost = max(1, multiply_adds(encoder))
    photographs, _ = sample_images(_PHOTOGRAPHS, _PHOTOGRAPH_COUNT, size)
    found = fits(encoder, ImageBank(photographs, how)[:])
    count = min(_MOST_IMAGES, max(_FEWEST_IMAGES, int(_BUDGET / ((1 + _DRAWS) * cost))))
    affordable = (1 + _DRAWS) * count * cost <= _MOST
    pictures, labels = sample_images(_PROBE, count if affordable else _PHOTOGRAPH_COUNT, size)
    bank = ImageBank(pictures, how)
    features = _features(encoder, bank, how, progress)
    name = read_record(_PROBE).name
    checked = check_features(name, features, gradient_share(encoder, bank[:8]))
    neighbours = None
    if affordable and checked.finite:
        random = [_features(random_like(encoder, draw), bank, how, progress) for draw in range(_DRAWS)]
        neighbours = compare_neighbours(name, features, random, labels)
    notes = () if affordable else (_too_dear(cost),)
    return msgspec.structs.replace(
        preflight,
        multiply_adds=cost,
        features=checked,
        neighbours=neighbours,
        fits=found,
        warnings=(*preflight.warnings, *warnings_of(checked, neighbours, found)),
        notes=(*preflight.notes, *notes),
    )


def _features(encoder: Encoder, bank: ImageBank, how: Execution, progress: Progress) -> Tensor:
    progress.check()
    return bank.through(how.for_attack(encoder)).float().cpu()


def _too_dear(cost: int) -> str:
    total = (1 + _DRAWS) * _FEWEST_IMAGES * cost
    return f"The k-NN probe was left out: {total / 1e12:.0f} trillion multiply-adds would take minutes on one core."


def warnings_of(
    features: FeatureFinding, neighbours: NeighbourFinding | None, found: tuple[NormalisationFinding, ...]
) -> tuple[str, ...]:
    """What speaks against auditing the encoder as it was read, a sentence each."""
    told: list[str] = []
    if not features.finite:
        told.append("Some features are not finite numbers: the weights are damaged or far too large.")
    elif features.effective_rank < COLLAPSED_RANK or features.spread < COLLAPSED_SPREAD:
        told.append("The features have collapsed: all images look alike to this encoder.")
    if features.finite and features.gradients < FEW_GRADIENTS:
        told.append(
            f"A gradient reaches only {100 * features.gradients:.0f} % of the pixels: attacks that follow gradients "
            "will seem weaker than they are."
        )
    doubted = better_fit(found)
    if doubted is not None:
        told.append(
            f"The first batch norm speaks for another normalisation: {doubted.name} fits what it stored "
            f"({doubted.divergence:.2f} nats), the assumed one does not ({found[0].divergence:.2f})."
        )
    if neighbours is not None and neighbours.low <= 0:
        told.append(
            f"These weights are not shown to be better than random ones on {neighbours.data} "
            f"(k-NN {100 * neighbours.accuracy:.0f} % against {100 * neighbours.random_accuracy:.0f} %, "
            f"n = {neighbours.queries}, {neighbours.draws} draws): wrong normalisation, wrong stem, or nothing learned?"
        )
    return tuple(told)
