"""The linear probe: logistic regression on frozen features, fitted by L-BFGS over the full batch, always from zero."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.card import Probe
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.errors import BadInput
from zepad_engine.execution.optimisers import LBFGS
from zepad_engine.images.image_set import ImageSet, as_images
from zepad_engine.progress import Progress

_DECAY = 1e-4


@torch.inference_mode()
def features_of(encoder: Encoder, pictures: Tensor, progress: Progress, batch: int = 256) -> Tensor:
    """Features (N, D), float32, of uint8 pictures (N, 3, H, W), the encoder in evaluation mode."""
    encoder.eval()
    found: list[Tensor] = []
    for start in range(0, len(pictures), batch):
        progress.advance(start / len(pictures), "features")
        images = as_images(pictures[start : start + batch].to(encoder.mean.device))
        found.append(encoder(images).float().cpu())
    return torch.cat(found)


def fit_probe(features: Tensor, labels: Tensor, classes: int, iterations: int = 150) -> tuple[Tensor, Tensor]:
    """Weights (D, classes) and biases (classes,) of a logistic regression on scaled features (N, D)."""
    weight = torch.zeros(features.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimiser = LBFGS([weight, bias], max_iter=iterations, history_size=10, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(features @ weight + bias, labels) + _DECAY * weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return weight.detach(), bias.detach()


def probe_accuracy(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor) -> float:
    """Top-1 accuracy, 0 to 1, on test features (M, D) of a probe fitted on train features (N, D)."""
    mean, deviation = train.mean(dim=0), train.std(dim=0).clamp_min(1e-6)
    classes = int(train_labels.max()) + 1
    weight, bias = fit_probe((train - mean) / deviation, train_labels, classes)
    predicted = ((test - mean) / deviation @ weight + bias).argmax(dim=1)
    return int((predicted == test_labels).sum()) / len(test_labels)


def probe_encoder(encoder: Encoder, images: ImageSet, progress: Progress, seed: int = 0) -> Probe:
    """Probe the encoder and the same net with random weights on the train and test splits of ``images``.

    Raises:
        BadInput: the set has no labels, or no train or test split.
    """
    if images.labels is None:
        raise BadInput(f"{images.name} has no labels.", "A linear probe needs a labelled set.")
    train, test = images.indices("train"), images.indices("test")
    scores: list[float] = []
    for candidate, span in progress.split((encoder, random_like(encoder, seed))):
        features = features_of(candidate, images.pictures, span)
        scores.append(probe_accuracy(features[train], images.labels[train], features[test], images.labels[test]))
    return Probe(
        data=images.name,
        classes=len(images.classes),
        train_images=len(train),
        test_images=len(test),
        accuracy=scores[0],
        random_accuracy=scores[1],
    )
