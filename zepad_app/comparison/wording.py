"""What a comparison is called on the page: names, the figure that stands between the audits, sentences. No Qt."""

from __future__ import annotations

from typing import Final

from zepad_app.results.wording import percent
from zepad_engine.comparison import Comparison, Difference, MeanDifference, Side, interval_text, p_text, points_text

CLEAN: Final = "none"
# Whom a reader asks about first.
MAIN: Final = ("zepad", "undefended")
_MEASURES: Final = {
    "accuracy": "accuracy",
    "detected": "share detected",
    "false alarms": "false alarms",
    "AUROC": "detector's AUROC",
}


def name_in(comparison: Comparison, key: str) -> str:
    """What a task, an attack or a defence is called."""
    return comparison.names.get(key, key)


def side_line(side: Side) -> str:
    """One line on an audit: preset, seed, budget, version."""
    return f"{side.preset.capitalize()} preset · seed {side.seed} · {side.epsilon_255:g}/255 · ZePAD {side.version}"


def hardest_attack(comparison: Comparison) -> str:
    """The attack that leaves the undefended encoder of the first audit the least accuracy on average; or ""."""
    left = {mean.attack: mean.first.value for mean in _means(comparison, "undefended") if mean.attack != CLEAN}
    return min(left, key=lambda attack: left[attack], default="")


def headlines(comparison: Comparison) -> tuple[MeanDifference, ...]:
    """The figures between the two audits: ZePAD under the hardest attack first, undefended, ZePAD on clean images."""
    hardest = hardest_attack(comparison)
    wanted = [("zepad", hardest), ("undefended", hardest), ("zepad", CLEAN)]
    known = {(mean.defence, mean.attack): mean for defence in MAIN for mean in _means(comparison, defence)}
    return tuple(known[key] for key in wanted if key in known)


def _means(comparison: Comparison, defence: str) -> list[MeanDifference]:
    """Means over the tasks nobody tuned on; over all where every task was tuned on."""
    mine = [mean for mean in comparison.means if mean.defence == defence]
    return [mean for mean in mine if mean.unseen] or mine


def headline_words(comparison: Comparison, mean: MeanDifference) -> str:
    """What a headline figure is of."""
    where = "on clean images" if mean.attack == CLEAN else f"under {name_in(comparison, mean.attack)}"
    return f"{name_in(comparison, mean.defence)} {where}"


def subject_of(comparison: Comparison, difference: Difference) -> str:
    """What a difference is of, in one line."""
    task, defence = (name_in(comparison, key) for key in (difference.task, difference.defence))
    if difference.attack == CLEAN:
        return f"{defence} on {task}, clean: {_MEASURES[difference.measure]}"
    return f"{defence} on {task}, {name_in(comparison, difference.attack)}: {_MEASURES[difference.measure]}"


def difference_sentence(comparison: Comparison, difference: Difference) -> str:
    """Everything of a difference, for hovering and for those who hear it."""
    told = f"{subject_of(comparison, difference)}. {_from_to(difference)}; {_unit(difference)} "
    told += f"{points_text(difference)} {interval_text(difference)}."
    if difference.paired:
        told += (
            f" The same {difference.first.n:,} images: {difference.only_first:,} only in the first, "
            f"{difference.only_second:,} only in the second."
        )
    else:
        told += f" Independent samples of {difference.first.n:,} and {difference.second.n:,}."
    if difference.p is not None:
        told += f" p {_equals(difference.p)}, after Holm {_equals(difference.holm)}."
    return told if difference.same_attack else f"{told} The attack itself differs between the two."


def _equals(p: float | None) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def _unit(difference: Difference) -> str:
    return "difference" if difference.measure == "AUROC" else "difference in points"


def _from_to(difference: Difference) -> str:
    if difference.measure == "AUROC":
        return f"{difference.first.value:.2f} and {difference.second.value:.2f}"
    return f"{percent(difference.first.value)} and {percent(difference.second.value)}"


def same_words(comparison: Comparison) -> str:
    """What is the same in both, beside the plan; versions and the like by their group."""
    same = [fact for fact in comparison.facts if fact.same]
    groups = dict.fromkeys(fact.group for fact in comparison.facts)
    whole = [group for group in groups if all(fact.same for fact in comparison.facts if fact.group == group)]
    named = [group.lower() for group in whole]
    named += [fact.name for fact in same if fact.group not in whole and fact.group != "Machine"]
    return f"The same in both: {', '.join(named)}." if named else ""


def seconds_words(seconds: float | None) -> str:
    """``41 s`` or ``4 min 9 s``."""
    if seconds is None:
        return "not done"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
