"""What every attack on a defended system is: a value with declared fields. The base owns the law, the rest the idea."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from zepad_engine.catalogue import FieldValue
from zepad_engine.defences.system import System
from zepad_engine.errors import BadInput
from zepad_engine.fields import Range
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The defended system of one task and what an attacker may be given of it.

    Attributes:
        attacked: the system as gradients are taken through it (``Execution.for_attack``).
        scored: the same system in float32 (``Execution.for_scoring``): it alone decides who was fooled, and answers
            black-box queries.
        images, labels: (N, 3, H, W) in [0, 1] and (N,), beside the networks: the test images to be fooled on.
        threshold: detection score above which ``scored`` flags an image; infinite where it has no detector.
        examples, example_labels: images of the task that are not in the test split, with labels (M,), for attacks
            that craft one perturbation for all images or look for an image of another class.
        surrogate: a model (B, 3, H, W) -> (B, K) of the same task that is not part of the system, for transfer; the
            undefended victim with its head.
        batch: images per pass.
    """

    attacked: System
    scored: System
    images: Tensor
    labels: Tensor
    threshold: float
    examples: ImageBank
    example_labels: Tensor
    surrogate: nn.Module
    batch: int

    def beaten(self, images: Tensor, labels: Tensor, *, evading: bool) -> Tensor:
        """Which of the images (B, 3, H, W) fool the system, (B,): answered wrongly and, if ``evading``, not flagged."""
        wrong, flagged = self.verdicts(images, labels)
        return wrong & ~flagged if evading else wrong

    def verdicts(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Which of the images are answered wrongly, and which are flagged, each (B,) bool beside the images."""
        wrong, flagged = [], []
        with torch.no_grad():
            for part in range(0, len(images), self.batch):
                logits = self.scored.branch_logits(images[part : part + self.batch])
                wrong.append(self.scored.answer(logits).argmax(dim=1) != labels[part : part + self.batch])
                flagged.append(self.scored.score(logits) > self.threshold)
        return torch.cat(wrong), torch.cat(flagged)

    def scores(self, images: Tensor) -> Tensor:
        """Detection scores (B,) of images (B, 3, H, W), float64 on the CPU; zeros without a detector."""
        with torch.no_grad():
            logits = [self.scored.branch_logits(part).double() for part in images.split(self.batch)]
        return self.scored.score(torch.cat(logits, dim=1)).cpu()

    @property
    def queries(self) -> int:
        """Images that have passed through the system so far, in both its forms."""
        return self.attacked.queries + self.scored.queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What an attack made of the target's images: float32 (N, 3, H, W) on the CPU, and what it asked of the system."""

    images: Tensor
    queries: int


@dataclass(frozen=True, kw_only=True)
class SystemAttack(ABC):
    """An attack on a defended system; its repr is the report's recipe line.

    Attributes:
        knowledge: what the attacker has: "white-box" the whole system with gradients, "black-box" its logits only,
            "transfer" another model of the task only.
        evades: success counts only where the answer is wrong *and* the image is not flagged.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    citation: ClassVar[str]
    knowledge: ClassVar[Literal["white-box", "black-box", "transfer"]] = "white-box"
    evades: ClassVar[bool] = False
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {}

    @final
    def __call__(self, target: Target, epsilon: float, *, seed: int, progress: Progress) -> Struck:
        """Attack the target's images.

        Args:
            target: the system, the images and what the attacker has besides.
            epsilon: L-inf budget, 0 to 1.
            seed: decides every random draw.

        Returns:
            images in [0, 1], each within epsilon of its original; the originals where epsilon is 0.

        Raises:
            BadInput: the attack ended in values that are no numbers. Cancelled: within one step of a cancel.
        """
        progress.check()
        before = target.queries
        if epsilon == 0:
            return Struck(images=target.images.detach().float().cpu(), queries=0)
        generator = torch.Generator(device="cpu").manual_seed(seed)
        moved = self.run(target, epsilon, generator, progress).detach()
        if not torch.isfinite(moved).all():
            raise BadInput(f"{self.name} ended in values that are no numbers.", "Leave it out, or lower its step.")
        return Struck(
            images=within(target.images, moved, epsilon).float().cpu().contiguous(), queries=target.queries - before
        )

    @property
    @abstractmethod
    def total_steps(self) -> int:
        """Steps of all restarts of one image (or of the one universal perturbation), at most; 0 without steps."""

    @abstractmethod
    def run(self, target: Target, epsilon: float, generator: torch.Generator, progress: Progress) -> Tensor:
        """The attacked images (N, 3, H, W); reports each step to ``progress``. The law clips them to the budget."""


@dataclass(frozen=True, kw_only=True)
class PerImageAttack(SystemAttack):
    """An attack that moves each image by itself, again from another start where it failed."""

    restarts: Annotated[
        int, Range(low=1, high=100, label="Restarts", unit="starts", help="only of images that still resist")
    ] = 1

    def run(self, target: Target, epsilon: float, generator: torch.Generator, progress: Progress) -> Tensor:
        """Strike what is not beaten yet; an image that resists every restart keeps the last try."""
        best = target.images.clone()
        beaten = target.beaten(best, target.labels, evading=self.evades)
        for _, span in progress.split(range(self.restarts)):
            resisting = (~beaten).nonzero().flatten()
            if len(resisting) == 0:
                break
            for index, part in span.split(resisting.split(target.batch)):
                images, labels = target.images[index], target.labels[index]
                moved = within(images, self.strike(target, images, labels, epsilon, generator, part), epsilon).detach()
                best[index] = moved
                beaten[index] = target.beaten(moved, labels, evading=self.evades)
        return best

    @abstractmethod
    def strike(
        self,
        target: Target,
        images: Tensor,
        labels: Tensor,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """One try on images (B, 3, H, W) with labels (B,): the images moved, (B, 3, H, W)."""


def within(images: Tensor, moved: Tensor, epsilon: float) -> Tensor:
    """``moved`` clipped to the L-inf ball around ``images`` and to [0, 1]."""
    return torch.clamp(torch.minimum(torch.maximum(moved, images - epsilon), images + epsilon), 0.0, 1.0)


def random_start(images: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """The images moved by even noise in [-epsilon, epsilon], kept in [0, 1]."""
    noise = torch.rand(images.shape, generator=generator).to(images) * 2 - 1
    return (images + epsilon * noise).clamp(0.0, 1.0)
