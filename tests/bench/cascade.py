"""Ten attacks on a defended system of a finished audit, one after another, each on the images that still resist."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor

from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.registry import build_system_attack
from zepad_engine.catalogue import FieldValue
from zepad_engine.evaluation.answers import CLEAN
from zepad_engine.evidence import Light
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import attacked_rows, target_of
from zepad_engine.metrics import Flags
from zepad_engine.plan import AuditPlan, Choice, set_name
from zepad_engine.progress import Progress
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes
from zepad_engine.trust.ladder import measure
from zepad_engine.trust.lights import lights_of

_STEPS: Final[dict[str, FieldValue]] = {"steps": 50, "restarts": 1}
# One perturbation for all images: as dear as the rest together and much weaker, so only where it is asked for.
UNIVERSAL: Final = Choice(key="universal_fused", values={"steps": 100, "restarts": 1})
# Attacks on the answer first; the last of them also on every image that is fooled, but flagged.
ON_THE_ANSWER: Final = (
    Choice(key="apgd_ce", values=_STEPS),
    Choice(key="apgd_dlr", values=_STEPS),
    Choice(key="confidence_aware", values=_STEPS),
    Choice(key="evading", values={"steps": 25, "restarts": 5}),
)
# Then those that need no gradient of the answer: they find what a fusion only hides.
DETOURS: Final = (
    Choice(key="around_fusion", name="mean-logits", values={"through": "mean_logits", **_STEPS}),
    Choice(key="around_fusion", name="every-branch", values={"through": "every_branch", **_STEPS}),
    Choice(key="benign_alone", values=_STEPS),
    Choice(key="square", values={"queries": 300, "restarts": 1}),
    Choice(key="transfer", values=_STEPS),
)
# What the standard preset spends on an image, on those that stood all of the above.
_HARDER: Final[dict[str, FieldValue]] = {"steps": 100, "restarts": 5}
HARDER: Final = (
    Choice(key="apgd_ce", values=_HARDER),
    Choice(key="around_fusion", name="mean-logits", values={"through": "mean_logits", **_HARDER}),
)
_CHECKED_IMAGES: Final = 50


class Fallen(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each image, in the order of the attacked rows.

    Attributes:
        right: answered rightly without attack and under every attack.
        unseen: answered wrongly and not flagged under at least one of them.
        before_detours: share right before the attacks that need no gradient of the answer, 0 to 1.
        took: how many images each attack made wrong that had been right until then; "clean" first.
        lights: the trust lights, where they were asked for.
        harder: images still right after ``HARDER``; None where that was not run.
    """

    right: list[bool]
    unseen: list[bool]
    before_detours: float
    took: dict[str, int]
    lights: list[Light]
    harder: int | None = None


def kept(run: RunFolder, task: str, defence: str) -> Fallen | None:
    """What stands in the run's folder of an earlier cascade."""
    file = _file(run, task, defence)
    return msgspec.json.decode(file.read_bytes(), type=Fallen) if file.exists() else None


def _file(run: RunFolder, task: str, defence: str) -> Path:
    return run.root / "cascade" / f"{task}_{defence}.json"


def cascade(folder: Path, plan: AuditPlan, task: str, defence: str, images: int, *, thorough: bool) -> None:
    """Attack one defence of a finished audit on ``images`` test images of a task, and keep the outcome; done once.

    ``thorough`` adds the trust lights and the universal attack.
    """
    run = RunFolder(folder)
    if kept(run, set_name(task), defence):
        return
    context = _context(folder, plan)
    running = how(context)
    seed = context.seed("cascade", task)
    running.begin(seed)
    target = target_of(context, task, defence, attacked_rows(context, task, images), running)
    lights = _lights(target, plan.epsilon_255 / 255, seed) if thorough else []
    answer = (*ON_THE_ANSWER, UNIVERSAL) if thorough else ON_THE_ANSWER
    fallen = _struck(target, plan.epsilon_255 / 255, seed, (answer, DETOURS), lights)
    write_bytes(_file(run, set_name(task), defence), msgspec.json.format(msgspec.json.encode(fallen)))


def harden(folder: Path, plan: AuditPlan, task: str, defence: str) -> None:
    """Attack once more, with more steps and starts, what stood an earlier cascade; done once."""
    run, name = RunFolder(folder), set_name(task)
    before = kept(run, name, defence)
    if before is None or before.harder is not None:
        return
    context = _context(folder, plan)
    running = how(context)
    seed = context.seed("harden", task)
    running.begin(seed)
    rows = attacked_rows(context, task, len(before.right))[torch.tensor(before.right)]
    right = len(rows)
    if right:
        target = target_of(context, task, defence, rows, running)
        right = sum(_struck(target, plan.epsilon_255 / 255, seed, (HARDER, ()), []).right)
    after = msgspec.structs.replace(before, harder=right)
    write_bytes(_file(run, name, defence), msgspec.json.format(msgspec.json.encode(after)))


def right_when_clean(folder: Path, plan: AuditPlan, task: str, defence: str) -> Flags:
    """Which of all test images of a task the defence answers rightly without attack, (N,)."""
    system = plan_defences(plan)[defence]
    answers = load_answers(_context(folder, plan), task, system.branches)
    right: Flags = (answers.predictions(answers.fitted(defence, system), CLEAN) == answers.labels).numpy()
    return right


def _context(folder: Path, plan: AuditPlan) -> Context:
    return Context(Order(job=Job(key="cascade", kind="cascade"), plan=plan, folder=str(folder)), io.BytesIO())


def _lights(target: Target, epsilon: float, seed: int) -> list[Light]:
    few = replace(target, images=target.images[:_CHECKED_IMAGES], labels=target.labels[:_CHECKED_IMAGES])
    return list(lights_of(measure(few, epsilon, seed, Progress.silent())))


def _struck(
    target: Target,
    epsilon: float,
    seed: int,
    attacks: tuple[tuple[Choice, ...], tuple[Choice, ...]],
    lights: list[Light],
) -> Fallen:
    """``attacks`` are those on the answer, then the detours."""
    wrong, flagged = target.verdicts(target.images, target.labels)
    unseen, took = wrong & ~flagged, {"clean": int(wrong.sum())}

    def strike(choices: Iterable[Choice]) -> None:
        for choice in choices:
            attack = build_system_attack(choice)
            rows = (~(unseen if attack.evades else wrong)).nonzero().flatten()
            before = int(wrong.sum())
            if len(rows):
                few = replace(target, images=target.images[rows], labels=target.labels[rows])
                moved = attack(few, epsilon, seed=seed, progress=Progress.silent()).images
                now, alarm = few.verdicts(moved.to(few.images), few.labels)
                wrong[rows] |= now
                unseen[rows] |= now & ~alarm
            took[choice.identity] = int(wrong.sum()) - before

    strike(attacks[0])
    before_detours = _right(wrong)
    strike(attacks[1])
    return Fallen(
        right=(~wrong).tolist(), unseen=unseen.tolist(), before_detours=before_detours, took=took, lights=lights
    )


def _right(wrong: Tensor) -> float:
    return 1 - float(wrong.to(torch.float64).mean())
