"""Row 2: one step of adversarial fine-tuning, PGD-10 + CE + genetic regularisation, from one start for everyone."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import torch

from tests.bench import subjects
from tests.bench.contest import Contest, Side
from tests.bench.contestant import Work
from tests.bench.release_style.loops import plain_tuning_step
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import OfficialSwitches, Tuning
from zepad_engine.progress import Progress
from zepad_engine.training.adversarial import AdversarialTuning
from zepad_engine.training.features import training_features
from zepad_engine.training.head import Head

# About what ``share`` chose on the sample (ARCHITECTURE.md, decision 7).
WEIGHT = 60.0
_HERE = "tests.bench.row_tuning"
_WHOLE = Tuning()


@dataclass(frozen=True)
class Start:
    """Where tuning begins: an encoder, a head that fits it, and the local images of one measured round."""

    encoder: Encoder
    head: Head
    data: subjects.Drawn
    batch: int
    seed: int = 0

    @property
    def plan(self) -> Tuning:
        """The default plan, learning rates held constant."""
        return Tuning(
            images=len(self.data.labels),
            batch=self.batch,
            schedule="exponential",
            decay=1.0,
            regularisation="fixed",
            weight=WEIGHT,
            warm_start=False,
        )


class OurSteps:
    """The engine's own epoch over the start's images; each call goes on where the last one ended."""

    def __init__(self, start: Start, how: Execution) -> None:
        local = start.data.bank(how)
        self.tuning = AdversarialTuning(start.encoder, local, start.plan, OfficialSwitches(), start.seed, how)
        self.tuning.head.load_state_dict(start.head.state_dict())
        self._optimiser = _adam(self.tuning.encoder, self.tuning.head)
        self._schedule = self.tuning._schedule(self._optimiser)
        torch.manual_seed(start.seed)

    def __call__(self) -> tuple[float, float]:
        """CE and regularisation, means over the steps."""
        return self.tuning._epoch(1, self._optimiser, self._schedule, Progress.silent())


class PlainSteps:
    """The same steps in the plain loop."""

    def __init__(self, start: Start) -> None:
        self.start, self.encoder, self.head = start, _own(start.encoder), _own(start.head)
        self._generator = torch.Generator().manual_seed(start.seed)
        self._optimiser = _adam(self.encoder, self.head)
        self._reference = start.encoder
        torch.manual_seed(start.seed)

    def __call__(self) -> tuple[float, float]:
        """CE and regularisation, means over the steps."""
        plan, data = self.start.plan, self.start.data
        losses = [
            plain_tuning_step(
                self.encoder,
                self.head,
                self._reference,
                self._optimiser,
                as_images(data.pictures[index]),
                data.labels[index],
                weight=WEIGHT,
                epsilon=plan.epsilon_255 / 255,
                step=plan.step_255 / 255,
                steps=plan.steps,
                generator=self._generator,
            )
            for index in torch.randperm(len(data.labels), generator=self._generator).split(self.start.batch)
        ]
        ce, gr = torch.tensor(losses, dtype=torch.float64).mean(dim=0).tolist()
        return ce, gr


def contests(*, small: bool) -> list[Contest]:
    """Width 16 at the plan's batch, width 64 at batch 32."""
    shapes = ((16, 16, 1),) if small else ((16, 64, 3), (64, 32, 1))
    return [_contest(*shape) for shape in shapes]


def _contest(width: int, batch: int, steps: int) -> Contest:
    settings = {"width": width, "batch": batch, "steps": steps}
    return Contest(
        row=f"Adversarial fine-tuning step, ResNet-18 width {width}, batch {batch}",
        unit="images/s",
        ours=tuple(
            subjects.ours(f"ours, {arithmetic}", f"{_HERE}:ours", {**settings, "arithmetic": arithmetic})
            for arithmetic in ("fast", "exact")
        ),
        peers=(Side(name="plain loop of the release", make=f"{_HERE}:plain", settings=settings),),
        note=f"the same steps of one run in every contestant, {steps} a round; ours is charged with the features of "
        f"the reference, shared by the {_WHOLE.epochs} epochs of a plan; CE and GR are means over the whole run",
    )


def beginning(settings: dict[str, Any], place: int) -> Start:
    """The start of a process; place 0 has the plain loop's own images."""
    encoder, head = subjects.classifier(settings["width"])
    data = subjects.pictures_of("train", settings["batch"] * settings["steps"], seed=place)
    return Start(encoder, head, data, settings["batch"])


def ours(settings: dict[str, Any], place: int) -> Work:
    """The engine's step."""
    how, start = subjects.execution(settings["arithmetic"]), beginning(settings, place)
    begun = time.perf_counter()
    training_features(start.encoder, start.data.bank(how).images)
    charge = (time.perf_counter() - begun) / _WHOLE.epochs
    return _work(OurSteps(start, how), len(start.data.labels), charge)


def plain(settings: dict[str, Any], place: int) -> Work:
    """The plain step."""
    start = beginning(settings, place)
    return _work(PlainSteps(start), len(start.data.labels), 0.0)


def _work(steps: OurSteps | PlainSteps, images: int, charge: float) -> Work:
    losses: list[tuple[float, float]] = []

    def run() -> tuple[float, float]:
        started = time.perf_counter()
        losses.append(steps())
        return images, time.perf_counter() - started + charge

    def quality() -> dict[str, float]:
        ce, gr = torch.tensor(losses, dtype=torch.float64).mean(dim=0).tolist()
        return {"CE": ce, "GR": gr}

    run()
    return Work(run, quality)


def _own(module: Any) -> Any:
    return copy.deepcopy(module).requires_grad_(True)


def _adam(encoder: Encoder, head: Head) -> torch.optim.Optimizer:
    groups = [
        {"params": encoder.parameters(), "lr": _WHOLE.encoder_rate},
        {"params": head.parameters(), "lr": _WHOLE.head_rate},
    ]
    return torch.optim.Adam(groups, weight_decay=_WHOLE.weight_decay)
