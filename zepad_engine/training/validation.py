"""Validation while tuning: accuracy on clean images and under PGD, scored in float32."""

from __future__ import annotations

import torch
from torch import nn

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.training.head import Head
from zepad_engine.training.labelled import Labelled
from zepad_engine.training.pgd import Pgd


def validate(encoder: Encoder, head: Head, data: Labelled, pgd: Pgd, batch: int, how: Execution) -> tuple[float, float]:
    """Clean accuracy and PGD accuracy, 0 to 1; the same draws at every call, so epochs can be compared."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(encoder, head)
    attacked, scored = how.for_attack(model), how.for_scoring(model)
    clean = robust = 0
    for images, labels in data.in_order(batch):
        adversarial = pgd(attacked, images, labels, generator)
        with torch.inference_mode():
            clean += int((scored(images).argmax(1) == labels).sum())
            robust += int((scored(adversarial).argmax(1) == labels).sum())
    return clean / len(data), robust / len(data)
