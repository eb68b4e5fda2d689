"""How long an audit will take on this machine: measured costs times the plan's counts, or the last run's own time."""

from __future__ import annotations

from zepad_engine.catalogue import Catalogue
from zepad_engine.costs import audit_seconds
from zepad_engine.plan import AuditPlan


def estimate_seconds(plan: AuditPlan, catalogue: Catalogue, speed: float, workers: int, factor: float = 1.0) -> float:
    """Wall seconds of a plan with ``workers`` processes, each ``speed`` times as fast as the reference machine's.

    ``factor`` says how much dearer its nets are than the bundled one (``costs.net_factor``).
    """
    return audit_seconds(plan, catalogue, workers, factor) / max(speed, 0.01)


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
