"""Every rate that two audits both have of a task, and their difference. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.numpy import load

from zepad_engine.comparing.difference import Audit, Subject, best
from zepad_engine.comparing.matching import Match, common_rows, nearly_all
from zepad_engine.comparison import Difference
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport, Detection
from zepad_engine.metrics import Flags
from zepad_engine.per_image import PerImage

CLEAN: Final = "none"
WORST: Final = "worst"
# The detector is that of the plan's first ZePAD (jobs/evaluating.py).
_DETECTOR_OF: Final = "zepad"


def differences_of(first: Audit, second: Audit, match: Match) -> Iterator[Difference]:
    """All differences of one task: attacks on encoders, their worst case, attacks on the systems, the detector."""
    same = _same_perturbations(first.report, second.report)
    yield from _accuracies(first.report, second.report, match, same)
    yield from _worst_cases(first.report, second.report, match, same)
    yield from _on_systems(first, second, match)
    yield from _detections(first.report, second.report, match, same)


def _same_perturbations(first: AuditReport, second: AuditReport) -> set[str]:
    """Attacks whose perturbations are value for value the same; and no attack is the same as no attack."""
    known = {(attack.key, attack.sha256) for attack in second.attacks}
    return {CLEAN, *(attack.key for attack in first.attacks if (attack.key, attack.sha256) in known)}


def _accuracies(first: AuditReport, second: AuditReport, match: Match, same: set[str]) -> Iterator[Difference]:
    others = _accuracy_table(second, match.names[1])
    for (defence, attack), rate in _accuracy_table(first, match.names[0]).items():
        if (defence, attack) in others:
            subject = Subject(
                about="universal",
                measure="accuracy",
                task=match.names[0],
                attack=attack,
                defence=defence,
                same_attack=attack in same,
            )
            yield best(subject, (rate, others[defence, attack]), match.right(defence, [attack]))


def _accuracy_table(report: AuditReport, task: str) -> dict[tuple[str, str], Rate]:
    cells = [cell for cell in report.cells if cell.task == task]
    found = {(cell.defence, cell.attack): cell.ba if cell.attack == CLEAN else cell.ra for cell in cells}
    return {key: rate for key, rate in found.items() if rate is not None}


def _worst_cases(first: AuditReport, second: AuditReport, match: Match, same: set[str]) -> Iterator[Difference]:
    """Where both met the same attacks; over others a worst case is another thing."""
    one, other = (
        {case.defence: case for case in report.worst if (case.scope, case.task) == ("universal", task)}
        for report, task in zip((first, second), match.names, strict=True)
    )
    for defence, case in one.items():
        if defence in other and set(case.attacks) == set(other[defence].attacks):
            subject = Subject(
                about="worst",
                measure="accuracy",
                task=match.names[0],
                attack=WORST,
                defence=defence,
                same_attack=set(case.attacks) <= same,
            )
            right = match.right(defence, [CLEAN, *case.attacks])
            yield best(subject, (case.accuracy, other[defence].accuracy), right)


def _detections(first: AuditReport, second: AuditReport, match: Match, same: set[str]) -> Iterator[Difference]:
    one, other = (
        {found.attack: found for found in report.detection if found.task == task}
        for report, task in zip((first, second), match.names, strict=True)
    )
    shared = [attack for attack in one if attack in other]
    defences = (_detecting(first), _detecting(second))
    for attack in shared[:1]:
        # False alarms are those on clean images, whatever the attack.
        alarms = Subject(
            about="detection", measure="false alarms", task=match.names[0], attack=CLEAN, defence=defences[0]
        )
        rates = (one[attack].achieved_fpr, other[attack].achieved_fpr)
        yield best(alarms, rates, match.flagged(defences, CLEAN))
    for attack in shared:
        yield from _detection(one[attack], other[attack], match, defences, same_attack=attack in same)


def _detection(
    one: Detection, other: Detection, match: Match, defences: tuple[str, str], *, same_attack: bool
) -> Iterator[Difference]:
    subject = Subject(
        about="detection",
        measure="detected",
        task=match.names[0],
        attack=one.attack,
        defence=defences[0],
        same_attack=same_attack,
    )
    yield best(subject, (one.tpr, other.tpr), match.flagged(defences, one.attack))
    yield best(replace(subject, measure="AUROC"), (one.auroc, other.auroc), None)


def _detecting(report: AuditReport) -> str:
    return next((choice.identity for choice in report.plan.defences if choice.key == _DETECTOR_OF), "")


def _on_systems(first: Audit, second: Audit, match: Match) -> Iterator[Difference]:
    others = {(f.attack, f.defence): f for f in second.report.adaptive if f.task == match.names[1]}
    for found in first.report.adaptive:
        other = others.get((found.attack, found.defence))
        if found.task != match.names[0] or other is None:
            continue
        subject = Subject(
            about="adaptive",
            measure="accuracy",
            task=found.task,
            attack=found.attack,
            defence=found.defence,
            same_attack=(found.recipe, found.epsilon_255) == (other.recipe, other.epsilon_255),
        )
        places = (
            audit.folder / "adaptive" / task / found.defence / f"{found.attack}.safetensors"
            for audit, task in zip((first, second), match.names, strict=True)
        )
        stored = [_struck(path, kept) for path, kept in zip(places, match.answers, strict=True)]
        yield best(subject, (found.accuracy, other.accuracy), _joined(stored))


def _struck(path: Path, kept: PerImage | None) -> tuple[list[bytes], Flags] | None:
    """The images an attack on a system was tried on, and which are answered rightly under it."""
    try:
        stored = load(path.read_bytes())
        return ([kept.images[row] for row in stored["rows"]], stored["wrong"] == 0) if kept is not None else None
    except (OSError, SafetensorError, KeyError, IndexError):
        return None


def _joined(stored: list[tuple[list[bytes], Flags] | None]) -> tuple[Flags, Flags] | None:
    one, other = stored
    if one is None or other is None:
        return None
    rows = common_rows(one[0], other[0])
    return (one[1][rows[0]], other[1][rows[1]]) if nearly_all(rows, one[0], other[0]) else None
