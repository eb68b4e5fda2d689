"""Features of a frozen encoder, computed once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from zepad_engine.attacks.budget import perturb
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.training.feature_cache import FeatureCache

_NOTHING_KEPT = FeatureCache()


def training_features(encoder: Encoder, images: ImageBank, cache: FeatureCache = _NOTHING_KEPT) -> Tensor:
    """Features (N, D) float32 on the CPU, for training only: in fast mode the passes are rounded."""
    key = cache.key("training", *_origin(encoder, images)) if cache.folder else ""
    kept = cache.find(key)
    if kept is not None:
        return kept
    network = images.how.for_attack(encoder)
    features = images.through(lambda batch: network(batch).cpu())
    cache.keep(key, features)
    return features


def scored_features(
    encoder: Encoder,
    images: ImageBank,
    perturbations: Mapping[str, Tensor | None],
    *,
    clamp: bool = True,
    cache: FeatureCache = _NOTHING_KEPT,
) -> dict[str, Tensor]:
    """Features (N, D) on the CPU under each perturbation (3, H, W), or of the images as they are for None.

    One pass over the images for all of them. Always float32: rates never depend on the rounding of crafting.
    ``cache`` needs an encoder whose card holds the digest of its weights.
    """
    if cache.folder is None:
        return _one_pass(encoder, images, perturbations, clamp=clamp)
    which = (*_origin(encoder, images), str(clamp))
    keys = {name: cache.key("scored", *which, _digest(pattern)) for name, pattern in perturbations.items()}
    found = {name: cache.find(key) for name, key in keys.items()}
    missing = {name: pattern for name, pattern in perturbations.items() if found[name] is None}
    fresh = _one_pass(encoder, images, missing, clamp=clamp) if missing else {}
    for name, features in fresh.items():
        cache.keep(keys[name], features)
    return {name: fresh[name] if kept is None else kept for name, kept in found.items()}


def _one_pass(
    encoder: Encoder, images: ImageBank, perturbations: Mapping[str, Tensor | None], *, clamp: bool
) -> dict[str, Tensor]:
    network = images.how.for_scoring(encoder)

    def under_each(batch: Tensor) -> Tensor:
        moved = (batch if p is None else perturb(batch, images.place(p), clamp=clamp) for p in perturbations.values())
        return torch.stack([network(each).cpu() for each in moved], dim=1)

    features = images.through(under_each)
    return {name: features[:, column].contiguous() for column, name in enumerate(perturbations)}


def _origin(encoder: Encoder, images: ImageBank) -> tuple[str, str, str]:
    return encoder.card.sha256, images.digest(), images.how.signature(images.shape[-1])


def _digest(perturbation: Tensor | None) -> str:
    if perturbation is None:
        return "clean"
    return hashlib.sha256(perturbation.contiguous().numpy().tobytes()).hexdigest()
