"""Do real checkpoints of other people, opened by ZePAD, reach the accuracy they should have on CIFAR-10?

``python -m tests.bench.public_checkpoints CIFAR10 FILE...``: a folder or zip with train and test, and checkpoint files.
Where the file holds a linear classifier of ten classes for its features, that is what is scored; else a ridge probe,
fitted on ``--train`` training images and scored on all test images.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from zepad_engine.encoders.apart import TENSORS, read_apart
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.reading import assembled
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.opening import open_images

_CLASSES = 10
# Share of the mean squared feature that is added to the diagonal; chosen on held-out training images.
_RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_HELD_OUT = 0.2


def ridge_accuracy(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor) -> float:
    """Top-1 accuracy, 0 to 1, of a ridge regression on one-hot classes over standardised features (N, D)."""
    mean, deviation = train.mean(dim=0), train.std(dim=0).clamp_min(1e-6)
    fitted, scored = ((part.double() - mean) / deviation for part in (train, test))
    kept = int(len(fitted) * (1 - _HELD_OUT))
    scores = {ridge: _score(fitted[:kept], labels[:kept], fitted[kept:], labels[kept:], ridge) for ridge in _RIDGES}
    best = max(scores, key=scores.__getitem__)
    return _score(fitted, labels, scored, test_labels, best)


def _score(train: Tensor, labels: Tensor, test: Tensor, truth: Tensor, ridge: float) -> float:
    targets = torch.nn.functional.one_hot(labels, _CLASSES).double()
    middle = targets.mean(dim=0)
    gram = train.T @ train
    gram.diagonal().add_(ridge * len(train))
    weights = torch.linalg.solve(gram, train.T @ (targets - middle))
    return float((((test @ weights) + middle).argmax(dim=1) == truth).double().mean())


def classifier_in(tensors: dict[str, Tensor], features: int) -> tuple[Tensor, Tensor] | None:
    """Weight and bias of a stored linear classifier of ten classes, if there is one."""
    for name, weight in tensors.items():
        bias = tensors.get(f"{name.removesuffix('weight')}bias")
        if name.endswith("weight") and tuple(weight.shape) == (_CLASSES, features) and bias is not None:
            return weight.float(), bias.float()
    return None


def measure(file: Path, cifar10: str, count: int) -> str:
    """One line about one checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        verdict = read_apart(file, Path(folder))
        encoder = assembled(file, verdict, Path(folder)).encoder
        classifier = classifier_in(load_file(Path(folder) / TENSORS), encoder.card.feature_dim)
    images = open_images(cifar10, encoder.card.input_size)
    assert images.labels is not None
    test = images.indices("test")
    found, truth = _features(encoder, images.pictures[test]), images.labels[test]
    if classifier is not None:
        weight, bias = classifier
        accuracy = float(((found @ weight.T + bias).argmax(dim=1) == truth).double().mean())
        return f"{file.name}: {100 * accuracy:.1f} % by its own classifier (n = {len(test):,})"
    train = images.indices("train")
    train = train[torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:count]]
    fitted = _features(encoder, images.pictures[train])
    accuracy = ridge_accuracy(fitted, images.labels[train], found, truth)
    return f"{file.name}: {100 * accuracy:.1f} % by a ridge probe on {len(train):,} images (n = {len(test):,})"


def _features(encoder: Encoder, pictures: Tensor) -> Tensor:
    how = Execution.of()
    return ImageBank(pictures, how).through(how.for_scoring(encoder)).cpu()


def main() -> int:
    """Print a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cifar10")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--train", type=int, default=2_000)
    flags = parser.parse_args()
    for file in flags.files:
        sys.stdout.write(measure(file, flags.cifar10, flags.train) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
