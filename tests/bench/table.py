"""From rounds to the table: medians, ratios per round, BENCHMARKS.md and results.json."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.contest import Contest, Result, Side
from zepad_engine.capacity import usable_cores
from zepad_engine.execution.device import choose_device, device_name
from zepad_engine.versions import versions_of

REQUIRED = ("row", "ours", "peer", "ratio", "rounds", "unit")
_PACKAGES = ("torch", "torchattacks", "foolbox", "adversarial-robustness-toolbox", "numpy", "PySide6-Essentials")
_DIGITS = 4
_LEAD = """# Benchmarks

Made by `make bench`. Each figure is the median of interleaved rounds of one run; each ratio is the median of the ratios
of the rounds, above 1 where ours is better. Ours runs as an audit does, one process of one thread on each core; a peer
is one process with torch's own number of threads. Memory is the most anonymous memory seen, all processes together, in
MiB. Perturbed images and perturbations are always scored in float32.
"""


def middle(values: Sequence[float]) -> float:
    """The median, as a plain float."""
    return float(median(values))


def entries(contest: Contest, results: Sequence[Result]) -> list[dict[str, Any]]:
    """An entry for each of ours against each peer; ``results`` in the order of ``ours`` and ``peers``."""
    pairs = list(zip((*contest.ours, *contest.peers), results, strict=True))
    own, peers = pairs[: len(contest.ours)], pairs[len(contest.ours) :]
    return [_entry(contest, ours, peer) for ours in own for peer in peers]


def ratio_of(ours: Sequence[float], peer: Sequence[float], *, lower_is_better: bool) -> float:
    """The median of the rounds' ratios; above 1 where ours is better."""
    pairs = zip(ours, peer, strict=True)
    return middle([theirs / own if lower_is_better else own / theirs for own, theirs in pairs])


def check(entry: dict[str, Any]) -> None:
    """Refuse an entry that lacks a field or whose ratio is not that of its rounds.

    Raises:
        ValueError: with the row and what is wrong.
    """
    missing = [name for name in REQUIRED if name not in entry]
    if missing:
        raise ValueError(f"{entry.get('row', '?')} lacks {', '.join(missing)}.")
    kinds = {"row": str, "unit": str, "ours": int | float, "peer": int | float, "ratio": int | float, "rounds": int}
    wrong = [name for name, kind in kinds.items() if not isinstance(entry[name], kind)]
    if wrong or entry["ratio"] <= 0 or entry["rounds"] < 1:
        raise ValueError(f"{entry['row']} has values that cannot be: {', '.join(wrong) or 'ratio or rounds'}.")
    told = entry.get("per_round")
    if told is None:
        return
    expected = ratio_of(told["ours"], told["peer"], lower_is_better=entry["lower_is_better"])
    if abs(expected - entry["ratio"]) > 0.01 * expected + 0.001 or len(told["ours"]) != entry["rounds"]:
        raise ValueError(f"{entry['row']}: the ratio of its rounds is {expected:.3f}, not {entry['ratio']}.")


def merged(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]], groups: Sequence[str]) -> list[dict[str, Any]]:
    """The groups measured now in the place of their older selves, in the order of ``groups``."""
    fresh = list(new)
    measured = {entry["group"] for entry in fresh}
    kept = [entry for entry in old if entry.get("group") not in measured]
    return sorted([*kept, *fresh], key=lambda entry: groups.index(entry["group"]) if entry["group"] in groups else 99)


def write_json(found: Sequence[dict[str, Any]], path: Path) -> None:
    """results.json."""
    for entry in found:
        check(entry)
    path.write_text(json.dumps(list(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def markdown(found: Sequence[dict[str, Any]]) -> str:
    """BENCHMARKS.md."""
    lines = [_LEAD, *_surroundings(found), "", *_header(), *(_line(entry) for entry in found)]
    # One note of a contest speaks for all its entries.
    notes = dict.fromkeys(
        f"- {entry.get('contest', entry['row'])}: {entry['note']}." for entry in found if entry.get("note")
    )
    details = [_details(entry) for entry in found if "seconds_per_stage" in entry or "sizes" in entry]
    if notes:
        lines += ["", "## Notes", "", *notes]
    if details:
        lines += ["", "## Inside the audit, and growth", "", *details]
    return "\n".join(lines) + "\n"


def surroundings() -> dict[str, str]:
    """Machine and versions, kept with each entry."""
    device = choose_device("cpu")
    return {
        "machine": f"{device_name(device)}, {usable_cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {sys.version.split()[0]}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions_of(_PACKAGES).items()),
    }


def _entry(contest: Contest, own: tuple[Side, Result], peer: tuple[Side, Result]) -> dict[str, Any]:
    ours, theirs = (result.figures(contest.time_of) for _, result in (own, peer))
    lower = contest.time_of is not None
    return {
        "row": f"{contest.row}: {own[0].name}",
        "ours": _rounded(middle(ours)),
        "peer": _rounded(middle(theirs)),
        "ratio": _rounded(ratio_of(ours, theirs, lower_is_better=lower)),
        "rounds": len(ours),
        "unit": contest.unit,
        "ours_name": own[0].name,
        "peer_name": peer[0].name,
        "contest": contest.row,
        "lower_is_better": lower,
        "per_round": {"ours": [_rounded(value) for value in ours], "peer": [_rounded(value) for value in theirs]},
        "memory_mib": {"ours": round(own[1].anonymous_mib), "peer": round(peer[1].anonymous_mib)},
        "resident_mib": {"ours": round(own[1].resident_mib), "peer": round(peer[1].resident_mib)},
        "quality": {"ours": _told(own[1]), "peer": _told(peer[1])},
        "note": "; ".join(filter(None, (contest.note, f"{own[0].name}: {own[0].note}" if own[0].note else ""))),
    }


def _told(result: Result) -> dict[str, float]:
    return {name: _rounded(value) for name, value in result.quality.items()}


def _rounded(value: float) -> float:
    """Four digits that count."""
    return float(f"{value:.{_DIGITS}g}")


def _surroundings(found: Sequence[dict[str, Any]]) -> list[str]:
    kept = {name: dict.fromkeys(entry[name] for entry in found if name in entry) for name in _KEPT}
    return [f"- {title}: {'; '.join(kept[name])}" for name, title in _KEPT.items() if kept[name]]


_KEPT = {"machine": "Machine", "system": "System", "versions": "Versions", "measured": "Measured"}


def _header() -> list[str]:
    titles = ("Row", "Peer", "Ours", "Peer's", "Unit", "Ratio", "Rounds", "Memory, ours / peer", "Reached, ours / peer")
    return [f"| {' | '.join(titles)} |", "|---|---|--:|--:|---|--:|--:|---|---|"]


def _line(entry: dict[str, Any]) -> str:
    cells = (
        entry["row"],
        entry.get("peer_name", ""),
        _number(entry["ours"]),
        _number(entry["peer"]),
        entry["unit"],
        f"{entry['ratio']:.2f}",
        str(entry["rounds"]),
        _pair(entry.get("memory_mib", {})),
        _pair(entry.get("quality", {})),
    )
    return f"| {' | '.join(cells)} |"


def _pair(told: dict[str, Any]) -> str:
    if set(told) == {"ours", "peer"}:
        return f"{_words(told['ours'])} / {_words(told['peer'])}"
    return _words(told)


def _words(told: Any) -> str:
    if isinstance(told, dict):
        return ", ".join(f"{name} {_number(value)}" for name, value in told.items()) or "-"
    return str(told)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _details(entry: dict[str, Any]) -> str:
    if "sizes" in entry:
        rows = zip(entry["sizes"], entry["seconds"], entry["anonymous_mib"], strict=True)
        return f"- {entry['row']}: " + "; ".join(f"{size:,}: {took} s, {mib} MiB" for size, took, mib in rows) + "."
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in entry["seconds_per_stage"].items())
    more = ""
    if "gflop" in entry:
        more = f"; arithmetic {_words(entry['gflop'])} GFLOP at {_words(entry['peak_gflops'])} GFLOP/s"
    return f"- {entry['row']}: work per stage, all workers: {stages}{more}."
