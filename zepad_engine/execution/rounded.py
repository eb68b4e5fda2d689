"""A network that knows whether its inner arithmetic is rounded to bfloat16; callers see float32 either way."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch
from torch import nn


class Rounded(nn.Module):
    """Base of every network ``Execution`` prepares; ``rounded`` is set there and nowhere else."""

    rounded: bool = False

    def arithmetic(self, device: torch.device) -> AbstractContextManager[object]:
        """bfloat16 autocast if this network is rounded, else plain float32."""
        if self.rounded:
            return torch.autocast(device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()
