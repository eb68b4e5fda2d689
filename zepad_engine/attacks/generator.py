"""AdvEncoder's perturbation generator for any square size (architecture: AdvEncoder, ICCV 2023, released code)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from zepad_engine.execution.rounded import Rounded

_LATENT = 100
_WIDEST = 1024


class PerturbationGenerator(Rounded):
    """Latents (B, 100, 1, 1) to one map (3, size, size).

    Transposed convolutions, then the batch axis collapsed by a 3x3 convolution shared by the colour planes.
    At size 64, divisor 1 and 256 latents: 12,662,660 parameters.
    """

    def __init__(self, size: int, latents: int, divisor: int, generator: torch.Generator) -> None:
        super().__init__()
        doublings = max(1, math.floor(math.log2(size / 4)))
        base = math.ceil(size / 2**doublings)
        widths = [max(8, _WIDEST // divisor // 2**index) for index in range(doublings)]
        layers: list[nn.Module] = [*_block(_LATENT, widths[0], base, 1, 0)]
        for wide, narrow in pairwise(widths):
            layers += _block(wide, narrow, 4, 2, 1)
        layers += [nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1), nn.Tanh()]
        self.grow = nn.Sequential(*layers)
        self.collapse = nn.Conv2d(latents, 1, 3, padding=1)
        self.size = size
        self._draw_weights(generator)

    def forward(self, latents: Tensor) -> Tensor:
        """One map (3, size, size), unbounded."""
        with self.arithmetic(latents.device):
            planes = self.grow(latents)[..., : self.size, : self.size].transpose(0, 1)
            collapsed: Tensor = self.collapse(planes)[:, 0]
        return collapsed.float()

    def _draw_weights(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


def _block(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
