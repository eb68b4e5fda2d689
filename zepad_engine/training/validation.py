"""Validation while tuning: accuracy on clean images and under PGD, scored in float32."""

from __future__ import annotations

import torch
from torch import nn

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution import fast_arithmetic, for_attack
from zepad_engine.images.image_set import as_images
from zepad_engine.training.head import Head
from zepad_engine.training.labelled import Labelled
from zepad_engine.training.pgd import Pgd


def validate(encoder: Encoder, head: Head, data: Labelled, pgd: Pgd, batch: int) -> tuple[float, float]:
    """Clean accuracy and PGD accuracy, 0 to 1; the same draws at every call, so epochs can be compared."""
    generator = torch.Generator().manual_seed(0)
    device = encoder.mean.device
    model = nn.Sequential(encoder, head).eval()
    frozen = for_attack(model)
    clean = robust = 0
    for pictures, labels in zip(data.pictures.split(batch), data.labels.split(batch), strict=True):
        images, truth = as_images(pictures).to(device), labels.to(device)
        with fast_arithmetic(device):
            adversarial = pgd(frozen, images, truth, generator)
        with torch.inference_mode():
            clean += int((model(images).argmax(1) == truth).sum())
            robust += int((model(adversarial).argmax(1) == truth).sum())
    return clean / len(data), robust / len(data)
