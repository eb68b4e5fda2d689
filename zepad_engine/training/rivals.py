"""Rival methods of adversarial fine-tuning: PGD-AT, TRADES and MART, in the loop ZePAD is tuned in."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.attacks.budget import ascend
from zepad_engine.branches import Method
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.objectives import answer_divergence, boosted_cross_entropy, misclassified_divergence
from zepad_engine.plan import Tuning
from zepad_engine.training.adversarial import TuningLoop
from zepad_engine.training.labelled import Labelled

# The divergence has no slope at the image itself: TRADES begins beside it, with noise of this deviation.
_NUDGE: Final = 0.001


class PgdAt(TuningLoop):
    """Cross-entropy on PGD images and nothing else (Madry et al., ICLR 2018)."""

    def losses(self, index: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """CE on PGD images, and 0."""
        del index
        adversarial = self.attacked(images, labels)
        self.model.train()
        return functional.cross_entropy(self.model(adversarial), labels), torch.zeros((), device=images.device)

    def attacked(self, images: Tensor, labels: Tensor) -> Tensor:
        """PGD images (B, 3, H, W) of the model as it stands, in eval mode."""
        return self.pgd(self.how.for_attack(self.model), images, labels, self.generator).detach()


class Trades(TuningLoop):
    """CE on clean images + beta * KL(clean || adversarial) (Zhang et al., ICML 2019, Eq. 5)."""

    def __init__(self, encoder: Encoder, train: Labelled, plan: Tuning, seed: int, how: Execution) -> None:
        super().__init__(encoder, train, plan, seed, how)
        self.weight = plan.trades_beta

    def losses(self, index: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """CE of the clean images, and the mean divergence."""
        del index
        adversarial = self.diverged(images)
        self.model.train()
        clean = self.model(images)
        divergence = answer_divergence(clean, self.model(adversarial)).mean()
        return functional.cross_entropy(clean, labels), divergence

    def diverged(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) within the budget whose answers diverge most from the clean ones; knows no labels."""
        model = self.how.for_attack(self.model)
        with torch.no_grad():
            clean = model(images)
        noise = torch.randn(images.shape, generator=self.generator).to(images)
        moved = (images + _NUDGE * noise).clamp(0, 1)
        for _ in range(self.pgd.steps):
            moved.requires_grad_(True)
            (gradient,) = torch.autograd.grad(answer_divergence(clean, model(moved)).sum(), moved)
            moved = ascend(images, moved, gradient, self.pgd.step, self.pgd.epsilon)
        return moved


class Mart(PgdAt):
    """Boosted CE on PGD images + beta * KL weighted by what is misclassified (Wang et al., ICLR 2020, Eq. 11)."""

    def __init__(self, encoder: Encoder, train: Labelled, plan: Tuning, seed: int, how: Execution) -> None:
        super().__init__(encoder, train, plan, seed, how)
        self.weight = plan.mart_beta

    def losses(self, index: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """BCE of the PGD images, and the weighted divergence."""
        del index
        adversarial = self.attacked(images, labels)
        self.model.train()
        clean, said = self.model(images), self.model(adversarial)
        return boosted_cross_entropy(said, labels), misclassified_divergence(clean, said, labels)


RIVALS: Final[dict[Method, type[PgdAt | Trades | Mart]]] = {"pgd_at": PgdAt, "trades": Trades, "mart": Mart}
