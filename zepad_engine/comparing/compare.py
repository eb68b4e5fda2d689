"""Two run folders in, a comparison out. Torch-free; neither folder is written to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from zepad_engine.comparing.difference import Audit
from zepad_engine.comparing.differences import WORST, differences_of
from zepad_engine.comparing.facts import costs_of, facts_of, side_of
from zepad_engine.comparing.matching import Match, match_images, same_tasks
from zepad_engine.comparing.plan_changes import plan_changes
from zepad_engine.comparing.significance import holm, mean_difference
from zepad_engine.comparing.unlike import unlike_places
from zepad_engine.comparison import (
    SCHEMA_VERSION,
    Comparison,
    Difference,
    MeanDifference,
    comparison_to_json,
)
from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.intervals import mean_of_rates
from zepad_engine.per_image import read_per_image
from zepad_engine.places import cache_folder
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes

_MOST_UNLIKE: Final = 40
_MOST_KEPT: Final = 20


def compare(first: Path, second: Path) -> Comparison:
    """Lay two finished audits side by side.

    Raises:
        BadInput: a folder holds no finished audit, its report cannot be read, or both are the same folder.
    """
    if first.resolve() == second.resolve():
        raise BadInput("An audit cannot be compared with itself.", "Choose two audits.")
    return lay_beside(*(Audit(folder, load_report(folder)) for folder in (first, second)))


def keep_comparison(first: Path, second: Path) -> Path:
    """Compare, and store what was found in the cache folder; gives back the file.

    Raises:
        BadInput: as `compare`. NoSpace: the disk refused the write.
    """
    found = comparison_to_json(compare(first, second))
    place = cache_folder() / "comparisons"
    path = place / f"{hashlib.sha256(found).hexdigest()[:16]}.json"
    write_bytes(path, found)
    for old in sorted(place.glob("*.json"), key=_age)[_MOST_KEPT:]:
        old.unlink(missing_ok=True)
    return path


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def lay_beside(first: Audit, second: Audit) -> Comparison:
    """The comparison of two audits that were read."""
    one, other = first.report, second.report
    names = _names(other) | _names(one)
    matches = [_match(first, second, pair) for pair in same_tasks(one, other).items()]
    found = [difference for match in matches for difference in differences_of(first, second, match)]
    differences = _corrected(found)
    unlike = list(unlike_places("", *(msgspec.to_builtins(report) for report in (one, other))))
    return Comparison(
        schema_version=SCHEMA_VERSION,
        first=side_of(one),
        second=side_of(other),
        sentence=_sentence(differences, equal=not unlike),
        plan=plan_changes(one.plan, other.plan, names),
        facts=facts_of(one, other),
        images=tuple(match.told for match in matches),
        differences=differences,
        means=tuple(_means((one, other), differences, {match.names[0]: match.names[1] for match in matches})),
        costs=costs_of(one, other),
        names=names,
        only_first=_only(one, other, names, {match.names[0]: match.names[1] for match in matches}),
        only_second=_only(other, one, names, {match.names[1]: match.names[0] for match in matches}),
        tests=sum(each.p is not None for each in differences),
        equal=not unlike,
        unlike=tuple(unlike[:_MOST_UNLIKE]),
        unlike_count=len(unlike),
    )


def _match(first: Audit, second: Audit, pair: tuple[str, str]) -> Match:
    answers = [
        read_per_image(RunFolder(audit.folder).per_image(task))
        for audit, task in zip((first, second), pair, strict=True)
    ]
    return match_images(pair, (answers[0], answers[1]))


def _names(report: AuditReport) -> dict[str, str]:
    names = {"none": "Clean images", WORST: "Worst of all, image by image"}
    names |= {found.key: found.name.partition(",")[0] for found in report.data}
    names |= {found.attack: found.name for found in report.adaptive}
    names |= {found.key: found.name for found in report.attacks}
    return names | {found.key: found.name for found in report.defences}


def _corrected(differences: list[Difference]) -> tuple[Difference, ...]:
    adjusted = iter(holm([each.p for each in differences if each.p is not None]))
    return tuple(each if each.p is None else msgspec.structs.replace(each, holm=next(adjusted)) for each in differences)


def _means(
    reports: tuple[AuditReport, AuditReport], differences: tuple[Difference, ...], tasks: dict[str, str]
) -> Iterator[MeanDifference]:
    """As the reports average: over the tasks both have, and over those of them that neither defender tuned on."""
    first, second = reports
    others = {(average.defence, average.attack, average.unseen): set(average.tasks) for average in second.averages}
    for average in first.averages:
        other = others.get((average.defence, average.attack, average.unseen), set())
        wanted = {task for task in average.tasks if tasks.get(task) in other}
        of = ("universal", average.defence, average.attack)
        parts = [each for each in differences if (each.about, each.defence, each.attack) == of and each.task in wanted]
        if parts:
            value, low, high = mean_difference([(each.difference, each.low, each.high) for each in parts])
            yield MeanDifference(
                attack=average.attack,
                defence=average.defence,
                tasks=tuple(each.task for each in parts),
                unseen=average.unseen,
                first=mean_of_rates([each.first for each in parts]),
                second=mean_of_rates([each.second for each in parts]),
                difference=value,
                low=low,
                high=high,
            )


def _only(report: AuditReport, other: AuditReport, names: dict[str, str], tasks: dict[str, str]) -> tuple[str, ...]:
    """Tasks, defences and attacks that the other audit has not, by name."""
    mine = [finding.key for finding in report.data if finding.role == "task" and finding.key not in tasks]
    known = {(cell.defence, cell.attack) for cell in other.cells} | {(f.defence, f.attack) for f in other.adaptive}
    defences, attacks = {defence for defence, _ in known}, {attack for _, attack in known}
    here = [(cell.defence, cell.attack) for cell in report.cells] + [(f.defence, f.attack) for f in report.adaptive]
    mine += [defence for defence, _ in here if defence not in defences]
    mine += [attack for _, attack in here if attack not in attacks]
    return tuple(names.get(key, key) for key in dict.fromkeys(mine))


def _sentence(differences: tuple[Difference, ...], *, equal: bool) -> str:
    if equal:
        return "Nothing differs between the two audits but times."
    tests = sum(each.p is not None for each in differences)
    if not tests:
        return "The two audits have no rate in common, so there is nothing to compare but their plans."
    out = [each for each in differences if each.stands_out]
    if not out:
        return (
            f"None of {tests:,} rates differs by more than chance explains; "
            "the intervals say how far they may be apart."
        )
    rose = sum(each.difference > 0 for each in out)
    word = "differs" if len(out) == 1 else "differ"
    return (
        f"{len(out):,} of {tests:,} rates {word} by more than chance explains: "
        f"{rose or 'none'} higher in the second audit, {len(out) - rose or 'none'} lower."
    )
