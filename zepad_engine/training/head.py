"""Downstream heads: the official three-layer MLP, trained on cached features of a frozen encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    features: Tensor, labels: Tensor, classes: int, plan: HeadTraining, seed: int, *, dropout_first_epoch: bool = False
) -> Head:
    """Fit a head on features (N, D) and labels (N,); Adam, exponential decay per epoch, last epoch kept (method 2.6).

    ``dropout_first_epoch`` repeats the release, whose test routine leaves the head in eval mode after epoch one.
    """
    torch.manual_seed(seed)
    head = Head(features.shape[1], classes, plan.dropout)
    if plan.standardise:
        head.standardise(features)
    head.to(features.device)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(head.parameters(), lr=plan.rate, weight_decay=plan.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, plan.decay)
    for epoch in range(plan.epochs):
        head.train(not dropout_first_epoch or epoch == 0)
        for index in torch.randperm(len(labels), generator=generator).split(plan.batch):
            loss = functional.cross_entropy(head(features[index]), labels[index])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        schedule.step()
    return head.eval()
