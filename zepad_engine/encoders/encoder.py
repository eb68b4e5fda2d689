"""The Encoder: images in [0, 1] in, features out, with its card; and the file pair it is kept in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

import msgspec
import torch
from safetensors.torch import save
from torch import Tensor, nn

from zepad_engine.card import EncoderCard, write_card
from zepad_engine.errors import BadInput
from zepad_engine.execution.rounded import Rounded
from zepad_engine.storage import write_bytes


class Backbone(nn.Module):
    """A net without its head. Takes normalised images, not images in [0, 1]."""

    feature_dim: int
    stage_count: int

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Run stage ``index`` (0 is the stem) on the activation of the stage before it."""
        raise NotImplementedError

    def pool(self, activation: Tensor) -> Tensor:
        """Turn the activation of the last stage into features (B, feature_dim)."""
        return activation.mean(dim=(2, 3))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw fresh weights, He initialisation as in torchvision; the global generator is not touched."""
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu", generator=generator)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
            elif isinstance(part, nn.BatchNorm2d):
                nn.init.ones_(part.weight)
                nn.init.zeros_(part.bias)
                part.reset_running_stats()

    def forward(self, normalised: Tensor) -> Tensor:
        """Features (B, feature_dim) of normalised images (B, 3, H, W)."""
        activation = normalised
        for index in range(self.stage_count):
            activation = self.stage(activation, index)
        return self.pool(activation)


class Encoder(Rounded):
    """A backbone and its normalisation: float images (B, 3, H, W) in [0, 1] in, float32 features (B, D) out."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: Backbone, card: EncoderCard) -> None:
        super().__init__()
        self.backbone = backbone
        self.card = card
        self.register_buffer("mean", torch.tensor(card.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(card.std).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, feature_dim) of images (B, 3, H, W) in [0, 1]."""
        with self.arithmetic(images.device):
            features = cast("Tensor", self.backbone(self.normalise(images)))
        return features.float()

    def normalise(self, images: Tensor) -> Tensor:
        """Images in [0, 1] as the backbone wants them: zero mean and unit deviation per channel."""
        return (images - self.mean) / self.std

    def stages(self, images: Tensor, stop: int) -> Tensor:
        """Activation (B, C, h, w) of stage ``stop`` (0 is the stem); nothing after it is computed.

        Raises:
            BadInput: the encoder has no such stage.
        """
        if not 0 <= stop < self.backbone.stage_count:
            raise BadInput(
                f"{self.card.name} has no stage {stop}.",
                f"Its stages are 0 to {self.backbone.stage_count - 1}.",
            )
        with self.arithmetic(images.device):
            activation = self.normalise(images)
            for index in range(stop + 1):
                activation = self.backbone.stage(activation, index)
        return activation.float()


def count_parameters(module: nn.Module) -> int:
    """Number of trainable weights."""
    return sum(parameter.numel() for parameter in module.parameters())


def with_card(encoder: Encoder, card: EncoderCard) -> Encoder:
    """The same encoder under another card; the weights are shared."""
    renamed = Encoder(encoder.backbone, card)
    return renamed.train(encoder.training).to(encoder.mean.device)


def weight_bytes(encoder: Encoder) -> bytes:
    """The backbone as the bytes of a safetensors file; the same weights give the same bytes."""
    state = encoder.backbone.state_dict()
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})


def save_encoder(encoder: Encoder, path: Path) -> EncoderCard:
    """Write ``path`` (safetensors) and its card beside it; gives back the card with the digest of the file.

    Raises:
        NoSpace: the disk refused the write.
    """
    content = weight_bytes(encoder)
    card = msgspec.structs.replace(encoder.card, sha256=hashlib.sha256(content).hexdigest())
    write_bytes(path, content)
    write_card(card, path)
    return card
