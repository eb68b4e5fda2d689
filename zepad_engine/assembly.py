"""From the outcomes of the jobs to the report: averages, verdict, warnings, and what was not shown. Torch-free."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, TypeVar

import msgspec

from zepad_engine import __version__
from zepad_engine.averages import averages_of
from zepad_engine.card import EncoderCard, card_of
from zepad_engine.correlations import correlations_of
from zepad_engine.evidence import (
    AdaptiveFinding,
    Attribution,
    DefenceFinding,
    FalseAlarm,
    FeatureShift,
    Light,
    Pair,
    Retrieval,
    Sweep,
    WorstCase,
)
from zepad_engine.findings import (
    SCHEMA_VERSION,
    AttackFinding,
    AuditReport,
    BranchFinding,
    Cell,
    DataFinding,
    Detection,
    Example,
    ExecutionFinding,
    Subject,
)
from zepad_engine.jobs.job import Outcome
from zepad_engine.plan import IMPORTED, SAMPLE_PREFIX, AuditPlan, Choice, without_folders
from zepad_engine.run_folder import RunFolder
from zepad_engine.trained import TuningFinding
from zepad_engine.verdict import Tried, not_shown, summarise, threat_model, warnings_of
from zepad_engine.versions import versions_of

_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "safetensors", "captum", "msgspec")

_EVIDENCE: Final[dict[str, type[msgspec.Struct]]] = {
    "defences": DefenceFinding,
    "adaptive": AdaptiveFinding,
    "worst": WorstCase,
    "pairs": Pair,
    "sweeps": Sweep,
    "shifts": FeatureShift,
    "retrieval": Retrieval,
    "false_alarms": FalseAlarm,
    "lights": Light,
    "attributions": Attribution,
}

T = TypeVar("T")


def assemble(
    plan: AuditPlan, run: RunFolder, outcomes: dict[str, Outcome], seconds: dict[str, float], workers: int
) -> AuditReport:
    """The report of a finished run; ``workers`` is how many processes worked on it."""
    cells = tuple(_gather(outcomes, "cells", Cell))
    averages = averages_of(cells, plan)
    detection = tuple(_gather(outcomes, "detection", Detection))
    attacks = tuple(_single(outcomes, "attack", AttackFinding))
    data = tuple(_gather(outcomes, "data", DataFinding))
    evidence = _evidence(outcomes)
    adaptive = evidence["adaptive"]
    names = {defence.key: defence.name for defence in evidence["defences"]}
    tried = Tried(adaptive, evidence["worst"], evidence["lights"], names)
    return AuditReport(
        schema_version=SCHEMA_VERSION,
        tool={"name": "ZePAD", "version": __version__},
        run=run.root.name,
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        summary=summarise(plan, averages, detection, attacks, tried),
        threat_model=threat_model(plan, attacks, adaptive),
        plan=_portable(plan),
        subject=_subject(_card(outcomes, "open_victim")),
        auxiliary=_card(outcomes, "open_auxiliary"),
        data=data,
        cells=cells,
        averages=averages,
        branches=tuple(_gather(outcomes, "branches", BranchFinding)),
        detection=detection,
        attacks=attacks,
        tuning=tuple(_single(outcomes, "tuning", TuningFinding)),
        examples=tuple(_gather(outcomes, "examples", Example)),
        warnings=warnings_of(plan, cells, data, attacks),
        not_shown=not_shown(plan, adaptive),
        timings=seconds,
        environment=_environment(),
        execution=_execution(outcomes, workers),
        correlations=correlations_of(evidence["shifts"]),
        **evidence,
    )


def _evidence(outcomes: dict[str, Outcome]) -> dict[str, tuple[Any, ...]]:
    """Everything of ``evidence.py`` by the report's field; what several jobs tell alike stands there once."""
    return {field: tuple(dict.fromkeys(_gather(outcomes, field, kind))) for field, kind in _EVIDENCE.items()}


def _gather(outcomes: dict[str, Outcome], field: str, kind: type[T]) -> list[T]:
    found: chain[Any] = chain.from_iterable(outcome.outcome.get(field, ()) for outcome in outcomes.values())
    return [msgspec.convert(item, kind) for item in found]


def _single(outcomes: dict[str, Outcome], field: str, kind: type[T]) -> list[T]:
    return [msgspec.convert(outcome.outcome[field], kind) for outcome in outcomes.values() if field in outcome.outcome]


def _card(outcomes: dict[str, Outcome], job: str) -> EncoderCard:
    return card_of(outcomes[job].outcome["card"])


def _subject(card: EncoderCard) -> Subject:
    return Subject(
        name=card.name,
        family=card.family,
        params=card.parameters,
        feature_dim=card.feature_dim,
        sha256=card.sha256,
        keys_ignored=card.keys_ignored,
        card=card,
    )


def _portable(plan: AuditPlan) -> AuditPlan:
    """The plan without folders of this machine: a report travels, a home path does not."""
    return msgspec.structs.replace(
        plan,
        encoder=_shown(plan.encoder),
        auxiliary=_shown(plan.auxiliary),
        local_set=_shown(plan.local_set),
        surrogate_set=_shown(plan.surrogate_set),
        tasks=tuple(_shown(task) for task in plan.tasks),
        attacks=tuple(_portable_choice(choice) for choice in plan.attacks),
    )


def _portable_choice(choice: Choice) -> Choice:
    if choice.key != IMPORTED:
        return choice
    return msgspec.structs.replace(choice, values={key: _shown(str(value)) for key, value in choice.values.items()})


def _shown(key: str) -> str:
    return key if key.startswith(SAMPLE_PREFIX) else without_folders(key)


def _execution(outcomes: dict[str, Outcome], workers: int) -> ExecutionFinding:
    notices = [notice for outcome in outcomes.values() for notice in outcome.outcome.get("notices", ())]
    told = {**outcomes["open_victim"].outcome["execution"], "workers": workers, "notices": sorted(set(notices))}
    return msgspec.convert(told, ExecutionFinding)


def _environment() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": str(os.cpu_count()),
        **versions_of(_PACKAGES),
    }
