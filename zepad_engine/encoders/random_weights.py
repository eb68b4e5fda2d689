"""Nets with fresh random weights: the control of every claim that an encoder has learned something."""

from __future__ import annotations

import copy

import msgspec
import torch

from zepad_engine.encoders.encoder import Encoder


def random_like(encoder: Encoder, seed: int) -> Encoder:
    """The same net with fresh random weights, on the same device, in evaluation mode."""
    card = msgspec.structs.replace(
        encoder.card,
        name=f"{encoder.card.name} (random weights)",
        method="none: random weights",
        data="none",
        epochs=0,
        seed=seed,
        remarks=(),
        minutes=None,
        sha256="",
        net="",
        keys_ignored=(),
        probe=None,
        licence="",
    )
    fresh = Encoder(copy.deepcopy(encoder.backbone).requires_grad_(True), card).eval()
    with torch.no_grad():
        fresh.cpu().backbone.initialise(torch.Generator().manual_seed(seed))
    return fresh.to(encoder.mean.device)
