"""Gen-AF's second stage: find the layers robustness needs least, and tune those on clean images (Zhou et al., 2024).

Stage 1 is ZePAD's own tuning of the victim. The temporary head is fitted anew on the tuned features, stays as it is
and is no layer that could be chosen; the release keeps one classifier and lets it compete.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.optimisers import Adam
from zepad_engine.plan import Tuning
from zepad_engine.progress import Progress
from zepad_engine.trained import EpochRow
from zepad_engine.training.adversarial import Tuned, tuning_attack
from zepad_engine.training.features import training_features
from zepad_engine.training.gradients import gradient_norm
from zepad_engine.training.head import temporary_head
from zepad_engine.training.labelled import Labelled
from zepad_engine.training.validation import validate

_FARTHEST: Final = 0.1
# The release climbs by SGD of rate 1 and comes back into the ball once an epoch. On the sample its first step was 1.2
# to 32 radii of the ball long, and on 7 of 20 layers the loss fell. So: steps of half the radius along the gradient,
# halved every epoch (at a constant quarter the stem still ended lower), back into the ball after each; and five epochs
# of few images, for it is done for one layer after the other.
_STRIDE: Final = 0.5
_ASCENTS: Final = 5
_SAMPLE: Final = 256
# As published.
_RATE: Final = 1e-3
# Share of the job's work that goes into finding the layers.
_SEARCH: Final = 0.5


@dataclass(frozen=True, slots=True)
class Refined:
    """What stage 2 made of an encoder.

    Attributes:
        tuned: the encoder and its epochs; the last one is kept, as in the release.
        contributions: layer robustness contribution of every layer, the lowest first.
        chosen: the layers that were tuned; none where the share of the layers is less than one.
    """

    tuned: Tuned
    contributions: dict[str, float]
    chosen: tuple[str, ...]


class RedundantLayers:
    """One run of stage 2 on an encoder that stage 1 has tuned."""

    def __init__(self, encoder: Encoder, train: Labelled, plan: Tuning, seed: int, how: Execution) -> None:
        self.plan, self.train, self.how = plan, train, how
        self.generator = torch.Generator().manual_seed(seed)
        features = train.images.place(training_features(encoder, train.images))
        self.encoder = copy.deepcopy(encoder)
        self.head = temporary_head(features, train.labels, train.classes, plan.batch, seed).requires_grad_(False)

    def run(self, validation: Labelled, progress: Progress) -> Refined:
        """Search, then tune.

        Raises:
            BadInput: the loss became infinite or not a number. Cancelled: within one step.
        """
        found = self.contributions(progress.between(0.0, _SEARCH))
        ranked = sorted(found, key=lambda name: found[name])
        chosen = tuple(ranked[: int(self.plan.redundant_share * len(ranked))])
        rows = self._tune(chosen, validation, progress.between(_SEARCH, 1.0)) if chosen else ()
        self.how.after_training(self.encoder)
        tuned = Tuned(self.encoder, rows, 0.0, len(rows))
        return Refined(tuned, {name: found[name] for name in ranked}, chosen)

    def contributions(self, progress: Progress) -> dict[str, float]:
        """Layer robustness contribution of every layer: how far moving its weight alone can raise the loss.

        Measured in float32 on one fixed sample of PGD images; names are those of the encoder's own parts.
        """
        images, labels = self._attacked_sample()
        probe = self.how.after_training(copy.deepcopy(self.encoder)).requires_grad_(False)
        model = nn.Sequential(probe, self.head)
        before = _loss(model, images, labels, self.plan.batch)
        found = {}
        for name, span in progress.split(weighted_layers(probe)):
            span.advance(0.0, f"layer {name}")
            weight = probe.get_submodule(name).get_parameter("weight")
            found[name] = _worst(model, weight, images, labels, self.plan.batch) - before
        return found

    def _attacked_sample(self) -> tuple[Tensor, Tensor]:
        """PGD images against the encoder as stage 1 left it, (N, 3, H, W), with their labels (N,)."""
        model = self.how.for_attack(nn.Sequential(self.encoder, self.head))
        order = torch.randperm(len(self.train), generator=self.generator)[:_SAMPLE]
        attack, place = tuning_attack(self.plan), self.train.images.place
        parts = [
            attack(model, self.train.images[index], place(self.train.labels[index]), self.generator).detach()
            for index in order.split(self.plan.batch)
        ]
        return torch.cat(parts), place(self.train.labels[order])

    def _tune(self, chosen: tuple[str, ...], validation: Labelled, progress: Progress) -> tuple[EpochRow, ...]:
        """Clean cross-entropy on the local images; batch-norm statistics move with them, as in the release."""
        model = self.how.for_training(nn.Sequential(self.encoder, self.head)).requires_grad_(False)
        weights = [self.encoder.get_submodule(name).get_parameter("weight") for name in chosen]
        optimiser = Adam(
            [weight.requires_grad_(True) for weight in weights], lr=_RATE, weight_decay=self.plan.weight_decay
        )
        attack, steps, rows = tuning_attack(self.plan), self.train.steps(self.plan.batch), []
        for epoch, span in progress.split(range(1, self.plan.epochs + 1)):
            mean = 0.0
            model.train()
            self.head.eval()
            for step, (_, images, labels) in enumerate(self.train.batches(self.plan.batch, self.generator)):
                span.advance(step / steps, f"clean epoch {epoch} of {self.plan.epochs}")
                loss = functional.cross_entropy(model(images), labels)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                at = (epoch - 1) * steps + step
                span.measure("gradient_norm", at, gradient_norm(self.encoder))
                optimiser.step()
                mean += float(loss.detach()) / steps
                span.measure("cross_entropy", at, float(loss.detach()))
            clean, robust = validate(self.encoder, self.head, validation, attack, self.plan.batch, self.how)
            rows.append(_row(epoch, mean, clean, robust))
            span.measure("clean_accuracy", epoch * steps, clean)
            span.measure("pgd_accuracy", epoch * steps, robust)
        return tuple(rows)


def weighted_layers(network: nn.Module) -> tuple[str, ...]:
    """Names of the convolutions and linear layers of a network, in the order they were registered."""
    parts = network.named_modules()
    return tuple(name for name, part in parts if isinstance(part, nn.Conv2d | nn.Linear))


def _worst(model: nn.Module, weight: nn.Parameter, images: Tensor, labels: Tensor, batch: int) -> float:
    """The largest loss met at an epoch's end while this one weight climbs within a tenth of its length.

    The weight is put back. Where it started does not count, so that a climb that fails shows as a loss below it.
    """
    start = weight.detach().clone()
    farthest = _FARTHEST * float(start.norm())
    weight.requires_grad_(True)
    worst = float("-inf")
    for epoch in range(_ASCENTS):
        stride = _STRIDE * farthest / 2**epoch
        for part in range(0, len(images), batch):
            loss = functional.cross_entropy(model(images[part : part + batch]), labels[part : part + batch])
            (gradient,) = torch.autograd.grad(loss, weight)
            weight.data.add_(gradient, alpha=stride / max(float(gradient.norm()), 1e-12))
            moved = weight.data - start
            weight.data.copy_(start + moved * min(1.0, farthest / max(float(moved.norm()), 1e-12)))
        worst = max(worst, _loss(model, images, labels, batch))
    weight.requires_grad_(False)
    weight.data.copy_(start)
    return worst


def _loss(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> float:
    """Mean cross-entropy over all images."""
    with torch.no_grad():
        parts = [
            functional.cross_entropy(model(images[part : part + batch]), labels[part : part + batch], reduction="sum")
            for part in range(0, len(images), batch)
        ]
    return float(torch.stack(parts).sum()) / len(images)


def _row(epoch: int, loss: float, clean: float, robust: float) -> EpochRow:
    if loss != loss or loss == float("inf"):
        raise BadInput("The loss of Gen-AF's second stage is no longer a number.", "Leave Gen-AF out.")
    return EpochRow(
        epoch=epoch, cross_entropy=loss, regularisation=0.0, total=loss, clean_accuracy=clean, pgd_accuracy=robust
    )
