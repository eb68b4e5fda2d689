from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from zepad_engine.architecture import CIFAR_STEM, Stem
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD, Overrides
from zepad_engine.encoders import apart, loader_child, reading
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.resnet import random_resnet, resnet_card

Make = Callable[..., Encoder]
Open = Callable[..., Encoder]


@pytest.fixture
def make() -> Make:
    def build(seed: int = 0, *, width: int = 4, stem: Stem = CIFAR_STEM, bottleneck: bool = False) -> Encoder:
        card = resnet_card(
            "tiny",
            blocks=(1, 1, 1, 1),
            width=width,
            stem=stem,
            mean=CIFAR_MEAN,
            std=CIFAR_STD,
            input_size=32,
            bottleneck=bottleneck,
        )
        encoder = random_resnet(card, seed)
        for module in encoder.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(generator=torch.Generator().manual_seed(seed))
        return encoder

    return build


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """open_encoder with the loader in this process, without its memory cap: quick."""

    def run_here(path: Path, out: Path, alone: str = "") -> None:
        loader_child.main(str(path), str(out), alone)

    monkeypatch.setattr(apart, "run_child", run_here)
    monkeypatch.setattr(loader_child, "limit_memory", lambda _size: None)

    def run(path: Path, overrides: Overrides | None = None) -> Encoder:
        return reading.open_encoder(path, overrides)

    return run


def prefixed(encoder: Encoder, prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor.clone() for name, tensor in encoder.backbone.state_dict().items()}
