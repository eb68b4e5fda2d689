"""The DAE detector: a perturbed image shows itself when MPAE is more confident than BMP (method 2.8, paper 3.5)."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.defences.fusion import confidence, top_probability
from zepad_engine.plan import Detector


def detection_scores(mpae: Tensor, bmp: Tensor, plan: Detector, k: float) -> Tensor:
    """MPAE minus BMP confidence per image.

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


def _confidence(logits: Tensor, plan: Detector, k: float) -> Tensor:
    m = top_probability(logits.to(torch.float64))
    return confidence(m, k) if plan.confidence == "c" else m
