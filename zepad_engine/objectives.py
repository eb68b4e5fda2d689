"""Losses of the paper, AdvEncoder and the rivals as formulas; (B, D) for features, (B, 3, H, W) for images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-7


def info_nce(queries: Tensor, keys: Tensor, temperature: float, *, each: bool = False) -> Tensor:
    """InfoNCE of matching rows: cross-entropy of cosine / temperature, diagonal as target; mean or each row (B,)."""
    similarity = functional.normalize(queries, dim=1) @ functional.normalize(keys, dim=1).T
    target = torch.arange(len(queries), device=queries.device)
    return functional.cross_entropy(similarity / temperature, target, reduction="none" if each else "mean")


def high_pass(images: Tensor, radius: float) -> Tensor:
    """Remove the frequencies closer than ``radius`` to the spectrum's centre (AdvEncoder, high-frequency part)."""
    height, width = images.shape[-2:]
    rows = torch.fft.fftfreq(height, 1 / height, device=images.device)
    # The spectrum of a real picture mirrors itself: half of it holds everything.
    columns = torch.fft.rfftfreq(width, 1 / width, device=images.device)
    keep = (rows[:, None] ** 2 + columns[None, :] ** 2) >= radius**2
    passed: Tensor = torch.fft.irfft2(torch.fft.rfft2(images.float()) * keep, s=(height, width))
    return passed


def pair_distances(features: Tensor) -> Tensor:
    """Cosine distance of each pair minus the row's nearest-neighbour distance; zero diagonal; (B, B)."""
    unit = functional.normalize(features, dim=1)
    distance = 1.0 - unit @ unit.T
    diagonal = torch.eye(len(features), dtype=torch.bool, device=features.device)
    nearest = distance.masked_fill(diagonal, torch.inf).min(dim=1, keepdim=True).values
    return (distance - nearest).masked_fill(diagonal, 0.0)


def genetic_regularisation(
    adversarial: Tensor, benign: Tensor, labels: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    """How far the pair relations of ``adversarial`` are from those of ``benign``: a sum over pairs, so it grows with B.

    Paper Eqs. 4-6 on features; with ``labels`` (B,) and ``weights`` (B,) (clean cross-entropy per image) the official
    code's label blending is added: badly classified pairs are pulled to 0 (same class) or 2 (other class).
    """
    own = pair_distances(adversarial).clamp(_TINY, 2 - _TINY)
    target = pair_distances(benign)
    if labels is not None and weights is not None:
        blend = torch.tanh((weights[:, None] + weights[None, :]) / 32)
        sign = torch.where(labels[:, None] == labels[None, :], -1.0, 1.0)
        target = (1 - blend) * target + 2 * sign * blend
    target = target.clamp(_TINY, 2 - _TINY)
    p, q = _relation(own), _relation(target)
    divergence = q * ((q + _TINY) / (p + _TINY)).log() + (1 - q) * ((1 - q + _TINY) / (1 - p + _TINY)).log()
    return divergence.sum()


def _relation(distance: Tensor) -> Tensor:
    closeness = 2.0 - distance
    return closeness / closeness.sum(dim=1, keepdim=True)


def answer_divergence(clean: Tensor, adversarial: Tensor) -> Tensor:
    """KL(clean || adversarial) of the answers in logits (B, K), one value per image (B,) (TRADES, Eq. 5)."""
    expected, said = clean.log_softmax(dim=1), adversarial.log_softmax(dim=1)
    return (expected.exp() * (expected - said)).sum(dim=1)


def boosted_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy - log(1.0001 - the largest probability of a wrong class), mean over images (MART, Eq. 8).

    Logits (B, K), labels (B,). The 0.0001 keeps the logarithm finite, as in the authors' code.
    """
    own = functional.one_hot(labels, logits.shape[1]).bool()
    rival = logits.softmax(dim=1).masked_fill(own, 0.0).amax(dim=1)
    return functional.cross_entropy(logits, labels) - (1.0001 - rival).log().mean()


def misclassified_divergence(clean: Tensor, adversarial: Tensor, labels: Tensor) -> Tensor:
    """``answer_divergence`` weighted by 1 - the clean probability of the label, mean over images (MART, Eq. 9)."""
    sure = clean.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    return (answer_divergence(clean, adversarial) * (1 - sure)).mean()


def answer_entropy(logits: Tensor) -> Tensor:
    """Entropy in nats of the answers in logits (B, K), mean over images (Pereyra et al. 2017)."""
    said = logits.log_softmax(dim=1)
    return -(said.exp() * said).sum(dim=1).mean()
