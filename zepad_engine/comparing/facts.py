"""What is told of two audits beside their rates: weights, data, perturbations, machine, training, time. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zepad_engine.comparison import WHOLE, Cost, Fact, Side
from zepad_engine.findings import AuditReport
from zepad_engine.shown_names import shown_name
from zepad_engine.trained import TuningFinding

_NONE: Final = "–"
_DIGITS: Final = 12


def side_of(report: AuditReport) -> Side:
    """An audit as the head of a comparison shows it."""
    return Side(
        run=report.run,
        encoder=shown_name(report.subject.name),
        verdict=report.summary.verdict,
        preset=report.plan.preset,
        seed=report.plan.seed,
        epsilon_255=report.plan.epsilon_255,
        created_utc=report.created_utc,
        version=report.tool.get("version", ""),
        thumbnail=next((attack.preview for attack in report.attacks if attack.preview), ""),
    )


def facts_of(first: AuditReport, second: AuditReport) -> tuple[Fact, ...]:
    """Everything told of either, group by group."""
    found: list[Fact] = []
    for group, tell in (
        ("Encoders", _encoders),
        ("Data", _data),
        ("Perturbations", _perturbations),
        ("Training", _training),
        ("Machine", _machine),
    ):
        one, other = dict(tell(first)), dict(tell(second))
        for name in dict.fromkeys((*one, *other)):
            before, after = one.get(name, (_NONE, "")), other.get(name, (_NONE, ""))
            found.append(Fact(group=group, name=name, first=before[0], second=after[0], same=before == after))
    return tuple(found)


def costs_of(first: AuditReport, second: AuditReport) -> tuple[Cost, ...]:
    """Seconds of each stage and of each training, the whole first."""
    one, other = dict(_seconds(first)), dict(_seconds(second))
    return tuple(Cost(name=name, first=one.get(name), second=other.get(name)) for name in dict.fromkeys((*one, *other)))


Told = Iterator[tuple[str, tuple[str, str]]]


def _encoders(report: AuditReport) -> Told:
    """Name and (what is shown, what decides whether it is the same)."""
    for name, card in (("Encoder under audit", report.subject.card), ("Auxiliary encoder", report.auxiliary)):
        yield name, (f"{shown_name(card.name)}, {_digest(card.sha256)}", card.sha256)
        reading = (card.mean, card.std, card.input_size, card.architecture)
        yield f"{name}, as read", (f"{card.input_size} px, mean {_triple(card.mean)}", repr(reading))


def _data(report: AuditReport) -> Told:
    for found in report.data:
        name = f"{found.name.partition(',')[0]} ({found.role})"
        total = sum(found.counts.values())
        yield name, (f"{total:,} pictures, {_digest(found.sha256)}", found.sha256)


def _perturbations(report: AuditReport) -> Told:
    for attack in report.attacks:
        yield attack.name, (f"at most {attack.linf_255:.3g}/255, {_digest(attack.sha256)}", attack.sha256)


def _training(report: AuditReport) -> Told:
    for found in report.tuning:
        yield _words(found.branch), (_trained(found), repr((found.recipe, found.weight, found.epochs)))


def _trained(found: TuningFinding) -> str:
    chosen = next((row for row in found.epochs if row.epoch == found.selected_epoch), None)
    if chosen is None:
        return f"epoch {found.selected_epoch}"
    pgd = "" if chosen.pgd_accuracy is None else f", {100 * chosen.pgd_accuracy:.1f} % under PGD"
    return f"epoch {chosen.epoch}: {100 * chosen.clean_accuracy:.1f} % clean{pgd} (n = {found.validation_n:,})"


def _machine(report: AuditReport) -> Told:
    yield "ZePAD", (report.tool.get("version", _NONE),) * 2
    ran = report.execution
    if ran is not None:
        for name in ("device", "arithmetic", "crafting", "training", "scoring", "batch", "workers", "threads"):
            yield _words(name), (str(getattr(ran, name)),) * 2
    for name, version in report.environment.items():
        yield _words(name), (version,) * 2


def _seconds(report: AuditReport) -> Iterator[tuple[str, float]]:
    if "wall" in report.timings:
        yield WHOLE, report.timings["wall"]
    for stage, seconds in report.timings.items():
        if stage != "wall":
            yield f"Stage: {stage}", seconds
    for found in report.tuning:
        yield f"Training: {_words(found.branch).lower()}", found.seconds
    for attack in report.attacks:
        yield f"Crafting: {attack.name}", attack.seconds


def _digest(sha256: str) -> str:
    return f"sha256 {sha256[:_DIGITS]}…" if sha256 else "no digest"


def _triple(values: tuple[float, float, float]) -> str:
    return " ".join(f"{value:.3g}" for value in values)


def _words(key: str) -> str:
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]
