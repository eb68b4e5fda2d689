"""How long the gradient of a step is: a live curve that shows when training blows up or stands still."""

from __future__ import annotations

import torch
from torch import nn


def gradient_norm(network: nn.Module) -> float:
    """Euclidean norm of all gradients of a network's parameters together; 0 where there are none."""
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0
