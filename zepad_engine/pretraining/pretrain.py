"""Pre-train an encoder: resumable after each epoch, the same weights for the same plan."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from zepad_engine.encoders.encoder import Encoder, with_card
from zepad_engine.encoders.resnet import random_resnet
from zepad_engine.errors import BadInput, EngineTrouble
from zepad_engine.images.image_set import ImageSet, as_images
from zepad_engine.pretraining.checkpoint import Stand, read_checkpoint, seeded, write_checkpoint
from zepad_engine.pretraining.network import Network
from zepad_engine.pretraining.plan import PretrainPlan
from zepad_engine.progress import Progress


@dataclass(slots=True, kw_only=True)
class _Training:
    """What one training holds in memory."""

    plan: PretrainPlan
    network: Network
    optimiser: AdamW
    pictures: Tensor
    labels: Tensor | None
    state_file: Path
    stand: Stand

    @property
    def steps_per_epoch(self) -> int:
        return len(self.pictures) // self.plan.batch


def state_path(out: Path, name: str) -> Path:
    """Where the state of the training ``name`` lies in the folder ``out``."""
    return out / f"{name}.training.safetensors"


def pretrain(
    plan: PretrainPlan,
    images: ImageSet,
    progress: Progress,
    out: Path,
    *,
    split: str = "all",
    resume: bool = False,
    stop_after: int | None = None,
) -> Encoder:
    """Train an encoder on a split of ``images`` and give it back on the CPU in evaluation mode, its card filled in.

    After every epoch the whole state is stored in ``out``; with ``resume`` the training goes on from there and ends
    in the same weights as if it had never stopped. ``stop_after`` ends it after that many epochs of the plan.

    Raises:
        BadPlan: the plan does not fit the images, or the stored state belongs to another plan.
        BadInput: ``resume`` was asked for and there is no state, or the state is damaged.
        EngineTrouble: the loss stopped being a number.
        NoSpace: the state could not be written; the one before is whole.
        Cancelled: the user asked to stop; the last whole epoch is stored.
    """
    torch.set_num_threads(plan.threads)
    plan.validate(len(images.indices(split)), labelled=images.labels is not None)
    training = _begin(plan, images, split, out)
    if resume:
        _resume(training)
    last = plan.epochs if stop_after is None else min(stop_after, plan.epochs)
    for epoch in range(training.stand.epochs_done, last):
        _run_epoch(training, epoch, progress)
    return _finish(training)


def _begin(plan: PretrainPlan, images: ImageSet, split: str, out: Path) -> _Training:
    indices = images.indices(split)
    encoder = random_resnet(plan.card(images.size), plan.seed)
    method = plan.method
    network = Network(
        encoder,
        hidden=method.hidden,
        outputs=method.outputs,
        momentum_copy=method.momentum_copy,
        seed=plan.seed,
    ).to(plan.device)
    pictures = images.pictures[indices]
    labels = images.labels[indices] if images.labels is not None else None
    digest = ImageSet(name="train", pictures=pictures, labels=labels).sha256()
    stand = Stand(recipe=plan.recipe(), data_sha256=digest, epochs_done=0, losses=(), seconds=0.0)
    return _Training(
        plan=plan,
        network=network.to(memory_format=torch.channels_last),
        optimiser=_optimiser(network, plan),
        pictures=pictures,
        labels=labels,
        state_file=state_path(out, plan.name),
        stand=stand,
    )


def _optimiser(network: nn.Module, plan: PretrainPlan) -> AdamW:
    moving = [parameter for parameter in network.parameters() if parameter.requires_grad]
    kernels = [parameter for parameter in moving if parameter.ndim > 1]
    others = [parameter for parameter in moving if parameter.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": plan.decay}, {"params": others, "weight_decay": 0.0}]
    return AdamW(groups, lr=plan.lr)


def _resume(training: _Training) -> None:
    if not training.state_file.exists():
        raise BadInput(f"There is no state {training.state_file.name} to resume from.", "Start without resuming.")
    training.stand = read_checkpoint(
        training.state_file,
        training.network,
        training.optimiser,
        recipe=training.stand.recipe,
        data_sha256=training.stand.data_sha256,
    )


def learning_rate(plan: PretrainPlan, share: float) -> float:
    """The learning rate when ``share`` (0 to 1) of all steps is behind us: a linear warm-up, then a cosine to 0."""
    if share < plan.warmup:
        return plan.lr * max(share, 1e-3) / plan.warmup
    return plan.lr * (1.0 + math.cos(math.pi * (share - plan.warmup) / (1.0 - plan.warmup))) / 2.0


def _run_epoch(training: _Training, epoch: int, progress: Progress) -> None:
    started = time.monotonic()
    plan, steps = training.plan, training.steps_per_epoch
    training.network.train()
    total = 0.0
    for index, (views, labels) in enumerate(_batches(training, epoch)):
        share = (epoch * steps + index) / (plan.epochs * steps)
        progress.advance(share, f"epoch {epoch + 1} of {plan.epochs}")
        total += _step(training, views, labels, share)
        progress.measure(f"pretrain/{plan.method.key}", epoch * steps + index, total / (index + 1))
    if not math.isfinite(total):
        raise EngineTrouble("The loss stopped being a number.", "Lower the learning rate and start again.")
    training.stand = msgspec.structs.replace(
        training.stand,
        epochs_done=epoch + 1,
        losses=(*training.stand.losses, total / steps),
        seconds=training.stand.seconds + time.monotonic() - started,
    )
    write_checkpoint(training.state_file, training.network, training.optimiser, training.stand)
    progress.measure("pretrain/epoch_loss", epoch + 1, total / steps)


def _batches(training: _Training, epoch: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Views (2B, 3, H, W) in [0, 1] and labels (B,) of each batch of an epoch, decided by seed and epoch alone."""
    plan = training.plan
    generator = seeded(plan.seed, epoch)
    order = torch.randperm(len(training.pictures), generator=generator)
    for index in range(training.steps_per_epoch):
        chosen = order[index * plan.batch : (index + 1) * plan.batch]
        images = as_images(training.pictures[chosen].to(plan.device))
        views = torch.cat([plan.augmentation(images, generator), plan.augmentation(images, generator)])
        labels = None if training.labels is None else training.labels[chosen].to(plan.device)
        yield views.contiguous(memory_format=torch.channels_last), labels


def _step(training: _Training, views: Tensor, labels: Tensor | None, share: float) -> float:
    plan = training.plan
    for group in training.optimiser.param_groups:
        group["lr"] = learning_rate(plan, share)
    with torch.autocast(torch.device(plan.device).type, torch.bfloat16, enabled=plan.precision == "bf16"):
        loss = plan.method.loss(training.network, views, labels)
    training.optimiser.zero_grad()
    torch.autograd.backward(loss)
    training.optimiser.step()
    plan.method.after_step(training.network, share)
    return float(loss.detach())


def _finish(training: _Training) -> Encoder:
    plan, stand = training.plan, training.stand
    encoder = training.network.encoder.to("cpu").to(memory_format=torch.contiguous_format).eval()
    card = msgspec.structs.replace(
        encoder.card,
        method=plan.method.title,
        data=plan.data,
        licence=plan.licence,
        epochs=stand.epochs_done,
        seed=plan.seed,
        minutes=round(stand.seconds / 60.0, 1),
    )
    return with_card(encoder, card)
