"""What one image costs a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zepad_engine.encoders.encoder import Encoder


def multiply_adds(encoder: Encoder) -> int:
    """Multiply-adds of the convolutions and linear layers for one image of the encoder's size; a lower bound.

    Attention itself is not counted: at 197 tokens it is a tenth of a transformer.
    """
    counted = 0

    def count(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        places = output.numel() // layer.weight.shape[0]
        counted += places * layer.weight.numel()

    layers = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    side = encoder.card.input_size
    try:
        with torch.inference_mode():
            encoder(torch.zeros(1, 3, side, side, device=encoder.mean.device))
    finally:
        for hook in hooks:
            hook.remove()
    return counted
