"""Random views of a whole batch at once: crop, flip, colour and grey, drawn from one seeded generator.

Source of the recipe: Chen et al., A Simple Framework for Contrastive Learning, ICML 2020, appendix A; hue is turned
in the YIQ plane, so that all colour changes of one image are a single affine map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

_GREY = (0.299, 0.587, 0.114)
_TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How strongly a view differs from its image.

    Attributes:
        smallest_area: least share of the image a crop keeps, 0 to 1.
        aspect: largest ratio of the sides of a crop, at least 1.
        jitter: strength of brightness, contrast and saturation, 0 to 1.
        hue: largest turn of the hue as a share of a full turn, 0 to 0.5.
        jitter_share: share of images whose colours change.
        grey_share: share of images turned grey.
    """

    smallest_area: float = 0.2
    aspect: float = 4.0 / 3.0
    jitter: float = 0.4
    hue: float = 0.1
    jitter_share: float = 0.8
    grey_share: float = 0.2

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """One random view (B, 3, H, W) in [0, 1] of each image (B, 3, H, W) in [0, 1].

        The draws come from ``generator``, which lives on the CPU, whatever the device of the images.
        """
        cropped = self._crop(images, generator)
        turn, shift = self._colours(len(images), generator)
        turn, shift = turn.to(images.device), shift.to(images.device)
        flat = cropped.flatten(2)
        means = (flat.mean(dim=2, keepdim=True) * torch.tensor(_GREY, device=images.device).view(1, 3, 1)).sum(1, True)
        return torch.baddbmm(shift * means, turn, flat).view_as(cropped).clamp_(0.0, 1.0)

    def _crop(self, images: Tensor, generator: Generator) -> Tensor:
        count = len(images)
        draws = torch.rand(5, count, generator=generator)
        area = self.smallest_area + (1.0 - self.smallest_area) * draws[0]
        ratio = torch.exp((2.0 * draws[1] - 1.0) * math.log(self.aspect))
        width = (area * ratio).sqrt().clamp(max=1.0)
        height = (area / ratio).sqrt().clamp(max=1.0)
        mirror = torch.where(draws[4] < 0.5, -1.0, 1.0)
        theta = torch.zeros(count, 2, 3)
        theta[:, 0, 0] = width * mirror
        theta[:, 1, 1] = height
        theta[:, 0, 2] = (2.0 * draws[2] - 1.0) * (1.0 - width)
        theta[:, 1, 2] = (2.0 * draws[3] - 1.0) * (1.0 - height)
        grid = functional.affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
        turned: Tensor = functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        return turned

    def _colours(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """A 3x3 map (B, 3, 3) of colours and, per image, the weight (B, 3, 1) of the image's mean grey."""
        draws = torch.rand(6, count, generator=generator)
        brightness, contrast, saturation = (1.0 + self.jitter * (2.0 * draws[:3] - 1.0)).view(3, count, 1, 1)
        eye = torch.eye(3).expand(count, 3, 3)
        grey = torch.tensor(_GREY).expand(count, 3, 3)
        colours = saturation * eye + (1.0 - saturation) * grey
        colours = _hue_turn(2.0 * math.pi * self.hue * (2.0 * draws[3] - 1.0)) @ colours
        colours = brightness * contrast * colours
        shift = (brightness * (1.0 - contrast)).expand(count, 3, 1)
        changed = (draws[4] < self.jitter_share).view(count, 1, 1)
        colours = torch.where(changed, colours, eye)
        shift = torch.where(changed, shift, torch.zeros(()))
        greyed = (draws[5] < self.grey_share).view(count, 1, 1)
        return torch.where(greyed, grey @ colours, colours), shift


def _hue_turn(angle: Tensor) -> Tensor:
    """Colour maps (B, 3, 3) that turn the hue by ``angle`` (B,) radians and keep the luminance."""
    to_yiq = torch.tensor(_TO_YIQ)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turn = torch.zeros(len(angle), 3, 3)
    turn[:, 0, 0] = 1.0
    turn[:, 1, 1], turn[:, 1, 2] = cosine, -sine
    turn[:, 2, 1], turn[:, 2, 2] = sine, cosine
    inverse: Tensor = torch.linalg.inv(to_yiq)
    return inverse @ turn @ to_yiq
