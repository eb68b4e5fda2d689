"""UAP (Moosavi-Dezfooli et al., CVPR 2017): the smallest steps that change the class of image after image, summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.surrogate_head import HeadAttack
from zepad_engine.catalogue import FieldValue

_CLASSES = 10
_OVERSHOOT = 0.02
_MOST_STEPS = 50
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Uap(HeadAttack):
    """Where x + delta is still classified as x was, add the step DeepFool finds from there, then clip to the budget.

    A batch adds the sum of its images' steps; a batch of one is the published form.
    """

    key: ClassVar[str] = "uap"
    name: ClassVar[str] = "UAP"
    summary: ClassVar[str] = "Adds up the smallest steps that carry one image after another over a class boundary."
    citation: ClassVar[str] = (
        "Moosavi-Dezfooli et al., Universal adversarial perturbations, CVPR 2017; "
        "on clusters of features instead of classes"
    )
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 60},
        "standard": {"steps": 400},
        "paper": {"steps": 30_000, "batch": 1},
    }

    step_seconds: ClassVar[float] = 0.33

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
        """The sum of the images' smallest steps."""
        del labels, epsilon, generator, done
        return deep_fool(classifier, perturb(images, crafted, clamp=self.clamp)).sum(dim=0)


def deep_fool(classifier: nn.Module, images: Tensor) -> Tensor:
    """For each image (B, 3, H, W) a small L2 step (B, 3, H, W) that changes its class (Moosavi-Dezfooli et al., 2016).

    The boundary to each of the ten likeliest classes is taken for a plane, the nearest one is walked to, and again,
    50 times at most. The step is 2 % longer than it need be. Exact on a linear classifier.
    """
    with torch.no_grad():
        logits = classifier(images)
    likeliest = logits.topk(min(_CLASSES, logits.shape[1]), dim=1).indices
    walked, left = torch.zeros_like(images), torch.arange(len(images), device=images.device)
    for _ in range(_MOST_STEPS):
        step, held = _nearest(classifier, images[left] + walked[left], likeliest[left])
        left = left[held]
        if not len(left):
            break
        walked[left] += (1 + _OVERSHOOT) * step[held]
    return walked


def _nearest(classifier: nn.Module, images: Tensor, likeliest: Tensor) -> tuple[Tensor, Tensor]:
    """The way (B, 3, H, W) to the nearest boundary of the first of the classes (B, C), and whether it leads (B,)."""
    images = images.requires_grad_(True)
    logits = classifier(images)
    held = logits.argmax(dim=1) == likeliest[:, 0]
    chosen = logits.gather(1, likeliest)
    slopes = torch.stack(
        [torch.autograd.grad(column.sum(), images, retain_graph=True)[0] for column in chosen.unbind(dim=1)], dim=1
    )
    gaps, normals = (chosen[:, :1] - chosen[:, 1:]).detach(), slopes[:, 1:] - slopes[:, :1]
    squares = normals.flatten(2).square().sum(dim=2).clamp_min(_TINY)
    nearest = (gaps.abs() / squares.sqrt()).argmin(dim=1)
    rows = torch.arange(len(images), device=images.device)
    factor = gaps.abs()[rows, nearest] / squares[rows, nearest]
    return factor[:, None, None, None] * normals[rows, nearest], held
