"""AdvEncoder's loss without its generator: the perturbation itself is what is optimised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from zepad_engine.attacks.adv_encoder_loss import AdvEncoderLoss
from zepad_engine.attacks.base import clean_features
from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.pixel_descent import PixelDescent
from zepad_engine.attacks.sign_steps import Pushed
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank


@dataclass(frozen=True, kw_only=True)
class AdvEncoderDirect(AdvEncoderLoss, PixelDescent):
    """The loss is the published one, batch for batch; only what minimises it is another."""

    key: ClassVar[str] = "advencoder_direct"
    name: ClassVar[str] = "AdvEncoder, direct"
    summary: ClassVar[str] = "The loss of AdvEncoder-PER, minimised over the perturbation's own pixels."
    citation: ClassVar[str] = "Loss: Zhou et al., ICCV 2023; optimised here without the generator"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 240, "batch": 64},
        "standard": {"steps": 720, "batch": 64},
        "paper": {"steps": 3920, "batch": 256},
    }
    series: ClassVar[str] = "info_nce"

    step_seconds: ClassVar[float] = 0.14

    def objective(self, encoder: Encoder, surrogate: ImageBank) -> Pushed:
        """The loss on a batch, and its InfoNCE."""
        clean = clean_features(encoder, surrogate)

        def objective(index: Tensor, crafted: Tensor) -> tuple[Tensor, float]:
            images = surrogate[index]
            return self.loss(encoder, images, clean[index], perturb(images, crafted, clamp=self.clamp))

        return objective
