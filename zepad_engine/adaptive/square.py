"""Square Attack (Andriushchenko et al., ECCV 2020): random squares on the fused logits, without any gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import torch
from torch import Tensor

from zepad_engine.adaptive.base import PerImageAttack, Target
from zepad_engine.adaptive.losses import margin
from zepad_engine.catalogue import FieldValue
from zepad_engine.fields import Range
from zepad_engine.progress import Progress

# Paper, section 4.1: after these queries out of 10,000 the square covers half as much as before.
_HALVED_AFTER: Final = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)
_OUT_OF: Final = 10_000


def side_of(query: int, queries: int, share: float, side: int) -> int:
    """Side in pixels of the square tried at ``query`` (from 1) of ``queries`` on images of ``side`` pixels.

    ``share`` is the part of the image that the first square covers; the paper's schedule, rescaled to ``queries``.
    """
    halvings = sum(query * _OUT_OF > after * queries for after in _HALVED_AFTER)
    return max(1, min(side, round(math.sqrt(share * 0.5**halvings) * side)))


@dataclass(frozen=True, kw_only=True)
class SquareAttack(PerImageAttack):
    """Vertical stripes at the edge of the budget, then one square per query, kept where the margin grows.

    Every image has squares of its own. An image that has fallen asks nothing more.
    """

    key: ClassVar[str] = "square"
    name: ClassVar[str] = "Square Attack"
    summary: ClassVar[str] = "Tries random squares and keeps what brings the fused answer nearer to a wrong class."
    citation: ClassVar[str] = "Andriushchenko et al., Square Attack, ECCV 2020"
    knowledge: ClassVar[Literal["white-box", "black-box", "transfer"]] = "black-box"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"queries": 200, "restarts": 1},
        "standard": {"queries": 1000, "restarts": 5},
        "paper": {"queries": 10_000, "restarts": 1},
    }

    queries: Annotated[
        int, Range(low=2, high=1_000_000, label="Queries", step=100, unit="queries", help="per image and start")
    ] = 1000
    square: Annotated[
        float, Range(low=1e-4, high=1.0, label="First square", step=0.05, unit="of the image", help="0.05 in the paper")
    ] = 0.8

    @property
    def total_steps(self) -> int:
        """Queries of all restarts."""
        return self.queries * self.restarts

    def strike(
        self,
        target: Target,
        images: Tensor,
        labels: Tensor,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Stripes, then squares."""
        progress.advance(0.0, f"query 1 of {self.queries}")
        best = (images + epsilon * _signs((*images.shape[:2], 1, images.shape[3]), generator).to(images)).clamp(0, 1)
        reached = _margins(target, best, labels)
        for query in range(1, self.queries):
            resisting = (reached <= 0).nonzero().flatten()
            if len(resisting) == 0:
                break
            progress.advance(query / self.queries, f"query {query + 1} of {self.queries}")
            side = side_of(query, self.queries, self.square, min(images.shape[2:]))
            # Drawn for all of them, so that no image's squares hang on when its neighbours fell.
            inside, colours = (part.to(images.device)[resisting] for part in _squares(images, side, generator))
            tried = torch.where(inside, (images[resisting] + epsilon * colours).clamp(0, 1), best[resisting])
            margins = _margins(target, tried, labels[resisting])
            better = margins > reached[resisting]
            best[resisting[better]], reached[resisting[better]] = tried[better], margins[better]
        return best


def _margins(target: Target, images: Tensor, labels: Tensor) -> Tensor:
    with torch.no_grad():
        return margin(target.scored(images), labels)


def _signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, shape, generator=generator) * 2.0 - 1.0


def _squares(images: Tensor, side: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """For each image which pixels lie in its square, (B, 1, H, W), and the square's sign per colour, (B, 3, 1, 1)."""
    count, planes, height, width = images.shape
    top = torch.randint(0, height - side + 1, (count, 1, 1, 1), generator=generator)
    left = torch.randint(0, width - side + 1, (count, 1, 1, 1), generator=generator)
    rows, columns = torch.arange(height).view(1, 1, -1, 1), torch.arange(width).view(1, 1, 1, -1)
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return inside, _signs((count, planes, 1, 1), generator)
