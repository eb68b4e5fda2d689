"""Small real things: a ResNet of width 8, zips of drawn pictures, and a plan whose whole audit takes seconds."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from zepad_engine.architecture import CIFAR_STEM
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD
from zepad_engine.encoders.encoder import Encoder, save_encoder
from zepad_engine.encoders.resnet import random_resnet, resnet_card
from zepad_engine.errors import Cancelled
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import AuditPlan, BenignTraining, Choice, HeadTraining, Tuning
from zepad_engine.progress import Progress
from zepad_engine.training.benign import train_benign
from zepad_engine.training.labelled import Labelled

SIDE = 16
# As an audit runs by default: fast, on the processor.
FAST = Execution.of("cpu")
# Every class is a colour with a stripe in its own direction: easily learned, not by one pixel alone.
_COLOURS = torch.tensor([[0.75, 0.35, 0.3], [0.3, 0.7, 0.4], [0.35, 0.4, 0.8], [0.7, 0.65, 0.3]])


def tiny_encoder(seed: int = 0, *, width: int = 8, size: int = SIDE) -> Encoder:
    """A random ResNet with blocks (1, 1, 1, 1) and batch-norm statistics of its own, so that folding has work to do."""
    card = resnet_card(
        f"tiny{seed}",
        blocks=(1, 1, 1, 1),
        width=width,
        stem=CIFAR_STEM,
        mean=CIFAR_MEAN,
        std=CIFAR_STD,
        input_size=size,
    )
    encoder = random_resnet(card, seed)
    generator = torch.Generator().manual_seed(seed)
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return encoder


def tiny_pictures(count: int, classes: int = 3, *, size: int = SIDE, seed: int = 0) -> tuple[Tensor, Tensor]:
    """uint8 pictures (count, 3, size, size) and their labels, class after class in turn."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    stripes = torch.stack([torch.sin((rows * (c % 2) + columns * (c // 2 + 1)) * 1.3) for c in range(classes)])
    images = 0.5 + 0.5 * (_COLOURS[labels][:, :, None, None] - 0.5) + 0.12 * stripes[labels][:, None]
    images = images + 0.15 * torch.randn(count, 3, size, size, generator=generator)
    return (images.clamp(0, 1) * 255).round().to(torch.uint8), labels


def tiny_labelled(count: int, classes: int = 3, *, size: int = SIDE, seed: int = 0) -> Labelled:
    pictures, labels = tiny_pictures(count, classes, size=size, seed=seed)
    return Labelled(ImageBank(pictures, FAST), labels, classes)


def tiny_bank(count: int, *, seed: int = 0) -> ImageBank:
    return ImageBank(tiny_pictures(count, seed=seed)[0], FAST)


def tiny_images(count: int, *, size: int = SIDE, seed: int = 0) -> Tensor:
    """Images (count, 3, size, size) in [0, 1]."""
    return as_images(tiny_pictures(count, size=size, seed=seed)[0])


@cache
def trained_encoder() -> Encoder:
    """The tiny net after a second of supervised training, frozen: its features mean something."""
    train, validation = tiny_labelled(128, 4), tiny_labelled(32, 4, seed=5)
    plan = BenignTraining(epochs=6, batch=16)
    trained = train_benign(tiny_encoder(1), train, validation, plan, 0, Progress.silent(), FAST)
    return trained.encoder.requires_grad_(False)


def png(picture: Tensor) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(stream, format="PNG")
    return stream.getvalue()


def write_zip(path: Path, count: int, classes: int = 3, *, seed: int = 0) -> Path:
    """A zip of PNG files, one folder per class."""
    pictures, labels = tiny_pictures(count, classes, seed=seed)
    with zipfile.ZipFile(path, "w") as archive:
        for index, (picture, label) in enumerate(zip(pictures, labels.tolist(), strict=True)):
            archive.writestr(f"class{label}/{index:03}.png", png(picture))
    return path


def write_inputs(folder: Path) -> AuditPlan:
    """Encoders and image sets in ``folder``, and the plan that names them: a whole audit in seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in (("victim", 1), ("auxiliary", 2)):
        save_encoder(tiny_encoder(seed), folder / f"{name}.safetensors")
    return AuditPlan(
        encoder=str(folder / "victim.safetensors"),
        auxiliary=str(folder / "auxiliary.safetensors"),
        local_set=str(write_zip(folder / "local.zip", 150, seed=1)),
        surrogate_set=str(write_zip(folder / "surrogate.zip", 48, seed=2)),
        tasks=(str(folder / "local.zip"), str(write_zip(folder / "other.zip", 200, 4, seed=3))),
        attacks=(
            Choice(key="advencoder_per", values={"steps": 6, "batch": 16, "latents": 8, "divisor": 64}),
            Choice(key="l4a_base", values={"steps": 20, "step_size": 0.004}),
            Choice(key="sign_noise"),
        ),
        tuning=Tuning(images=64, epochs=2, batch=16, steps=2, validation_images=16),
        benign=BenignTraining(images=64, epochs=2, batch=16),
        heads=HeadTraining(epochs=6, batch=32, train_images=100, test_images=40),
        surrogate_images=32,
        device="cpu",
        workers=2,
    )


def cancelled_after(advances: int) -> tuple[Progress, Callable[[], int]]:
    """A token whose user asks to stop once ``advances`` steps were reported, and the count of steps so far."""
    seen: list[float] = []
    progress = Progress(on_advance=lambda done, _note: seen.append(done), cancelled=lambda: len(seen) >= advances)
    return progress, lambda: len(seen)


def was_cancelled(work: Callable[[], object]) -> bool:
    try:
        work()
    except Cancelled:
        return True
    return False
