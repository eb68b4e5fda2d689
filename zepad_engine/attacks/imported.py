"""A perturbation from a file: whoever made it, it is fitted to the audit's pictures and budget and then scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.attacks.array_file import ENDINGS, bad
from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.budget import is_patch, project
from zepad_engine.attacks.perturbation_file import Perturbation, read_perturbation
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.errors import BadPlan
from zepad_engine.fields import File
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.plan import IMPORTED
from zepad_engine.progress import Progress

# Float32 holds n/255 to about 1e-8; a published budget of 0.05 is 12.75/255 only as far as that.
_SAME = 1e-6


@dataclass(frozen=True, kw_only=True)
class Imported(Attack):
    """The values of a file: resized if they must be, clipped to the budget, never scaled up."""

    key: ClassVar[str] = IMPORTED
    name: ClassVar[str] = "Imported perturbation"
    summary: ClassVar[str] = (
        "Read from a file and scored as it is; clipped to the budget where it is larger. "
        "Nothing is known of the encoder or the pictures it was made with."
    )
    citation: ClassVar[str] = "Whoever made the file"
    origin: ClassVar[str] = "elsewhere"
    step_seconds: ClassVar[float] = 0.0

    file: Annotated[
        str, File(label="File", endings=ENDINGS, help="Three colours, of the encoder's picture size at best.")
    ] = ""

    @property
    def total_steps(self) -> int:
        """No optimiser."""
        return 0

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Read the file."""
        del encoder, generator
        progress.advance(0.0, "reading the file")
        return fitted(self.read(), surrogate.shape[-1], epsilon)[0]

    def read(self) -> Perturbation:
        """The perturbation as its file holds it.

        Raises:
            BadPlan: no file is named. BadInput: the file is refused.
        """
        if not self.file:
            raise BadPlan("The imported perturbation names no file.", "Choose one, or leave the attack out.")
        return read_perturbation(Path(self.file))

    def __repr__(self) -> str:
        """The recipe without the place of the file, which is nobody else's business."""
        return f"Imported(file={Path(self.file).name!r})"


def fitted(found: Perturbation, side: int, epsilon: float) -> tuple[Tensor, tuple[str, ...]]:
    """The perturbation for pictures of ``side`` pixels: float32 (3, side, side) in [-epsilon, epsilon], and remarks.

    A patch stays one, (4, side, side).

    Raises:
        BadInput: resizing leaves nothing of it.
    """
    if is_patch(found.pixels):
        return _fitted_patch(found, side)
    pixels, remarks = found.pixels, list(found.remarks)
    height, width = pixels.shape[1:]
    if (height, width) != (side, side):
        resized = functional.interpolate(pixels[None], size=(side, side), mode="bilinear", align_corners=False)
        pixels = resized[0].contiguous()
        remarks.append(
            f"Resized from {width}x{height} to {side}x{side} pixels: no value grew, but its effect may be lost."
        )
    largest = float(pixels.abs().max())
    if largest == 0:
        raise bad(f"Resized to {side}x{side} pixels, nothing is left of {found.file}.", "Use its own size.", "zero")
    own, budget = f"Its largest value is {largest * 255:.2f}/255", f"the budget of {epsilon * 255:g}/255"
    if largest > epsilon + _SAME:
        clipped = float((pixels.abs() > epsilon + _SAME).float().mean())
        remarks.append(f"{own}, above {budget}: {100 * clipped:.1f} % of its values were clipped to it.")
    elif largest < epsilon - _SAME:
        remarks.append(f"{own}, below {budget}; it was not scaled up.")
    return project(pixels, epsilon), tuple(remarks)


def _fitted_patch(found: Perturbation, side: int) -> tuple[Tensor, tuple[str, ...]]:
    """A patch (4, side, side): whole pixels are repeated or left out, for half a pixel cannot be covered."""
    height, width = found.pixels.shape[1:]
    if (height, width) == (side, side):
        return found.pixels, found.remarks
    pixels = functional.interpolate(found.pixels[None], size=(side, side), mode="nearest")[0].contiguous()
    if not pixels[3].any():
        raise bad(f"Resized to {side}x{side} pixels, nothing is left of {found.file}.", "Use its own size.", "zero")
    remark = f"Resized from {width}x{height} to {side}x{side} pixels: its effect may be lost."
    return pixels, (*found.remarks, remark)
