"""Features of a frozen encoder, computed once and kept."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.attacks.budget import perturb
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution import for_scoring
from zepad_engine.images.image_set import as_images

_BATCH = 256


def extract_features(
    encoder: Encoder, pictures: Tensor, perturbation: Tensor | None = None, *, clamp: bool = True
) -> Tensor:
    """Features (N, D) float32 on the CPU of uint8 pictures (N, 3, H, W), with a perturbation (3, H, W) added if given.

    Always float32 and eval mode: scores never depend on the fast arithmetic of crafting.
    """
    network = for_scoring(encoder)
    device = encoder.mean.device
    parts = []
    with torch.inference_mode():
        for batch in pictures.split(_BATCH):
            images = as_images(batch).to(device)
            if perturbation is not None:
                images = perturb(images, perturbation.to(device), clamp=clamp)
            parts.append(network(images.contiguous(memory_format=torch.channels_last)).float().cpu())
    return torch.cat(parts).clone()
