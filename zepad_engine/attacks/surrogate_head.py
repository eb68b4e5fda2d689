"""Attacks that need classes: clusters of the attacker's own images stand in for the labels nobody gave them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.attacks.base import EncoderAttack, clean_features, shuffled_batches
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.optimisers import LBFGS
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

_MOST_ROUNDS = 100
_FIT_STEPS = 200
# Clusters can be told apart without error: unchecked, their head's weights would grow for ever.
_WEIGHT_DECAY = 1e-4


@dataclass(frozen=True, kw_only=True)
class HeadAttack(EncoderAttack):
    """An attack on a classifier made of the encoder and a linear head fitted to clusters of clean features.

    A departure: PAP (Ban and Dong, NeurIPS 2022) uses an ImageNet head, which an encoder of the user's does not have,
    and the attacker has no labels to train one.
    """

    steps: Annotated[int, Range(low=1, high=1_000_000, label="Steps", step=50, unit="batches")] = 400
    batch: Annotated[int, Range(low=1, high=4096, label="Batch", unit="images", help="1 as published")] = 16
    clusters: Annotated[
        int, Range(low=2, high=1000, label="Pseudo-classes", help="clusters of the attacker's images")
    ] = 10
    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True

    @property
    def total_steps(self) -> int:
        """Batches; each may take several passes."""
        return self.steps

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Batch after batch, change the answers that the perturbation has not changed yet."""
        classifier, answers = surrogate_classifier(encoder, surrogate, self.clusters, generator)
        crafted = surrogate.place(torch.zeros(surrogate.shape))
        for step, index in enumerate(shuffled_batches(len(surrogate), self.batch, self.steps, generator)):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            images, labels = surrogate[index], answers[index]
            with torch.no_grad():
                held = classifier(perturb(images, crafted, clamp=self.clamp)).argmax(dim=1) == labels
            progress.measure("fooled", step, 1 - float(held.float().mean()))
            if held.any():
                push = self.push(classifier, images[held], labels[held], crafted, epsilon, generator, step / self.steps)
                crafted = project(crafted + push, epsilon)
        return crafted

    @abstractmethod
    def push(
        self,
        classifier: nn.Module,
        images: Tensor,
        labels: Tensor,
        crafted: Tensor,
        epsilon: float,
        generator: torch.Generator,
        done: float,
    ) -> Tensor:
        """What to add to the perturbation (3, H, W) for images (B, 3, H, W) whose answers (B,) it leaves as they were.

        ``done`` is the share of all steps behind it.
        """


class SurrogateClassifier(nn.Module):
    """Images (B, 3, H, W) to logits (B, K): a linear head on the encoder's L2-normalised features."""

    def __init__(self, encoder: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Logits of the pseudo-classes."""
        logits: Tensor = self.head(functional.normalize(self.encoder(images), dim=1))
        return logits


def surrogate_classifier(
    encoder: Encoder, surrogate: ImageBank, clusters: int, generator: torch.Generator
) -> tuple[SurrogateClassifier, Tensor]:
    """A classifier of the attacker's images into their own clusters, and its answers (N,) to them as they are."""
    points = functional.normalize(clean_features(encoder, surrogate), dim=1)
    labels = k_means(points.cpu(), clusters, generator).to(points.device)
    head = fitted_head(points, labels, clusters)
    with torch.no_grad():
        return SurrogateClassifier(encoder, head), head(points).argmax(dim=1)


def k_means(points: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Cluster (N,) of each of the points (N, D), by Lloyd's algorithm from k-means++ seeds.

    Fewer points than clusters give as many clusters as points.
    """
    seeds = [int(torch.randint(len(points), (1,), generator=generator))]
    while len(seeds) < min(clusters, len(points)):
        apart = torch.cdist(points, points[seeds]).amin(dim=1).square()
        # A drawn point is not drawn again, even where all points are one.
        apart = apart.clamp_min(1e-12).index_fill(0, torch.tensor(seeds), 0.0)
        seeds.append(int(torch.multinomial(apart, 1, generator=generator)))
    centres, labels = points[seeds], torch.full((len(points),), -1)
    for _ in range(_MOST_ROUNDS):
        nearest = torch.cdist(points, centres).argmin(dim=1)
        if torch.equal(nearest, labels):
            break
        labels = nearest
        members = functional.one_hot(labels, len(seeds)).to(points).T
        counts = members.sum(dim=1, keepdim=True)
        centres = torch.where(counts > 0, members @ points / counts.clamp_min(1), centres)
    return labels


def fitted_head(points: Tensor, labels: Tensor, classes: int) -> nn.Linear:
    """Multinomial logistic regression of labels (N,) on points (N, D), by L-BFGS from zero; frozen."""
    head = nn.Linear(points.shape[1], classes).to(points.device)
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    optimiser = LBFGS(head.parameters(), max_iter=_FIT_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        found = functional.cross_entropy(head(points), labels) + _WEIGHT_DECAY * head.weight.square().sum()
        found.backward()
        return found

    optimiser.step(loss)
    return head.requires_grad_(False)
