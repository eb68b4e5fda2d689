"""The stages of the audit in plain loops: craft, tune, train the benign branch, fit heads and answer, evaluate."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.bench.release_style.loops import (
    plain_adv_encoder_step,
    plain_classifier_step,
    plain_head,
    plain_l4a_step,
    plain_outputs,
    plain_pgd,
    plain_tuning_losses,
    plain_tuning_step,
)
from tests.bench.release_style.settings import Settings
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.registry import build_defence
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.evaluation.accuracy import branches_of, cells_of
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN, Answers
from zepad_engine.evaluation.detection import detections_of
from zepad_engine.findings import Cell, Detection
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_set import as_images
from zepad_engine.training.head import Head

_CROP_PADDING = 4
_WEIGHING_BATCHES = 2
_WARM_EPOCHS = 10
_BENIGN_DECAY = 1e-4


@dataclass(frozen=True, slots=True)
class Drawn:
    """uint8 pictures (N, 3, H, W), labels (N,) and the number of classes."""

    pictures: Tensor
    labels: Tensor
    classes: int


def draw(settings: Settings, key: str, size: int, split: str, count: int, seed: int) -> Drawn:
    """At most ``count`` pictures of a split."""
    images = open_set(key, size, settings.plan.seed)
    index = images.indices(split)
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(seed))
    chosen = index[order[:count]].sort().values
    return Drawn(images.pictures[chosen], images.labels[chosen], len(images.classes))


def draw_surrogate(settings: Settings, size: int) -> Tensor:
    """The attacker's images, float in [0, 1]."""
    plan = settings.plan
    images = open_set(plan.surrogate_set, size, plan.seed)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(plan.seed))
    return as_images(images.pictures[order[: plan.surrogate_images].sort().values])


def epoch_batches(data: Drawn, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch of images and labels; a last batch of one image is left out."""
    for index in torch.randperm(len(data.labels), generator=generator).split(batch):
        if len(index) > 1:
            yield as_images(data.pictures[index]), data.labels[index]


def whole_batches(count: int, batch: int, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """``steps`` whole index batches, a new order each epoch."""
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(count, generator=generator)
        yield order[:batch]
        order = order[batch:]


def craft(settings: Settings, attack: str, encoder: Encoder, surrogate: Tensor) -> Tensor:
    """One universal perturbation (3, H, W)."""
    epsilon = settings.plan.epsilon_255 / 255
    generator = torch.Generator().manual_seed(settings.seed("craft", attack))
    if attack == "sign_noise":
        return (torch.randint(0, 2, surrogate.shape[1:], generator=generator) * 2 - 1) * epsilon
    make = _craft_l4a if attack == "l4a_base" else _craft_adv_encoder
    return make(settings, encoder.eval(), surrogate, epsilon, generator)


def _craft_adv_encoder(
    settings: Settings, encoder: Encoder, surrogate: Tensor, epsilon: float, generator: torch.Generator
) -> Tensor:
    how = settings.craft
    encoder.requires_grad_(False)
    net = PerturbationGenerator(surrogate.shape[-1], how.adv_latents, how.adv_divisor, generator)
    latents = torch.randn(how.adv_latents, 100, 1, 1, generator=generator)
    optimiser = torch.optim.Adam(net.parameters(), lr=how.adv_rate, betas=(0.5, 0.999))
    crafted = torch.zeros(surrogate.shape[1:])
    for index in whole_batches(len(surrogate), how.adv_batch, how.adv_steps, generator):
        crafted, _ = plain_adv_encoder_step(encoder, net, latents, optimiser, surrogate[index], epsilon)
    return crafted


def _craft_l4a(
    settings: Settings, encoder: Encoder, surrogate: Tensor, epsilon: float, generator: torch.Generator
) -> Tensor:
    how = settings.craft
    encoder.requires_grad_(True)
    delta = (torch.rand(surrogate.shape[1:], generator=generator) * 2 - 1) * epsilon
    for index in whole_batches(len(surrogate), how.l4a_batch, how.l4a_steps, generator):
        delta = plain_l4a_step(encoder, delta, surrogate[index], epsilon, how.l4a_step_size, how.l4a_stage)
    encoder.zero_grad()
    return delta


def fit_head(
    encoder: Encoder, data: Drawn, epochs: int, batch: int, settings: Settings, seed: int, *, dropout: float
) -> Head:
    """A standardised head, as the quick preset has it, fitted with the images going through the encoder each epoch."""
    plan = settings.plan.heads
    torch.manual_seed(seed)
    head = Head(encoder.card.feature_dim, data.classes, dropout)
    head.standardise(plain_outputs(encoder, data.pictures))
    generator = torch.Generator().manual_seed(seed)
    return plain_head(
        encoder,
        head,
        data.pictures,
        data.labels,
        epochs,
        batch,
        rate=plan.rate,
        weight_decay=plan.weight_decay,
        decay=plan.decay,
        generator=generator,
    )


class Tuning:
    """Adversarial fine-tuning of one encoder; the reference's features are computed anew at each step."""

    def __init__(self, settings: Settings, reference: Encoder, train: Drawn, seed: int) -> None:
        self.plan, self.train, self.reference = settings.plan.tuning, train, reference
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.head = fit_head(reference, train, _WARM_EPOCHS, self.plan.batch, settings, seed, dropout=0.2)
        self.encoder = copy.deepcopy(reference).requires_grad_(True)
        self.budget = (self.plan.epsilon_255 / 255, self.plan.step_255 / 255, self.plan.steps)

    def run(self, validation: Drawn) -> Encoder:
        """All epochs; the one with the best PGD accuracy on the validation images is kept."""
        plan, weight = self.plan, self._weight()
        optimiser = torch.optim.Adam(
            [
                {"params": self.encoder.parameters(), "lr": plan.encoder_rate},
                {"params": self.head.parameters(), "lr": plan.head_rate},
            ],
            weight_decay=plan.weight_decay,
        )
        steps = sum(1 for _ in torch.arange(len(self.train.labels)).split(plan.batch))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs * steps)
        best, best_state = -1.0, self.encoder.state_dict()
        for _ in range(plan.epochs):
            for images, labels in epoch_batches(self.train, plan.batch, self.generator):
                self._step(optimiser, images, labels, weight)
                schedule.step()
            robust = self._robust_accuracy(validation)
            if robust >= best:
                best, best_state = robust, copy.deepcopy(self.encoder.state_dict())
        self.encoder.load_state_dict(best_state)
        self.encoder.zero_grad()
        return self.encoder.eval()

    def _step(self, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor, weight: float) -> None:
        epsilon, step, steps = self.budget
        plain_tuning_step(
            self.encoder,
            self.head,
            self.reference,
            optimiser,
            images,
            labels,
            weight=weight,
            epsilon=epsilon,
            step=step,
            steps=steps,
            generator=self.generator,
        )

    def _weight(self) -> float:
        """Lambda such that lambda * GR starts at ``weight`` times CE."""
        before = copy.deepcopy(self.encoder.state_dict())
        probe = torch.Generator().manual_seed(self.generator.initial_seed() + 1)
        model = nn.Sequential(self.encoder, self.head)
        ce_sum = gr_sum = 0.0
        for count, (images, labels) in enumerate(epoch_batches(self.train, self.plan.batch, probe)):
            if count == _WEIGHING_BATCHES:
                break
            adversarial = plain_pgd(model.eval(), images, labels, *self.budget, self.generator)
            ce, gr = plain_tuning_losses(self.encoder, self.head, self.reference, images, labels, adversarial)
            ce_sum, gr_sum = ce_sum + ce.item(), gr_sum + gr.item()
        self.encoder.load_state_dict(before)
        return self.plan.weight * ce_sum / max(gr_sum, 1e-9)

    def _robust_accuracy(self, data: Drawn) -> float:
        generator = torch.Generator().manual_seed(0)
        model = nn.Sequential(self.encoder, self.head).eval()
        clean = robust = 0
        for pictures, labels in zip(
            data.pictures.split(self.plan.batch), data.labels.split(self.plan.batch), strict=True
        ):
            images = as_images(pictures)
            adversarial = plain_pgd(model, images, labels, *self.budget, generator)
            with torch.no_grad():
                clean += int((model(images).argmax(1) == labels).sum())
                robust += int((model(adversarial).argmax(1) == labels).sum())
        return robust / len(data.labels)


def train_benign(settings: Settings, origin: Encoder, train: Drawn, validation: Drawn) -> Encoder:
    """The benign branch from random weights, on random crops; scored after each epoch, the last one kept."""
    plan, seed = settings.plan.benign, settings.seed("benign")
    torch.manual_seed(seed)
    encoder = random_like(origin, seed).requires_grad_(True)
    model = nn.Sequential(encoder, nn.Linear(origin.card.feature_dim, train.classes))
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=plan.rate, weight_decay=_BENIGN_DECAY)
    steps = sum(1 for _ in torch.arange(len(train.labels)).split(plan.batch))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs * steps)
    for _ in range(plan.epochs):
        model.train()
        for images, labels in epoch_batches(train, plan.batch, generator):
            plain_classifier_step(model, optimiser, shifted(images, generator), labels)
            schedule.step()
        plain_outputs(model, validation.pictures).argmax(1)
    encoder.zero_grad()
    return encoder.eval()


def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image moved by up to four pixels, edges repeated."""
    side = images.shape[-1]
    padded = functional.pad(images, (_CROP_PADDING,) * 4, mode="replicate")
    tops, lefts = torch.randint(0, 2 * _CROP_PADDING + 1, (2, len(images)), generator=generator).tolist()
    crops = zip(padded, tops, lefts, strict=True)
    return torch.stack([one[:, top : top + side, left : left + side] for one, top, left in crops])


def answer(
    settings: Settings, encoder: Encoder, branch: str, task: str, perturbations: dict[str, Tensor]
) -> dict[str, Tensor]:
    """A head for one branch and task, and its logits on every condition."""
    plan, size = settings.plan.heads, next(iter(perturbations.values())).shape[-1]
    seeds = {split: settings.seed("task", task, split) for split in ("train", "calibration", "test")}
    train = draw(settings, task, size, "train", plan.train_images, seeds["train"])
    calibration = draw(settings, task, size, "calibration", plan.test_images, seeds["calibration"])
    test = draw(settings, task, size, "test", plan.test_images, seeds["test"])
    seed = settings.seed("head", task, branch)
    head = fit_head(encoder, train, plan.epochs, plan.batch, settings, seed, dropout=plan.dropout)
    model = nn.Sequential(encoder, head)
    logits = {CALIBRATION: plain_outputs(model, calibration.pictures), CLEAN: plain_outputs(model, test.pictures)}
    for attack, perturbation in perturbations.items():
        logits[attack] = plain_outputs(model, test.pictures, perturbation)
    return logits


def evaluate(settings: Settings, answers: Answers) -> tuple[list[Cell], list[Detection]]:
    """Cells and detection of one task, of the defences whose branches have answered."""
    plan, attacks = settings.plan, list(settings.craft.attacks)
    defences = {choice.identity: build_defence(choice) for choice in plan.defences}
    known = [
        answers.fitted(identity, defence)
        for identity, defence in defences.items()
        if set(defence.branches) <= set(answers.logits)
    ]
    cells = [cell for fitted in known for cell in cells_of(answers, fitted, attacks, plan.epsilon_255)]
    for fitted in known:
        branches_of(answers, fitted, attacks)
    zepads = [fitted for fitted in known if isinstance(fitted.defence, Zepad)]
    return cells, [found for fitted in zepads for found in detections_of(answers, attacks, fitted, plan.detector)]


def plain_rates(cells: list[Cell]) -> list[dict[str, object]]:
    """BA and RA of each cell as plain numbers, beside names, to be laid against the engine's report."""
    wanted = ("defence", "attack", "task", "ba", "ra")
    rows = msgspec.to_builtins(cells)
    return [{name: row[name]["value"] if isinstance(row[name], dict) else row[name] for name in wanted} for row in rows]
