"""What the inspector says in sentences: alarms, agreement, answers. No Qt."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from zepad_app.results.wording import branch_name
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport
from zepad_engine.intervals import wilson
from zepad_engine.questions import BranchJudgement, Judged, MapAgreement

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six")


def alarm_sentence(found: Rate | None, *, own: bool) -> str:
    """How many clean test images a threshold flags by mistake, with n and 95 % interval."""
    which = "your own" if own else "this"
    if found is None:
        return f"False alarms at {which} threshold were not measured in this audit."
    low, high = 1000 * found.low, 1000 * found.high
    return (
        f"At {which} threshold {1000 * found.value:.0f} of 1,000 clean images are flagged "
        f"({low:.0f} to {high:.0f}; n = {found.n:,})."
    )


def short_alarms(found: Rate | None) -> str:
    """The same where there is little room."""
    if found is None:
        return "false alarms not measured"
    return f"{1000 * found.value:.0f} of 1,000 clean flagged (n = {found.n:,})"


def alarms_of(report: AuditReport, task: str, own: float | None) -> Rate | None:
    """The false-alarm rate on a task's test images, the same for every attack; None where it was not measured.

    At a threshold of the user's ``own`` the report knows it for some 200 scores: that of the nearest lower one counts.
    """
    found = next((found for found in report.detection if found.task == task), None)
    if found is None or own is None:
        return found.achieved_fpr if found else None
    levels = found.levels
    place = bisect_right(levels.thresholds, own) - 1 if levels else -1
    if levels is None or not levels.clean_n:
        return None
    above = levels.clean_above[place] if place >= 0 else levels.clean_n
    return wilson(above, levels.clean_n)


def answer_sentence(judged: Judged) -> str:
    """Whether the fused answer is the label, for a test image."""
    if not judged.label or not judged.fused:
        return ""
    return "right, it is the label" if judged.fused[0].name == judged.label else f"wrong, the label is {judged.label}"


def speed_sentence(judged: Judged) -> str:
    """How long the engine took."""
    made = f", the attack made in {1000 * judged.seconds_attack:.0f} ms" if judged.seconds_attack else ""
    return f"Predicted in {1000 * judged.seconds_predict:.0f} ms{made}."


def agreement_sentence(branches: Sequence[BranchJudgement]) -> str:
    """Which branches say the same."""
    said = [(branch_name(branch.branch), branch.top[0].name) for branch in branches if branch.top]
    counts = Counter(answer for _, answer in said)
    if len(said) < 2:
        return ""
    if len(counts) == 1:
        return f"All {_number(len(said))} branches say {said[0][1]}."
    answer, most = counts.most_common(1)[0]
    if most == 1:
        return f"All branches disagree: {', '.join(f'{name.lower()} {word}' for name, word in said)}."
    others = ", ".join(f"the {name.lower()} says {word}" for name, word in said if word != answer)
    return f"{_number(most).capitalize()} of {_number(len(said))} branches say {answer}; {others}."


def rank_sentence(agreement: Sequence[MapAgreement]) -> str:
    """Which two branches looked at the picture most alike, and which least."""
    ranked = sorted(agreement, key=lambda pair: pair.rho)
    if not ranked:
        return ""
    least, most = ranked[0], ranked[-1]
    if len(ranked) == 1:
        return f"{_pair(most).capitalize()}: rank correlation {signed(most.rho)}."
    return f"Most alike: {_pair(most)} ({signed(most.rho)}). Least alike: {_pair(least)} ({signed(least.rho)})."


def reference_sentence(agreement: Sequence[MapAgreement], reference: str) -> str:
    """How alike every other branch's map is to one branch's."""
    mine = [pair for pair in agreement if reference in (pair.first, pair.second)]
    found = {pair.first if pair.second == reference else pair.second: pair.rho for pair in mine}
    words = ", ".join(f"{branch_name(branch).lower()} {signed(rho)}" for branch, rho in found.items())
    return f"Rank correlation with {branch_name(reference).lower()}: {words}." if words else ""


def rank_lines(agreement: Sequence[MapAgreement]) -> str:
    """Every pair of branches with its rank correlation, one a line."""
    lines = (f"{_pair(pair)}: {signed(pair.rho)}" for pair in agreement)
    return "Spearman's rank correlation of the maps\n" + "\n".join(lines)


def signed(value: float) -> str:
    """Two decimals with a true minus sign."""
    return f"{value:.2f}".replace("-", "−")


def size_text(epsilon_255: float) -> str:
    """The size of a perturbation."""
    return f"{epsilon_255:.1f}/255"


def _pair(pair: MapAgreement) -> str:
    return f"{branch_name(pair.first).lower()} and {branch_name(pair.second).lower()}"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
