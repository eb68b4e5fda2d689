"""Random weights are drawn by their seed alone, wherever the encoder lies."""

from __future__ import annotations

import pytest
import torch

from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.resources import asset


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_weights_are_drawn_beside_an_encoder_on_a_gpu():
    encoder = load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors"))
    here = random_like(encoder, 3)
    there = random_like(encoder.to("cuda"), 3)
    assert {weight.device.type for weight in there.parameters()} == {"cuda"}
    assert all(torch.equal(a, b.cpu()) for a, b in zip(here.parameters(), there.parameters(), strict=True))
