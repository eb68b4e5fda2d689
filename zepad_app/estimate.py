"""How long an audit will take on this machine: the plan's counts times costs, corrected by what the last audit took."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from zepad_engine.catalogue import Catalogue
from zepad_engine.costs import audit_seconds, stage_costs
from zepad_engine.messages import Ready
from zepad_engine.plan import SAMPLE_PREFIX, AuditPlan

# A stage that took this many times more or less than told says nothing of the next one.
_MOST: Final = 8.0


class PastAudit(msgspec.Struct, frozen=True, kw_only=True):
    """A finished audit of this machine: its plan, and its seconds by stage, summed over jobs; ``wall`` by the clock."""

    plan: AuditPlan
    timings: dict[str, float]
    changed: float = 0.0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, and whether a past audit of this machine corrected them."""

    seconds: float
    calibrated: bool = False


def estimate_of(plan: AuditPlan, ready: Ready, past: PastAudit | None = None, factor: float | None = None) -> Estimate:
    """What a plan will take; ``factor`` is ``costs.net_factor`` of its encoder, None while that is not known."""
    workers = plan.workers or ready.workers
    if past is not None and _comparable(plan, past):
        seconds = _calibrated(plan, ready.catalogue, workers, past)
        if seconds is not None:
            return Estimate(seconds=seconds, calibrated=True)
    return Estimate(seconds=estimate_seconds(plan, ready.catalogue, ready.speed, workers, factor or 1.0))


def estimate_seconds(plan: AuditPlan, catalogue: Catalogue, speed: float, workers: int, factor: float = 1.0) -> float:
    """Wall seconds of a plan with ``workers`` processes, each ``speed`` times as fast as the reference machine's.

    ``factor`` says how much dearer its nets are than the bundled one (``costs.net_factor``).
    """
    return audit_seconds(plan, catalogue, workers, factor) / max(speed, 0.01)


def _comparable(plan: AuditPlan, past: PastAudit) -> bool:
    """Whether both audits run the same nets in the same arithmetic: the bundled encoders are all alike."""
    bundled = plan.encoder.startswith(SAMPLE_PREFIX) and past.plan.encoder.startswith(SAMPLE_PREFIX)
    same = (plan.arithmetic, plan.device) == (past.plan.arithmetic, past.plan.device)
    return same and (bundled or plan.encoder == past.plan.encoder)


def _calibrated(plan: AuditPlan, catalogue: Catalogue, workers: int, past: PastAudit) -> float | None:
    """The past audit's wall time, times the ratio of the work; None where it was resumed and its clock is not whole."""
    told = {stage: sum(jobs) for stage, jobs in stage_costs(past.plan, catalogue).items()}
    took = {stage: past.timings.get(stage, 0.0) for stage in told}
    wall = past.timings.get("wall", 0.0)
    known = [stage for stage in told if told[stage] > 0 and took[stage] > 0]
    before = past.plan.workers or workers
    if not known or wall < sum(took.values()) / before / 2:
        return None
    usual = sum(took[stage] for stage in known) / sum(told[stage] for stage in known)
    times = {stage: _within(took[stage] / told[stage], usual) if stage in known else usual for stage in told}

    def work(of: AuditPlan, processes: int) -> float:
        jobs = [times[stage] * seconds for stage, each in stage_costs(of, catalogue).items() for seconds in each]
        return max(sum(jobs) / processes, *jobs)

    return wall * work(plan, workers) / work(past.plan, before)


def _within(value: float, usual: float) -> float:
    return min(max(value, usual / _MOST), usual * _MOST)


def day_in_words(seconds: float) -> str:
    """The day of a moment in seconds since 1970: "today", or "on 27 November"."""
    moment = datetime.fromtimestamp(seconds).astimezone()
    return "today" if moment.date() == datetime.now().astimezone().date() else f"on {moment.day} {moment:%B}"


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
