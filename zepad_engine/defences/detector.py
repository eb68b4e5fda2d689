"""Detection scores of perturbed images: by confidence, as in the paper, or by how far the branches disagree."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.defences.fusion import confidence, top_probability
from zepad_engine.plan import Detector


def detection_scores(mpae: Tensor, bmp: Tensor, plan: Detector, k: float) -> Tensor:
    """MPAE minus BMP confidence per image (method 2.8, paper 3.5).

    Args:
        mpae: logits (B, N, K) of the tuned encoders.
        bmp: logits (N, K) of the benign encoder.

    Returns:
        scores (N,); an image is flagged where its score exceeds the threshold.
    """
    ours, theirs = _confidence(mpae, plan, k), _confidence(bmp, plan, k)
    joined = ours.mean(dim=0) if plan.aggregation == "mean" else ours.max(dim=0).values
    scores: Tensor = (joined - theirs).to(torch.float64)
    return scores


def disagreement_scores(logits: Tensor) -> Tensor:
    """How far branches (B, N, K) are from saying the same: the Jensen-Shannon divergence of their softmaxes, (N,).

    From 0 to log B. An image that fools some branches and not the others scores high; to stay low it has to bring
    them all to one wrong answer (Lin, IEEE Trans. Inf. Theory 37, 1991, for the divergence of several).
    """
    probabilities = logits.to(torch.float64).softmax(dim=-1)
    joint = torch.special.entr(probabilities.mean(dim=0)).sum(dim=-1)
    own = torch.special.entr(probabilities).sum(dim=-1).mean(dim=0)
    scores: Tensor = joint - own
    return scores


def _confidence(logits: Tensor, plan: Detector, k: float) -> Tensor:
    m = top_probability(logits.to(torch.float64))
    return confidence(m, k) if plan.confidence == "c" else m
