"""Six small trained classifiers: two in health, and four each with an illness that lets attacks mean nothing.

The illnesses are those of Athalye, Carlini and Wagner (Obfuscated Gradients, ICML 2018) and of AutoAttack's flags.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.support.tiny import FAST, tiny_labelled
from zepad_engine.adaptive.base import Target
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.single import Undefended
from zepad_engine.defences.system import System
from zepad_engine.plan import Detector
from zepad_engine.training.pgd import Pgd

ZOO: Final = ("plain", "adversarially trained", "shattered", "stochastic", "vanishing", "saturated")
CLASSES: Final = 4
EPSILON: Final = 24 / 255
_HARDENED: Final = 20 / 255
_TRAINED_ON, _EPOCHS, _BATCH = 512, 12, 32


class Shattering(nn.Module):
    """Rounds pixels to a few levels; a ripple too small to be seen gives it a gradient that points nowhere."""

    def forward(self, images: Tensor) -> Tensor:
        ripple = 1e-3 * torch.sin(2e4 * images)
        return (images * 16).round() / 16 + ripple


class Chance(nn.Module):
    """Dropout that never sleeps, drawn from the global generator."""

    def forward(self, features: Tensor) -> Tensor:
        return functional.dropout(features, 0.02, training=True)


class Louder(nn.Module):
    """Logits so far apart that every other class has a probability of exactly zero."""

    def forward(self, logits: Tensor) -> Tensor:
        return 1e5 * logits


def zoo_model(kind: str, seed: int = 0) -> nn.Module:
    """One of ``ZOO``: images (N, 3, 16, 16) in [0, 1] to outputs (N, 4)."""
    if kind == "adversarially trained":
        return trained(seed, Pgd(epsilon=_HARDENED, step=_HARDENED / 3, steps=5))
    layers = list(trained(seed))
    ill = {
        "plain": layers,
        "shattered": [Shattering(), *layers],
        "stochastic": [*layers[:-1], Chance(), layers[-1]],
        "vanishing": [*layers, Louder()],
        "saturated": [*layers, nn.Softmax(dim=1)],
    }
    return nn.Sequential(*ill[kind])


@cache
def trained(seed: int, pgd: Pgd | None = None) -> nn.Sequential:
    """A small convolutional net after a second of training, on attacked images where ``pgd`` is given."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, CLASSES),
    )
    data, generator = tiny_labelled(_TRAINED_ON, CLASSES, seed=1), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(_EPOCHS):
        for _, images, labels in data.batches(_BATCH, generator):
            attacked = images if pgd is None else pgd(model, images, labels, generator)
            loss = functional.cross_entropy(model(attacked), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model.eval().requires_grad_(False)


def target_of(model: nn.Module, count: int = 50) -> Target:
    """A model as the only branch of a system, and ``count`` images it has not seen."""
    system = System(FittedDefence("zoo", Undefended(), torch.ones(1, 1, 1)), {"victim": model}, Detector())
    test, others = tiny_labelled(count, CLASSES, seed=2), tiny_labelled(count, CLASSES, seed=3)
    return Target(
        attacked=FAST.for_attack(system),
        scored=FAST.for_scoring(system),
        images=test.images[:],
        labels=test.labels,
        threshold=float("inf"),
        examples=others.images,
        example_labels=others.labels,
        surrogate=model,
        batch=count,
    )
