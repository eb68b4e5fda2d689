"""Confidence and fusion of branch logits: the Robust Federal Decision Mechanism (paper Eq. 8) and its rivals.

Logits are (B, N, K): branches, images, classes. Weights are (B, N) and sum to 1 over the branches.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Fusion: TypeAlias = Literal[
    "confidence",
    "mean_logits",
    "mean_probabilities",
    "most_confident",
    "entropy",
    "entropy_inverted",
]


def top_probability(logits: Tensor) -> Tensor:
    """m, the largest softmax probability, over the last axis."""
    return logits.softmax(dim=-1).max(dim=-1).values


def confidence(m: Tensor, k: float) -> Tensor:
    """c = m exp(k (m - 1/2)); paper Eq. 8, k = 3."""
    return m * torch.exp(k * (m - 0.5))


def confidence_weights(logits: Tensor, k: float) -> Tensor:
    """RFDM: each branch's share of the confidence."""
    c = confidence(top_probability(logits), k)
    return c / c.sum(dim=0, keepdim=True)


def equal_weights(logits: Tensor) -> Tensor:
    """Every branch counts the same."""
    return torch.full(logits.shape[:2], 1.0 / len(logits), dtype=logits.dtype, device=logits.device)


def surest_weights(logits: Tensor) -> Tensor:
    """All the weight on the branch with the largest m; the first of equals."""
    surest = top_probability(logits).argmax(dim=0)
    weights: Tensor = torch.nn.functional.one_hot(surest, len(logits)).T.to(logits)
    return weights


def entropy_weights(logits: Tensor, *, inverted: bool) -> Tensor:
    """Trust by log K - H; ``inverted`` repeats the release, which trusts by H."""
    entropy = torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1)
    trust = entropy if inverted else math.log(logits.shape[-1]) - entropy
    trust = trust.clamp_min(1e-12)
    shares: Tensor = trust / trust.sum(dim=0, keepdim=True)
    return shares


def weights_of(fusion: Fusion, logits: Tensor, k: float) -> Tensor:
    """The weights (B, N) of a way of fusing; ``k`` sharpens "confidence" only."""
    if fusion == "confidence":
        return confidence_weights(logits, k)
    if fusion == "most_confident":
        return surest_weights(logits)
    if fusion in ("entropy", "entropy_inverted"):
        return entropy_weights(logits, inverted=fusion == "entropy_inverted")
    return equal_weights(logits)


def capped(weights: Tensor, cap: float) -> Tensor:
    """Weights (B, N) of which none exceeds ``cap`` (1/2 to 1); what is cut off goes to the others by their shares."""
    largest = weights.max(dim=0, keepdim=True).values
    rest = 1 - largest
    # Where one branch has all the weight, the others have no shares to go by.
    shares = torch.where(rest > 1e-9, weights / rest.clamp_min(1e-9), torch.full_like(weights, 1 / (len(weights) - 1)))
    limited = torch.where(weights == largest, torch.full_like(weights, cap), (1 - cap) * shares)
    return torch.where(largest > cap, limited, weights)


def fuse(logits: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum of logits, (N, K); mixed logits, not probabilities, as the paper has it."""
    fused: Tensor = (weights.unsqueeze(-1) * logits).sum(dim=0)
    return fused


def mean_probabilities(logits: Tensor) -> Tensor:
    """The log of the mean softmax probability, (N, K): its softmax is the mean again."""
    return torch.logsumexp(logits.log_softmax(dim=-1), dim=0) - math.log(len(logits))
