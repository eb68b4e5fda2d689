"""How long an audit will take on this machine: measured costs times the plan's counts, or the last run's own time."""

from __future__ import annotations

from typing import Final

from zepad_engine.catalogue import Entry
from zepad_engine.plan import AuditPlan

# Measured on the reference machine, one worker of one torch thread.
_TUNED_IMAGES_PER_SECOND: Final = 90.0
_TUNING_STEPS: Final = 10
_BENIGN_IMAGES_PER_SECOND: Final = 830.0
_FEATURES_PER_SECOND: Final = 1500.0
_ENCODERS: Final = 6
_CALIBRATION_IMAGES: Final = 500
_TEST_PASSES: Final = 4
_CRAFTING_SECONDS: Final = 25.0


def estimate_seconds(plan: AuditPlan, attacks: tuple[Entry, ...], speed: float, workers: int) -> float:
    """Wall seconds of a plan; jobs share ``workers`` processes, but none is faster than its own length."""
    jobs = [*_tuning_jobs(plan), *_crafting_jobs(plan, attacks), *_task_jobs(plan)]
    hands = max(workers, 1)
    wall = max(sum(jobs) / hands, max(jobs, default=0.0))
    return wall / max(speed, 0.01)


def _tuning_jobs(plan: AuditPlan) -> list[float]:
    tuning, benign = plan.tuning, plan.benign
    per_encoder = tuning.images * tuning.epochs / _TUNED_IMAGES_PER_SECOND * tuning.steps / _TUNING_STEPS
    return [per_encoder, per_encoder, benign.images * benign.epochs / _BENIGN_IMAGES_PER_SECOND]


def _crafting_jobs(plan: AuditPlan, attacks: tuple[Entry, ...]) -> list[float]:
    # An attack without fields has nothing to optimise: it is drawn in no time.
    crafted = {entry.key for entry in attacks if entry.fields}
    return [_CRAFTING_SECONDS for choice in plan.attacks if choice.key in crafted]


def _task_jobs(plan: AuditPlan) -> list[float]:
    images = plan.heads.train_images + _CALIBRATION_IMAGES + _TEST_PASSES * plan.heads.test_images
    return [_ENCODERS * images / _FEATURES_PER_SECOND for _ in plan.tasks]


def in_words(seconds: float) -> str:
    """A duration as one would say it: "about 4 minutes"."""
    if seconds < 90:
        return "about a minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} minutes"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    if hours < 24:
        hour = "1 hour" if hours == 1 else f"{hours} hours"
        return f"about {hour} {rest} minutes" if rest and hours < 6 else f"about {hour}"
    days = round(hours / 24)
    return "about a day" if days == 1 else f"about {days} days"


def clock(seconds: float) -> str:
    """A measured duration, short: "38 s", "1 min 12 s", "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
