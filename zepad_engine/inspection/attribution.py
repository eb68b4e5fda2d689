"""Attributions: which pixels a branch's answer comes from. Every method gives values (S, S), not negative.

A branch is ``nn.Sequential(encoder, head)``, images (B, 3, S, S) in [0, 1] in, logits (B, K) out. Pixels are taken away
by making them grey.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.inspection.activation_maps import gradcam, layercam
from zepad_engine.questions import Method

GREY: Final = 0.5
# Above so many pixels a side fewer passes have to do.
LARGE: Final = 64

# Of 32 maps of the sample (8 signs, 4 branches, 32 px) half missed the sum they owe by less than 1.0 % with 64 steps,
# 3.6 % with 32; nine in ten by less than 5.6 and 18 %.
_PATH_STEPS: Final = 64
_PATH_STEPS_OF_LARGE: Final = 32
# Eight squares a side, whatever the size of the picture, each half as wide again as its distance from the next.
_SQUARES_A_SIDE: Final = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a branch, a picture (1, 3, S, S) beside it, the class, and images per pass."""

    branch: nn.Sequential
    picture: Tensor
    target: int
    batch: int

    @property
    def encoder(self) -> nn.Module:
        """The branch without its head, images in, features (B, D) out."""
        return self.branch[0]


def attribute(method: Method, subject: Subject) -> Tensor:
    """Values (S, S), float32 on the CPU, not negative, in the method's own unit."""
    return _METHODS[method](subject).detach().float().cpu()


def saliency(subject: Subject) -> Tensor:
    """How much the class's logit answers to a pixel: the largest slope of its three colours (Simonyan et al., 2014)."""
    from captum.attr import Saliency

    picture = subject.picture.clone().requires_grad_(True)
    found = cast("Tensor", Saliency(subject.branch).attribute(picture, target=subject.target, abs=True))
    return found[0].max(dim=0).values


def integrated_gradients(subject: Subject) -> Tensor:
    """What each colour of a pixel adds to the class's logit on the way from grey, (3, S, S), signed.

    They sum to the logit of the picture minus that of grey (Sundararajan et al., ICML 2017).
    """
    from captum.attr import IntegratedGradients

    large = subject.picture.shape[-1] > LARGE
    found = IntegratedGradients(subject.branch).attribute(
        subject.picture,
        torch.full_like(subject.picture, GREY),
        target=subject.target,
        n_steps=_PATH_STEPS_OF_LARGE if large else _PATH_STEPS,
        internal_batch_size=subject.batch,
    )
    return cast("Tensor", found)[0].detach()


def occlusion(subject: Subject) -> Tensor:
    """By how much the class's logit falls when the square around a pixel is made grey, (S, S), signed.

    The mean over the squares that cover the pixel (Zeiler and Fergus, ECCV 2014).
    """
    return _occluded(subject, lambda images: subject.branch(images)[:, subject.target])


def feature_similarity(subject: Subject) -> Tensor:
    """How far the features turn, 1 - cosine, when the square around a pixel is made grey, (S, S), 0 to 2.

    Needs no class and no head.
    """
    with torch.no_grad():
        whole = subject.encoder(subject.picture)
    return _occluded(subject, lambda images: functional.cosine_similarity(subject.encoder(images), whole, dim=1))


def _occluded(subject: Subject, score: Callable[[Tensor], Tensor]) -> Tensor:
    from captum.attr import Occlusion

    stride = max(1, subject.picture.shape[-1] // _SQUARES_A_SIDE)
    window = max(1, 3 * stride // 2)
    found = Occlusion(score).attribute(
        subject.picture,
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        baselines=GREY,
        perturbations_per_eval=subject.batch,
    )
    return cast("Tensor", found)[0, 0]


# Where values have a sign, what speaks for the class is shown; a slope shows how much a pixel matters either way.
_METHODS: Final[Mapping[Method, Callable[[Subject], Tensor]]] = MappingProxyType(
    {
        "saliency": saliency,
        "integrated_gradients": lambda subject: integrated_gradients(subject).sum(dim=0).clamp_min(0),
        "layer_gradcam": lambda subject: gradcam(subject.branch, subject.picture, subject.target),
        "layercam": lambda subject: layercam(subject.branch, subject.picture, subject.target),
        "occlusion": lambda subject: occlusion(subject).clamp_min(0),
        "feature_similarity": lambda subject: feature_similarity(subject).clamp_min(0),
    }
)
