"""The words of a report: verdict, threat model, warnings and limits, each drawn from the numbers. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from zepad_engine.adaptive_words import (
    adaptive_details,
    adaptive_gaps,
    adaptive_threats,
    attacked_words,
    percent,
    withheld,
)
from zepad_engine.averages import headline
from zepad_engine.evidence import AdaptiveFinding, Light, WorstCase
from zepad_engine.findings import AttackFinding, Average, Cell, DataFinding, Detection, Summary
from zepad_engine.plan import SAMPLE_PREFIX, AuditPlan, set_name

# Attacks that need nothing but what is public: the encoder, or a file somebody made.
_PUBLIC = {"victim", "auxiliary", "public_pair", "elsewhere"}
_AT_VICTIM = {"victim", "public_pair", "originals"}
_FEW = 100


class Tried(NamedTuple):
    """What was tried on the defended systems themselves, and the defences' names by identity."""

    adaptive: tuple[AdaptiveFinding, ...] = ()
    worst: tuple[WorstCase, ...] = ()
    lights: tuple[Light, ...] = ()
    names: Mapping[str, str] = {}


NOTHING_TRIED = Tried()


def summarise(
    plan: AuditPlan,
    averages: tuple[Average, ...],
    detection: tuple[Detection, ...],
    attacks: tuple[AttackFinding, ...],
    tried: Tried = NOTHING_TRIED,
) -> Summary:
    """Verdict and detail: the attack on the public encoder that costs it most, and the one that costs ZePAD most.

    A red light withholds the verdict; the figures stand in the detail all the same.
    """
    public = [attack.key for attack in attacks if attack.origin in _PUBLIC and not attack.is_control]
    worst = _strongest(public or [attack.key for attack in attacks], averages, "undefended")
    undefended = headline(averages, "undefended", worst)
    zepad = headline(averages, "zepad", worst)
    names = {attack.key: attack.name for attack in attacks}
    aimed = any(attack.key == worst and attack.origin == "victim" for attack in attacks)
    strongest = f"{names[worst]}, the strongest attack {'on the public encoder' if aimed else 'tried'}"
    details = _details(averages, worst, strongest, undefended, zepad)
    hardest = _strongest(list(names), averages, "zepad")
    if hardest != worst:
        details += _hardest_words(averages, hardest, names)
    details += [*_detector_words(worst, detection), *adaptive_details(tried.adaptive, tried.worst, tried.names)]
    return Summary(
        verdict=withheld(tried.lights, tried.names) or _verdict(plan, undefended, zepad, tried.worst),
        detail=" ".join(details),
        limits=limits_of(plan, attacks, tried.adaptive),
    )


def _strongest(attacks: list[str], averages: tuple[Average, ...], defence: str) -> str:
    return min(attacks, key=lambda attack: _ra(headline(averages, defence, attack), 1.0))


def _hardest_words(averages: tuple[Average, ...], attack: str, names: dict[str, str]) -> list[str]:
    zepad, clean = headline(averages, "zepad", attack), headline(averages, "clean_ensemble", attack)
    if not zepad or not zepad.ra:
        return []
    beside = f" (three clean encoders {percent(clean.ra)})" if clean and clean.ra else ""
    return [f"What costs ZePAD most is {names[attack]}: it keeps {percent(zepad.ra)}{beside}."]


def _ra(average: Average | None, otherwise: float) -> float:
    return average.ra.value if average and average.ra else otherwise


def _verdict(plan: AuditPlan, undefended: Average | None, zepad: Average | None, worst: tuple[WorstCase, ...]) -> str:
    """The one sentence every page, paper and window shows: what is lost, what ZePAD keeps, and once attacked itself."""
    if undefended is None or undefended.ba is None or undefended.ra is None:
        return "This plan has no undefended row, so it cannot say what the encoder loses."
    fall = f"One perturbation of {plan.epsilon_255:g}/255 takes this encoder from {100 * undefended.ba.value:.1f} to"
    if zepad is None or zepad.ra is None:
        return f"{fall} {percent(undefended.ra)}."
    won = zepad.ra.value > undefended.ra.value
    kept = f"ZePAD keeps {percent(zepad.ra)}" if won else f"ZePAD keeps no more, {percent(zepad.ra)}"
    return f"{fall} {100 * undefended.ra.value:.1f} %; {kept}{attacked_words(worst, zepad.ra)}."


def _details(
    averages: tuple[Average, ...],
    worst: str,
    strongest: str,
    undefended: Average | None,
    zepad: Average | None,
) -> list[str]:
    if undefended is None or undefended.ba is None or undefended.ra is None:
        return []
    count = len(undefended.tasks)
    plural = "task" if count == 1 else "tasks"
    kind = f"{plural} the defender did not tune on" if undefended.unseen else f"{plural} the defender tuned on"
    parts = [
        f"Mean over {count} {kind}, n = {undefended.ra.n:,} test images, 95 % intervals in brackets.",
        f"Under {strongest}: undefended {percent(undefended.ba)} clean, {percent(undefended.ra)} perturbed.",
    ]
    if zepad and zepad.ba and zepad.ra:
        parts.append(f"ZePAD {percent(zepad.ba)} clean, {percent(zepad.ra)} perturbed.")
    return parts + _controls(averages, worst)


def _controls(averages: tuple[Average, ...], worst: str) -> list[str]:
    named = {"clean_ensemble": "Three clean encoders alone keep", "random_encoder": "A network never trained keeps"}
    found = []
    for defence, words in named.items():
        average = headline(averages, defence, worst)
        if average and average.ra:
            found.append(f"{words} {percent(average.ra)}.")
    return found


def _detector_words(worst: str, detection: tuple[Detection, ...]) -> list[str]:
    rows = [row for row in detection if row.attack == worst]
    if not rows:
        return []
    works = [row.task for row in rows if row.auroc.low > 0.5]
    if not works:
        return [f"The detector is no better than chance on any of the {len(rows)} tasks."]
    spread = f"AUROC {min(row.auroc.value for row in rows):.2f} to {max(row.auroc.value for row in rows):.2f}"
    return [f"The detector is better than chance on {len(works)} of {len(rows)} tasks ({spread})."]


def points(difference: float) -> str:
    """A difference of rates in points, one decimal."""
    return f"{difference * 100:.1f} points"


def threat_model(
    plan: AuditPlan, attacks: tuple[AttackFinding, ...], adaptive: tuple[AdaptiveFinding, ...] = ()
) -> tuple[str, ...]:
    """Who attacks, with what, in plain sentences."""
    return (
        "Goal: untargeted. Any wrong answer counts as a success.",
        "Knowledge: the public encoder, weights included. Not the task, its data, the heads or the defended copies.",
        f"Data: up to {plan.surrogate_images:,} pictures of the attacker's own, without labels.",
        f"Power: one universal perturbation, L-inf at most {plan.epsilon_255:g}/255"
        f" ({plan.epsilon_255 / 255:.4f} of the pixel range), added to every image.",
        "Access: none to the defended system. The perturbation is crafted on encoders and transferred.",
        *_origin_sentence(attacks),
        *adaptive_threats(adaptive),
    )


def _origin_sentence(attacks: tuple[AttackFinding, ...]) -> list[str]:
    said = []
    if any(attack.origin in ("benign", "originals") for attack in attacks):
        said.append(
            "Beyond the paper: one attack also has the defender's benign encoder, as if that branch had leaked."
        )
    if imported := [attack.name for attack in attacks if attack.origin == "elsewhere"]:
        said.append(
            f"Made elsewhere and imported: {', '.join(imported)}. Against which encoder, from which pictures and with"
            " what knowledge is not known here; of the lines above only goal and power hold for it."
        )
    return said


def warnings_of(
    plan: AuditPlan,
    cells: tuple[Cell, ...],
    data: tuple[DataFinding, ...],
    attacks: tuple[AttackFinding, ...] = (),
) -> tuple[str, ...]:
    """What a reader must know before trusting a number."""
    found = []
    if plan.benign.source != "scratch":
        found.append(
            f"The benign branch was fine-tuned from the {plan.benign.source}: it shares that encoder's weaknesses,"
            " and an attack on it reaches this branch too."
        )
    small = sorted({cell.task for cell in cells if cell.ba is not None and cell.ba.n < _FEW})
    if small:
        found.append(f"Fewer than {_FEW} test images, indicative only: {', '.join(small)}.")
    for item in data:
        if item.shared_with:
            found.append(f"Test images of {item.key} also stand in the {' and the '.join(item.shared_with)}.")
    found += [*_the_same(attacks), *_no_better_than_noise(cells, attacks)]
    if all(task.startswith(SAMPLE_PREFIX) for task in plan.tasks):
        found.append("All tasks are bundled samples: small picture sets to try ZePAD on, not published benchmarks.")
    if any(set_name(task) == set_name(plan.local_set) for task in plan.tasks):
        found.append(
            f"The defender tuned on {set_name(plan.local_set)}; that task is left out of the headline averages."
        )
    if plan.mode == "official":
        found.append("Official mode repeats the faults of the released code; its numbers are for comparison only.")
    return tuple(found)


def _the_same(attacks: tuple[AttackFinding, ...]) -> list[str]:
    """Perturbations that came in twice: two imported files, or a file and an attack of this audit."""
    groups: dict[str, list[AttackFinding]] = {}
    for attack in attacks:
        groups.setdefault(attack.sha256, []).append(attack)
    return [
        f"The same perturbation, value for value, and so one attack: {', '.join(attack.name for attack in group)}."
        for group in groups.values()
        if len(group) > 1 and any(attack.origin == "elsewhere" for attack in group)
    ]


def _no_better_than_noise(cells: tuple[Cell, ...], attacks: tuple[AttackFinding, ...]) -> list[str]:
    """Attacks on the victim that found nothing random signs do not do: on no task is less accuracy left undefended."""
    left = {(cell.attack, cell.task): cell.ra.value for cell in cells if cell.defence == "undefended" and cell.ra}
    tasks = [task for attack, task in left if attack == "sign_noise"]
    aimed = [each for each in attacks if each.origin in _AT_VICTIM and each.norm == "linf" and not each.is_control]
    idle = [
        attack.name
        for attack in aimed
        if tasks and all(left.get((attack.key, task), 0.0) >= left["sign_noise", task] for task in tasks)
    ]
    where = "the task" if len(tasks) == 1 else f"any of the {len(tasks)} tasks"
    return [f"No better than random signs of the same size on {where}, undefended: {', '.join(idle)}."] if idle else []


def _budgets_shown(plan: AuditPlan) -> str:
    return "those of its curves" if plan.recrafting.budgets_255 else "the one above"


def not_shown(plan: AuditPlan, adaptive: tuple[AdaptiveFinding, ...] = ()) -> tuple[str, ...]:
    """What this audit cannot say, from what it left out."""
    return (
        *adaptive_gaps(adaptive),
        f"Other budgets than {_budgets_shown(plan)}, and changes that are no L-inf perturbation.",
        f"Variation between trainings: one seed ({plan.seed}); intervals cover the choice of test images only.",
    )


def limits_of(plan: AuditPlan, attacks: tuple[AttackFinding, ...], adaptive: tuple[AdaptiveFinding, ...] = ()) -> str:
    """One sentence for the first page."""
    itself = ", ".join(dict.fromkeys(found.name for found in adaptive))
    beside = f", and for those on the systems themselves ({itself})" if itself else ""
    names = ", ".join(attack.name for attack in attacks)
    imported = " or imported" if any(attack.origin == "elsewhere" for attack in attacks) else ""
    return (
        f"An upper bound: it holds for the attacks tried ({names}) at {plan.epsilon_255:g}/255,"
        f" crafted on encoders without the heads{imported}{beside}; it says nothing of stronger ones."
    )
