"""Tables of a study in Markdown, each figure the mean over seeds with its range, n beside it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport
from zepad_engine.study.published import ABLATION, MAIN, RIVALS

Reports: TypeAlias = Mapping[str, AuditReport]

_HOW_TO_READ = (
    "Percent. Where several audits stand behind a figure: their mean, and the range in brackets. Where it is one: its "
    "95 % interval in square brackets. Means are over the tasks the defender did not tune on. RA and ASR are under "
    "AdvEncoder-PER unless another attack is named."
)
# What tells files of the same name apart.
_DIGEST = re.compile(r"-[0-9a-f]{6}$")
_MAIN_ATTACK = "advencoder_per"
_WEIGHED_DEFENCES = ("undefended", "zepad_no_bmp", "zepad")
_MAIN_DEFENCES = ("undefended", "random_encoder", "clean_ensemble", "gen_af", "zepad")


def study_tables(reports: Reports) -> str:
    """Every table, headed; ``reports`` are keyed victim-mode-seed, and -lambda where that is not the preset's."""
    plain = {name: report for name, report in reports.items() if not _swept(name)}
    parts: list[tuple[str, list[str]]] = [("What was run", _runs(reports))]
    for mode in dict.fromkeys(_part(name, 1) for name in reports):
        chosen = {name: report for name, report in plain.items() if _part(name, 1) == mode}
        parts += [
            (f"Main table, {mode}", main_table(chosen)),
            (f"Ablation, {mode}", ablation_table(chosen)),
            (f"Rival defences, {mode}", rival_table(chosen)),
            (f"Universal attacks, {mode}", attack_table(chosen)),
            (f"Attacks on the defended systems, {mode}", adaptive_table(chosen)),
            (f"Weight of the regulariser, {mode}", weight_table(reports, mode)),
        ]
    tables = (f"### {title}\n\n" + "\n".join(lines) for title, lines in parts if lines)
    return "\n\n".join((_HOW_TO_READ, *tables)) + "\n"


def main_table(reports: Reports) -> list[str]:
    """Victims x tasks: BA / RA / ASR under AdvEncoder-PER, and the paper's printed averages below."""
    defences = _present(reports, _MAIN_DEFENCES)
    lines = _head("victim, task", *(f"{name} BA / RA / ASR" for name in defences), "n")
    for victim in dict.fromkeys(_part(name, 0) for name in reports):
        mine = _of(reports, victim)
        for task in dict.fromkeys(cell.task for report in mine for cell in report.cells):
            figures = [_three(mine, defence, _MAIN_ATTACK, task) for defence in defences]
            lines.append(_row(f"{victim}, {_DIGEST.sub('', task)}", *figures, _count(mine, task)))
    for setting, metric, undefended, zepad in MAIN:
        printed = {"undefended": f"{undefended}", "zepad": f"{zepad}"}
        cells = [printed.get(defence, "") for defence in defences]
        lines.append(_row(f"*paper: {setting}, {metric}*", *cells, ""))
    return lines


def ablation_table(reports: Reports) -> list[str]:
    """The paper's ablation rows beside the mean over our victims and unseen tasks."""
    lines = _head("tuning", "MPAE", "BMP", "here", "BA", "RA", "ASR", "paper BA / RA / ASR (DINO, ANIMALS10)")
    run = _present(reports, [part[-1] for part in ABLATION])
    for tuned, mpae, bmp, ba, ra, asr, defence in (part for part in ABLATION if part[-1] in run):
        figures = [_average(reports.values(), defence, rate) for rate in ("ba", "ra", "asr")]
        lines.append(_row(tuned, mpae, bmp, defence, *figures, f"{ba} / {ra} / {asr}"))
    return lines


def rival_table(reports: Reports) -> list[str]:
    """Defences of one encoder beside ZePAD: means over our victims and unseen tasks, and what the paper prints."""
    lines = _head("defence", "BA", "RA", "paper BA / RA (SimCLR, ImageNet to STL10)")
    run = _present(reports, [defence for defence, _, _ in RIVALS])
    for defence, ba, ra in (rival for rival in RIVALS if rival[0] in run):
        figures = [_average(reports.values(), defence, rate) for rate in ("ba", "ra")]
        lines.append(_row(defence, *figures, f"{ba} / {ra}"))
    return lines


def attack_table(reports: Reports) -> list[str]:
    """RA of the main defences under every universal attack, means over victims and unseen tasks."""
    defences = _present(reports, (*_MAIN_DEFENCES, "tuned_ensemble", "mean_fusion"))
    lines = _head("attack", *defences)
    names = {attack.key: attack.name for report in reports.values() for attack in report.attacks}
    for key, name in names.items():
        lines.append(_row(name, *(_average(reports.values(), defence, "ra", key) for defence in defences)))
    return lines


def adaptive_table(reports: Reports) -> list[str]:
    """Accuracy under each attack on the system, means over victims and attacked tasks; and the worst per image."""
    found = [item for report in reports.values() for item in report.adaptive]
    if not found:
        return []
    defences = tuple(dict.fromkeys(item.defence for item in found))
    lines = _head("attack on the system", *(f"{defence} accuracy (unseen wrong)" for defence in defences), "n")
    for attack in dict.fromkeys(item.attack for item in found):
        mine = [item for item in found if item.attack == attack]
        figures = []
        for defence in defences:
            accuracy = _spread([item.accuracy for item in mine if item.defence == defence])
            evaded = [item.evaded for item in mine if item.defence == defence and item.evaded is not None]
            figures.append(f"{accuracy} ({_spread(evaded)})" if evaded else accuracy)
        lines.append(_row(mine[0].name, *figures, str(mine[0].n)))
    cases = [case for report in reports.values() for case in report.worst if case.scope == "all"]
    worst = [_spread([case.accuracy for case in cases if case.defence == defence]) for defence in defences]
    lines.append(_row("**worst of all per image**", *worst, ""))
    return lines


def weight_table(reports: Reports, mode: str) -> list[str]:
    """BA and RA by the tuning's lambda, over the victims and seeds that were run with more than one."""
    swept = {_subject(name) for name in reports if _swept(name) and _part(name, 1) == mode}
    mine = [report for name, report in reports.items() if _subject(name) in swept]
    if not mine:
        return []
    lines = _head("lambda", *(f"{defence} BA / RA" for defence in _WEIGHED_DEFENCES), "audits")
    for weight in sorted({report.plan.tuning.weight for report in mine}):
        chosen = [report for report in mine if report.plan.tuning.weight == weight]
        figures = [
            f"{_average(chosen, defence, 'ba')} / {_average(chosen, defence, 'ra')}" for defence in _WEIGHED_DEFENCES
        ]
        lines.append(_row(f"{weight:g}", *figures, str(len(chosen))))
    return lines


def _swept(name: str) -> bool:
    return name.count("-") > 2


def _subject(name: str) -> str:
    """Victim, mode and seed."""
    return "-".join(name.split("-")[:3])


def _runs(reports: Reports) -> list[str]:
    lines = _head("audit", "tasks", "preset", "device", "wall minutes", "red lights")
    for name, report in reports.items():
        device = report.execution.device if report.execution else ""
        red = ", ".join(f"{light.defence}: {light.name}" for light in report.lights if light.colour == "red")
        red = red or ("none" if report.lights else "not checked")
        minutes = f"{report.timings.get('wall', 0.0) / 60:.0f}"
        lines.append(_row(name, str(len(report.plan.tasks)), report.plan.preset, device, minutes, red))
    return lines


def _three(reports: list[AuditReport], defence: str, attack: str, task: str) -> str:
    found = [
        cell
        for report in reports
        for cell in report.cells
        if (cell.defence, cell.attack, cell.task) == (defence, attack, task)
    ]
    return " / ".join(_spread(_values(found, rate)) for rate in ("ba", "ra", "asr"))


def _average(reports: Iterable[AuditReport], defence: str, rate: str, attack: str = _MAIN_ATTACK) -> str:
    found = [
        average
        for report in reports
        for average in report.averages
        if (average.defence, average.attack, average.unseen) == (defence, attack, True)
    ]
    return _spread(_values(found, rate))


def _values(found: Iterable[object], rate: str) -> list[Rate]:
    rates: list[Rate | None] = [getattr(item, rate) for item in found]
    return [each for each in rates if each is not None]


def _spread(rates: Sequence[Rate]) -> str:
    """Mean in percent with the range of several rates in brackets, of one its 95 % interval in square brackets."""
    if not rates:
        return "–"
    values = [100 * rate.value for rate in rates]
    if len(rates) == 1:
        return f"{values[0]:.1f} [{100 * rates[0].low:.1f}–{100 * rates[0].high:.1f}]"
    return f"{sum(values) / len(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def _present(reports: Reports, defences: Iterable[str]) -> tuple[str, ...]:
    """Those of the defences that any of the audits had."""
    run = {cell.defence for report in reports.values() for cell in report.cells}
    return tuple(defence for defence in defences if defence in run)


def _count(reports: list[AuditReport], task: str) -> str:
    counts = {cell.ba.n for report in reports for cell in report.cells if cell.task == task and cell.ba}
    return f"{len(reports)} x {max(counts)}" if counts else "–"


def _of(reports: Reports, victim: str) -> list[AuditReport]:
    grouped: defaultdict[str, list[AuditReport]] = defaultdict(list)
    for name, report in reports.items():
        grouped[_part(name, 0)].append(report)
    return grouped[victim]


def _part(name: str, place: int) -> str:
    return name.split("-")[place]


def _head(*titles: str) -> list[str]:
    return [_row(*titles), _row(*("---" for _ in titles))]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
