"""Confidence and fusion of branch logits: the Robust Federal Decision Mechanism (paper Eq. 8) and its rivals.

Logits are (B, N, K): branches, images, classes. Weights are (B, N) and sum to 1 over the branches.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
    """Every branch counts the same: the plain mean of logits."""
    return torch.full(logits.shape[:2], 1.0 / len(logits), dtype=logits.dtype)


def entropy_weights(logits: Tensor, *, inverted: bool) -> Tensor:
    """Trust by log K - H; ``inverted`` repeats the release, which trusts by H."""
    entropy = torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1)
    trust = entropy if inverted else math.log(logits.shape[-1]) - entropy
    trust = trust.clamp_min(1e-12)
    shares: Tensor = trust / trust.sum(dim=0, keepdim=True)
    return shares


def fuse(logits: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum of logits, (N, K); mixed logits, not probabilities, as the paper has it."""
    fused: Tensor = (weights.unsqueeze(-1) * logits).sum(dim=0)
    return fused
