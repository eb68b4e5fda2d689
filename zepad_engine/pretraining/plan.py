"""What a pre-training is told: a value that says everything, so that the same plan gives the same weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from zepad_engine.architecture import CIFAR_STEM, Stem
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD, EncoderCard, Triple
from zepad_engine.encoders.resnet import resnet_card
from zepad_engine.errors import BadPlan
from zepad_engine.pretraining.augment import Augmentation
from zepad_engine.pretraining.methods import Method

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainPlan:
    """A pre-training.

    Attributes:
        name: file name of the encoder without ending.
        method: the method with its settings.
        data: one phrase for the card, for example "CIFAR-10, 30,000 training images".
        licence: terms of the weights, for the card.
        epochs: passes over the pictures, at least 1.
        batch: pictures per step, at least 2; each gives two views.
        lr: highest learning rate of AdamW, reached after the warm-up.
        decay: weight decay of matrices and kernels.
        warmup: share of all steps in which the learning rate rises, 0 to 1.
        precision: arithmetic of the convolutions; the weights stay float32.
    """

    name: str
    method: Method
    data: str
    licence: str = ""
    epochs: int
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    width: int = 16
    stem: Stem = CIFAR_STEM
    mean: Triple = CIFAR_MEAN
    std: Triple = CIFAR_STD
    batch: int = 256
    lr: float = 2e-3
    decay: float = 1e-4
    warmup: float = 0.05
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    precision: Precision = "bf16"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def validate(self, pictures: int, *, labelled: bool) -> None:
        """Check the plan against a set of ``pictures`` pictures.

        Raises:
            BadPlan: the plan contradicts itself or the set.
        """
        if self.epochs < 1 or self.width < 1 or len(self.blocks) != 4 or self.lr <= 0:
            raise BadPlan("The pre-training needs at least one epoch, four stages and a learning rate above 0.")
        if not 2 <= self.batch <= pictures:
            raise BadPlan(
                f"A batch of {self.batch} does not fit {pictures} pictures.",
                "Choose a batch from 2 to their number.",
            )
        if self.method.uses_labels and not labelled:
            raise BadPlan(f"{self.method.title} needs labels.", "Use a folder with one sub-folder per class.")

    def recipe(self) -> str:
        """One line that is equal for equal trainings; name, terms, device and threads do not count."""
        parts = (
            self.method,
            self.epochs,
            self.blocks,
            self.width,
            self.stem,
            self.mean,
            self.std,
            self.batch,
        )
        rest = (self.lr, self.decay, self.warmup, self.seed, self.precision, self.augmentation)
        return " | ".join(repr(part) for part in parts + rest)

    def card(self, size: int) -> EncoderCard:
        """The card of the untrained encoder for pictures of ``size`` pixels."""
        return resnet_card(
            self.name,
            blocks=self.blocks,
            width=self.width,
            stem=self.stem,
            mean=self.mean,
            std=self.std,
            input_size=size,
        )
