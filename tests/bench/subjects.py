"""What is measured on: the bundled encoders, a wide one, heads for them, and pictures; the same in every process."""

from __future__ import annotations

import os
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from tests.bench.contest import Side
from zepad_engine.architecture import CIFAR_STEM
from zepad_engine.capacity import usable_cores
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.resnet import random_resnet, resnet_card
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import Arithmetic, HeadTraining
from zepad_engine.resources import asset
from zepad_engine.storage import write_bytes
from zepad_engine.training.features import training_features
from zepad_engine.training.head import Head, train_head
from zepad_engine.training.labelled import Labelled, labelled

SIDE = 32
# The environment names the folder where one run of the benchmark keeps its heads.
KEPT = "ZEPAD_BENCH_KEPT"
TASK = "sample:satellite"
BUNDLED = ("supcon-cifar10-r18w16", "barlow-tinyimagenet-r18w16", "simclr-cifar10-r18w16")
_HEAD_IMAGES = {16: 1000, 64: 128}
_NORM_IMAGES = 64


def execution(arithmetic: Arithmetic) -> Execution:
    """Networks run as in a worker of an audit: one thread."""
    how = Execution.of("cpu", arithmetic)
    how.begin(0)
    return how


def ours(name: str, make: str, settings: dict[str, Any], *, processes: int = 0, note: str = "") -> Side:
    """The engine as an audit runs it: a process of one thread on each core."""
    return Side(name=name, make=make, settings=settings, processes=processes or usable_cores(), threads=1, note=note)


def versioned(package: str) -> str | None:
    """The version of a peer that is installed, else None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def encoder_of(width: int, which: int = 0) -> Encoder:
    """A CIFAR-style ResNet-18: width 16 from the bundle, any other with random weights; parameters want gradients."""
    if width == 16:
        return load_own(asset("encoders", f"{BUNDLED[which]}.safetensors"))
    card = resnet_card(
        f"random, width {width}",
        blocks=(2, 2, 2, 2),
        width=width,
        stem=CIFAR_STEM,
        mean=CIFAR_MEAN,
        std=CIFAR_STD,
        input_size=SIDE,
    )
    encoder = random_resnet(card, which)
    _fit_norms(encoder, as_images(pictures_of("train", _NORM_IMAGES).pictures))
    return encoder


def _fit_norms(encoder: Encoder, images: Tensor) -> None:
    """Give batch norms the statistics of real images: at random weights activations would grow from block to block."""
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        encoder.train()(images)
    for norm in norms:
        norm.momentum = 0.1
    encoder.eval()


class Drawn:
    """Pictures uint8 (N, 3, 32, 32), labels (N,), number of classes; pictures repeat if the set has fewer."""

    def __init__(self, pictures: Tensor, labels: Tensor, classes: int) -> None:
        self.pictures, self.labels, self.classes = pictures, labels, classes

    def bank(self, how: Execution) -> Labelled:
        return Labelled(ImageBank(self.pictures, how), self.labels, self.classes)


def pictures_of(split: str, count: int, seed: int = 0, task: str = TASK) -> Drawn:
    """``count`` pictures of a task's split in a seeded order."""
    images = open_set(task, SIDE, 0)
    index = images.indices(split)
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(seed))
    index = index[order].repeat(-(-count // len(index)))[:count]
    return Drawn(images.pictures[index], images.labels[index], len(images.classes))


def surrogate(count: int) -> Tensor:
    """The attacker's pictures, uint8 (N, 3, 32, 32)."""
    images = open_set("sample:openmoji", SIDE, 0)
    return images.pictures[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:count]]


def head_for(encoder: Encoder, width: int, which: int = 0) -> Head:
    """A head for the task, fitted in float32; the benchmark keeps it, so that every contestant gets the same one."""
    kept = os.environ.get(KEPT)
    path = Path(kept) / f"head{width}_{which}.safetensors" if kept else None
    if path is not None and path.exists():
        weights = load_file(path)
        head = Head(encoder.card.feature_dim, len(weights["layers.5.bias"]))
        head.load_state_dict(weights)
        return head.eval()
    head = _fitted(encoder, width)
    if path is not None:
        write_bytes(path, save(dict(head.state_dict())))
    return head


def _fitted(encoder: Encoder, width: int) -> Head:
    data = labelled(open_set(TASK, SIDE, 0), "train", _HEAD_IMAGES.get(width, 128), 0)
    features = training_features(encoder, data.images)
    return train_head(features, data.labels, data.classes, HeadTraining(epochs=10, batch=64), 0)


@cache
def classifier(width: int, which: int = 0) -> nn.Sequential:
    """Encoder and head in eval mode, torch's own layout, float32."""
    encoder = encoder_of(width, which)
    return nn.Sequential(encoder, head_for(encoder, width, which)).eval()


def tell(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Mean cross-entropy and accuracy of a plain model in float32, on images (B, 3, 32, 32) in [0, 1]."""
    scored = EXACT.for_scoring(model)
    with torch.inference_mode():
        logits = scored(images.detach().float().contiguous())
    loss = nn.functional.cross_entropy(logits, labels)
    return {"CE": float(loss), "accuracy": float((logits.argmax(1) == labels).float().mean())}
