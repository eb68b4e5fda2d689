"""Row 1: PGD-10, L-inf, on encoder and head; equal budget, step, steps and random start for everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.bench import subjects
from tests.bench.contest import Contest, Side
from tests.bench.contestant import Work, timed
from tests.bench.release_style.loops import plain_pgd
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.training.pgd import Pgd

EPSILON, STEP, STEPS = 8 / 255, 2 / 255, 10

_HERE = "tests.bench.row_pgd"
_LIBRARIES = {
    "torchattacks": ("torchattacks", "torchattacks"),
    "foolbox": ("foolbox", "foolbox"),
    "ART": ("adversarial-robustness-toolbox", "art"),
}


def contests(*, small: bool) -> list[Contest]:
    """Width 16 on true labels of a trained head, width 64 at random weights on its own predictions."""
    shapes = ((16, 16),) if small else ((16, 128), (64, 32))
    return [_contest(width, batch) for width, batch in shapes]


def _contest(width: int, batch: int) -> Contest:
    def settings(**more: Any) -> dict[str, Any]:
        return {"width": width, "batch": batch, "batches": 1, **more}

    sides = [
        subjects.ours(f"ours, {arithmetic}", f"{_HERE}:ours", settings(arithmetic=arithmetic, batches=batches))
        for arithmetic, batches in (("fast", 2 if width == 16 else 1), ("exact", 1))
    ]
    peers = [
        Side(name=f"{name} {version}", make=f"{_HERE}:{function}", settings=settings())
        for name, (package, function) in _LIBRARIES.items()
        if (version := subjects.versioned(package)) is not None
    ]
    peers.append(Side(name="plain loop of the release", make=f"{_HERE}:plain", settings=settings()))
    return Contest(
        row=f"PGD-10, ResNet-18 width {width}, batch {batch}",
        unit="images/s",
        ours=tuple(sides),
        peers=tuple(peers),
        note="" if width == 16 else "random weights, labels = own predictions",
    )


def problem(settings: dict[str, Any], place: int) -> tuple[nn.Module, Tensor, Tensor]:
    """Model, pictures and labels; the first batch of place 0 is everybody's first batch."""
    model = subjects.classifier(settings["width"])
    data = subjects.pictures_of("test", settings["batch"] * settings["batches"], seed=place)
    if settings["width"] == 16:
        return model, data.pictures, data.labels
    with torch.inference_mode():
        labels = torch.cat([model(as_images(part)).argmax(1) for part in data.pictures.split(32)])
    return model, data.pictures, labels.clone()


def ours(settings: dict[str, Any], place: int) -> Work:
    """The engine's PGD on a prepared copy."""
    how = subjects.execution(settings["arithmetic"])
    model, pictures, labels = problem(settings, place)
    bank, prepared = ImageBank(pictures, how), how.for_attack(model)
    pgd = Pgd(epsilon=EPSILON, step=STEP, steps=STEPS)

    def attack(part: slice) -> Tensor:
        return pgd(prepared, bank[part], labels[part], torch.Generator().manual_seed(0))

    return _work(model, settings, labels, attack)


def plain(settings: dict[str, Any], place: int) -> Work:
    """The plain loop."""
    model, pictures, labels = problem(settings, place)

    def attack(part: slice) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return plain_pgd(model, as_images(pictures[part]), labels[part], EPSILON, STEP, STEPS, generator)

    return _work(model, settings, labels, attack)


def torchattacks(settings: dict[str, Any], place: int) -> Work:
    """torchattacks.PGD."""
    from torchattacks import PGD

    model, pictures, labels = problem(settings, place)
    pgd = PGD(model, eps=EPSILON, alpha=STEP, steps=STEPS, random_start=True)
    return _work(model, settings, labels, lambda part: pgd(as_images(pictures[part]), labels[part]))


def foolbox(settings: dict[str, Any], place: int) -> Work:
    """foolbox.attacks.LinfPGD; ``run`` leaves out the clean pass that its call makes to tell who was fooled."""
    from foolbox import PyTorchModel
    from foolbox.attacks import LinfPGD
    from foolbox.criteria import Misclassification

    model, pictures, labels = problem(settings, place)
    wrapped = PyTorchModel(model, bounds=(0, 1))
    pgd = LinfPGD(abs_stepsize=STEP, steps=STEPS, random_start=True)

    def attack(part: slice) -> Tensor:
        found: Tensor = pgd.run(wrapped, as_images(pictures[part]), Misclassification(labels[part]), epsilon=EPSILON)
        return found

    return _work(model, settings, labels, attack)


def art(settings: dict[str, Any], place: int) -> Work:
    """ART's ProjectedGradientDescentPyTorch; it takes and gives NumPy arrays."""
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    model, pictures, labels = problem(settings, place)
    wrapped = PyTorchClassifier(
        model,
        loss=nn.CrossEntropyLoss(),
        input_shape=tuple(pictures.shape[1:]),
        nb_classes=model[1].layers[-1].out_features,
        clip_values=(0.0, 1.0),
    )
    pgd = ProjectedGradientDescentPyTorch(
        wrapped,
        norm=np.inf,
        eps=EPSILON,
        eps_step=STEP,
        max_iter=STEPS,
        num_random_init=1,
        batch_size=settings["batch"],
        verbose=False,
    )

    def attack(part: slice) -> Tensor:
        return torch.from_numpy(pgd.generate(x=as_images(pictures[part]).numpy(), y=labels[part].numpy()))

    return _work(model, settings, labels, attack)


def _work(model: nn.Module, settings: dict[str, Any], labels: Tensor, attack: Callable[[slice], Tensor]) -> Work:
    """Warm up on a few images; the work is all batches; the quality is that of the first one."""
    batch, found = settings["batch"], {}
    attack(slice(0, 8))

    def run() -> None:
        for number in range(settings["batches"]):
            found[number] = attack(slice(number * batch, (number + 1) * batch))

    return Work(timed(batch * settings["batches"], run), lambda: subjects.tell(model, found[0], labels[:batch]))
