"""Adversarial fine-tuning of one encoder: the loop every method shares, and ZePAD's own loss (paper Eqs. 3-6)."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.optimisers import Adam
from zepad_engine.objectives import genetic_regularisation
from zepad_engine.plan import OfficialSwitches, Tuning
from zepad_engine.progress import Progress
from zepad_engine.trained import EpochRow
from zepad_engine.training.features import training_features
from zepad_engine.training.gradients import gradient_norm
from zepad_engine.training.head import Head, temporary_head
from zepad_engine.training.labelled import Labelled
from zepad_engine.training.pgd import Pgd
from zepad_engine.training.validation import validate

_WEIGHING_BATCHES = 2


@dataclass(frozen=True, slots=True)
class Tuned:
    """A tuned encoder in eval mode, its epochs, the lambda used, and the epoch that was kept (from 1)."""

    encoder: Encoder
    epochs: tuple[EpochRow, ...]
    weight: float
    selected: int


class TuningLoop(ABC):
    """One tuning run: holds the moving model and the random draws. A method is its loss.

    The total is ``cross-entropy + weight * regularisation``, whatever a method means by the two; a subclass sets
    ``weight``.
    """

    weight: float = 0.0

    def __init__(self, encoder: Encoder, train: Labelled, plan: Tuning, seed: int, how: Execution) -> None:
        self.plan, self.train, self.how = plan, train, how
        self.generator = torch.Generator().manual_seed(seed)
        self.reference = train.images.place(training_features(encoder, train.images))
        self.encoder = copy.deepcopy(encoder)
        self.head = self._first_head(seed)
        self.model = how.for_training(nn.Sequential(self.encoder, self.head))
        self.pgd = tuning_attack(plan)

    def _first_head(self, seed: int) -> Head:
        if self.plan.warm_start:
            return temporary_head(self.reference, self.train.labels, self.train.classes, self.plan.batch, seed)
        torch.manual_seed(seed)
        return Head(self.reference.shape[1], self.train.classes)

    @abstractmethod
    def losses(self, index: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The two parts of the loss on one batch, scalars; leaves the model in train mode.

        ``index`` (B,) says which of the training images (B, 3, H, W) these are.
        """

    def run(self, validation: Labelled, progress: Progress) -> Tuned:
        """All epochs; keeps the epoch with the best PGD accuracy on the validation split.

        Raises:
            BadInput: a loss became infinite or not a number. Cancelled: within one step.
        """
        optimiser = Adam(
            [
                {"params": self.encoder.parameters(), "lr": self.plan.encoder_rate},
                {"params": self.head.parameters(), "lr": self.plan.head_rate},
            ],
            weight_decay=self.plan.weight_decay,
        )
        schedule = self._schedule(optimiser)
        rows: list[EpochRow] = []
        best: dict[str, Tensor] = {}
        best_robust, selected = -1.0, 0
        for epoch, span in progress.split(range(1, self.plan.epochs + 1)):
            losses = self._epoch(epoch, optimiser, schedule, span)
            clean, robust = validate(self.encoder, self.head, validation, self.pgd, self.plan.batch, self.how)
            rows.append(self._row(epoch, losses, clean, robust))
            for name in ("clean_accuracy", "pgd_accuracy"):
                span.measure(name, epoch * self.train.steps(self.plan.batch), getattr(rows[-1], name))
            if robust >= best_robust:
                best_robust, selected = robust, epoch
                best = copy.deepcopy(self.encoder.state_dict())
        self.encoder.load_state_dict(best)
        self.how.after_training(self.encoder)
        return Tuned(self.encoder, tuple(rows), self.weight, selected)

    def _schedule(self, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
        steps = self.train.steps(self.plan.batch)
        if self.plan.schedule == "cosine":
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.plan.epochs * steps)
        return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: self.plan.decay ** (step // steps))

    def _epoch(
        self,
        epoch: int,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        progress: Progress,
    ) -> tuple[float, float]:
        steps = self.train.steps(self.plan.batch)
        total_ce = total_added = 0.0
        for step, (index, images, labels) in enumerate(self.train.batches(self.plan.batch, self.generator)):
            progress.advance(step / steps, f"epoch {epoch} of {self.plan.epochs}")
            optimiser.zero_grad(set_to_none=True)
            ce, added = self.losses(index, images, labels)
            total = ce + self.weight * added
            total.backward()
            at = (epoch - 1) * steps + step
            progress.measure("gradient_norm", at, gradient_norm(self.encoder))
            optimiser.step()
            schedule.step()
            self._report(progress, at, float(ce.detach()), float(added.detach()))
            total_ce += float(ce.detach()) / steps
            total_added += float(added.detach()) / steps
        return total_ce, total_added

    def _row(self, epoch: int, losses: tuple[float, float], clean: float, robust: float) -> EpochRow:
        ce, added = losses
        return EpochRow(
            epoch=epoch,
            cross_entropy=ce,
            regularisation=self.weight * added,
            total=ce + self.weight * added,
            clean_accuracy=clean,
            pgd_accuracy=robust,
        )

    def _report(self, progress: Progress, step: int, ce: float, added: float) -> None:
        total = ce + self.weight * added
        if total != total or total in {float("inf"), float("-inf")}:
            raise BadInput(
                "The tuning loss is no longer a number.",
                "Lower the encoder's learning rate in the plan and start again.",
            )
        progress.measure("cross_entropy", step, ce)
        progress.measure("regularisation", step, self.weight * added)
        progress.measure("total", step, total)


class AdversarialTuning(TuningLoop):
    """MPAE: CE on PGD images + lambda * genetic regularisation against the frozen reference."""

    def __init__(
        self,
        encoder: Encoder,
        train: Labelled,
        plan: Tuning,
        switches: OfficialSwitches,
        seed: int,
        how: Execution,
    ) -> None:
        super().__init__(encoder, train, plan, seed, how)
        self.switches = switches
        self.weight = plan.weight

    def run(self, validation: Labelled, progress: Progress) -> Tuned:
        """Weigh the regularisation, where it is given as a share; then as every method."""
        if self.plan.regularisation == "share":
            self.weight = self._weight_by_share()
        return super().run(validation, progress)

    def losses(self, index: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """CE on PGD images, and the genetic regularisation."""
        adversarial = self._attack(images, labels)
        self.model.train()
        moved = self.encoder(adversarial)
        logits = self.head(moved)
        ce = functional.cross_entropy(logits, labels)
        return ce, self._regularisation(index, images, labels, moved, logits)

    def _attack(self, images: Tensor, labels: Tensor) -> Tensor:
        leave = self.switches.pgd_leaves_gradients
        model = self.model.eval() if leave else self.how.for_attack(self.model)
        target: Encoder = model[0]  # type: ignore[index]
        mean, std = target.mean.clone(), target.std.clone()
        if self.switches.pgd_unnormalised:
            target.mean.zero_()
            target.std.fill_(1.0)
        adversarial = self.pgd(model, images, labels, self.generator, leave_gradients=leave)
        target.mean.copy_(mean)
        target.std.copy_(std)
        return adversarial.detach()

    def _regularisation(self, index: Tensor, images: Tensor, labels: Tensor, moved: Tensor, logits: Tensor) -> Tensor:
        reference = self.encoder(images) if self.switches.gr_moving_reference else self.reference[index]
        ours, target = moved, reference
        blend: Tensor | None = None
        if self.switches.gr_on_logits:
            ours, target = logits, self.head(reference)
            blend = functional.cross_entropy(target, labels, reduction="none")
        if not self.switches.gr_moving_reference:
            target = target.detach()
            blend = blend.detach() if blend is not None else None
        if self.switches.gr_swapped:
            ours, target = target, ours
        return genetic_regularisation(ours, target, labels, blend)

    def _weight_by_share(self) -> float:
        """Lambda such that lambda * GR is ``plan.weight`` times CE on the first batches, before any step."""
        ce_sum = gr_sum = 0.0
        probe = torch.Generator().manual_seed(self.generator.initial_seed() + 1)
        before = copy.deepcopy(self.encoder.state_dict())
        for count, (index, images, labels) in enumerate(self.train.batches(self.plan.batch, probe)):
            if count == _WEIGHING_BATCHES:
                break
            ce, gr = self.losses(index, images, labels)
            ce_sum, gr_sum = ce_sum + float(ce.detach()), gr_sum + float(gr.detach())
        # Weighing ran in train mode: put the batch-norm statistics back.
        self.encoder.load_state_dict(before)
        return self.plan.weight * ce_sum / max(gr_sum, 1e-9)


def tuning_attack(plan: Tuning) -> Pgd:
    """The PGD every method trains and is validated with."""
    return Pgd(
        epsilon=plan.epsilon_255 / 255,
        step=plan.step_255 / 255,
        steps=plan.steps,
        random_start=plan.random_start,
    )
