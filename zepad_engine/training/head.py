"""Downstream heads: the official three-layer MLP, trained on cached features of a frozen encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.branches import HeadKind
from zepad_engine.execution.optimisers import Adam
from zepad_engine.objectives import answer_entropy
from zepad_engine.plan import HeadTraining


class Head(nn.Module):
    """D-D-D-K with ReLU, dropout after the first layer; 530,442 parameters at D = 512, K = 10.

    Features are first centred and scaled by ``mean`` and ``scale`` (D,), which are fixed, not learned.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.layers = nn.Sequential(
            nn.Linear(features, features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features, features),
            nn.ReLU(),
            nn.Linear(features, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, K) of features (B, D)."""
        logits: Tensor = self.layers((features - self.mean) * self.scale)
        return logits

    def standardise(self, features: Tensor) -> None:
        """Set centre and scale so that ``features`` (N, D) have mean 0 and deviation 1 in every direction."""
        self.mean.copy_(features.mean(dim=0))
        self.scale.copy_(1 / features.std(dim=0).clamp_min(1e-6))


def train_head(
    features: Tensor,
    labels: Tensor,
    classes: int,
    plan: HeadTraining,
    seed: int,
    *,
    dropout_first_epoch: bool = False,
    kind: HeadKind = "plain",
) -> Head:
    """Fit a head on features (N, D) and labels (N,); Adam, exponential decay per epoch, last epoch kept (method 2.6).

    ``dropout_first_epoch`` repeats the release, whose test routine leaves the head in eval mode after epoch one.
    ``kind`` chooses ``head_loss``.
    """
    torch.manual_seed(seed)
    head = Head(features.shape[1], classes, plan.dropout)
    if plan.standardise:
        head.standardise(features)
    head.to(features.device)
    generator = torch.Generator().manual_seed(seed)
    optimiser = Adam(head.parameters(), lr=plan.rate, weight_decay=plan.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, plan.decay)
    for epoch in range(plan.epochs):
        head.train(not dropout_first_epoch or epoch == 0)
        for index in torch.randperm(len(labels), generator=generator).split(plan.batch):
            loss = head_loss(head(features[index]), labels[index], plan, kind)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        schedule.step()
    return head.eval()


def head_loss(logits: Tensor, labels: Tensor, plan: HeadTraining, kind: HeadKind) -> Tensor:
    """What a head of this kind is trained on: logits (B, K) and labels (B,), a scalar.

    ``smoothed``: cross-entropy with ``plan.smoothing`` of the label spread over all classes. ``entropic``:
    cross-entropy - ``plan.entropy_weight`` times the entropy of the answers. ``plain``: cross-entropy.
    """
    if kind == "smoothed":
        return functional.cross_entropy(logits, labels, label_smoothing=plan.smoothing)
    loss = functional.cross_entropy(logits, labels)
    return loss - plan.entropy_weight * answer_entropy(logits) if kind == "entropic" else loss


def temporary_head(features: Tensor, labels: Tensor, classes: int, batch: int, seed: int) -> Head:
    """A head for the time an encoder is being tuned or judged: ten quick epochs on features (N, D), labels (N,)."""
    return train_head(features, labels.to(features.device), classes, HeadTraining(epochs=10, batch=batch), seed)
