"""One figure of each branch on each task, clean against perturbed: accuracy, weight share or confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.wording import branch_meaning, branch_name, branch_role, percent, rate_hint
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.evidence import Rate
from zepad_engine.findings import BranchFinding

Aspect: TypeAlias = Literal["accuracy", "weight_share", "confidence"]
ASPECTS: Final[tuple[tuple[Aspect, str, str], ...]] = (
    ("accuracy", "Accuracy", "The branch's own answers against the labels."),
    ("weight_share", "Weight in the fusion", "Mean share of the fusion weight; the branches of a task sum to 100 %."),
    ("confidence", "Confidence m", "Mean largest softmax probability."),
)
_LANE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPair:
    """A branch on a task, clean and perturbed; either may be missing."""

    task: str
    branch: str
    clean: BranchFinding | None
    perturbed: BranchFinding | None


class BranchPlot(FigurePlot):
    """A row per task and branch: hollow marker clean, filled marker perturbed, the branch's colour, dash and marker."""

    def __init__(self, theme: Theme, aspect: Aspect, title: str, *, named: bool, parent: QWidget | None = None) -> None:
        super().__init__(theme, f"{title} per branch, clean and perturbed", parent)
        self._aspect: Aspect = aspect
        self._title = title
        self._named = named
        self._pairs: tuple[BranchPair, ...] = ()

    def show_pairs(self, pairs: tuple[BranchPair, ...]) -> None:
        """Draw other pairs; those of one task must lie together."""
        self._pairs = pairs
        self.setFixedHeight(int(_LANE * (1.5 - min(self._places(), default=0.0))) + 40)
        self.redraw()

    def draw(self) -> None:
        """Each pair on its lane."""
        places = self._places()
        self.plot.show_range("bottom", 0, 1, padding=0.1)
        self.plot.show_range("left", min(places, default=-1) - 0.7, 0.7, padding=0)
        self.set_percent_ticks("bottom", 0, 1, 0.5)
        marks = [n / 4 for n in range(5) for _ in range(2)]
        self.add_line(marks, [min(places, default=-1) - 0.7, 0.7] * 5, self.hairline(), pairs=True)
        names = [(y, self._lane_name(row)) for row, y in enumerate(places)]
        self.set_ticks("left", names if self._named else [(y, "") for y, _ in names])
        lanes = list(zip(self._pairs, places, strict=True))
        for branch in dict.fromkeys(pair.branch for pair in self._pairs):
            self._branch(branch, [(pair, y) for pair, y in lanes if pair.branch == branch])

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        return branch_keys(self.theme)

    def summary(self) -> str:
        """Each pair in a clause."""
        clauses = [
            f"{pair.task}, {branch_name(pair.branch).lower()}: {self._say(pair.clean)} clean, "
            f"{self._say(pair.perturbed)} perturbed"
            for pair in self._pairs
        ]
        return f"{self._title}. " + "; ".join(clauses) + "."

    def figures(self) -> Figures:
        """Clean and perturbed figure of each pair."""
        rows: list[list[object]] = [["task", "branch", f"{self._aspect}_clean", f"{self._aspect}_perturbed"]]
        for pair in self._pairs:
            found = [self._value(item) if item else "" for item in (pair.clean, pair.perturbed)]
            rows.append([pair.task, pair.branch, *found])
        return rows

    def _places(self) -> list[float]:
        places, y = [], 0.0
        for row, pair in enumerate(self._pairs):
            y -= 0.0 if row == 0 else (1.0 if self._pairs[row - 1].task == pair.task else 1.7)
            places.append(y)
        return places

    def _lane_name(self, row: int) -> str:
        pair = self._pairs[row]
        role = branch_role(pair.branch) or branch_name(pair.branch)
        first = row == 0 or self._pairs[row - 1].task != pair.task
        return f"{pair.task}    {role}" if first else role

    def _branch(self, branch: str, lanes: list[tuple[BranchPair, float]]) -> None:
        """All marks of a branch at once: an item for each would take ten times as long."""
        meaning = branch_meaning(branch)
        colour, symbol = self.theme.colour(meaning), self.theme.marker(meaning)
        for pair, y in lanes:
            if pair.clean and pair.perturbed:
                ends = [self._value(pair.clean), self._value(pair.perturbed)]
                self.add_line(ends, [y, y], self.theme.pen(meaning))
        for words, filled in (("clean", False), ("perturbed", True)):
            told = [(found, y) for pair, y in lanes if (found := pair.perturbed if filled else pair.clean) is not None]
            if self._aspect == "accuracy":
                self._whiskers([(found.accuracy, y + (-0.22 if filled else 0.22)) for found, y in told], colour)
            hints = [f"{branch_name(branch)}, {words}: {self._say(found, exact=True)}" for found, _ in told]
            points = [(self._value(found), y) for found, y in told]
            self.add_marks(points, symbol, colour, size=10, filled=filled, hints=hints)

    def _whiskers(self, rates: list[tuple[Rate, float]], colour: QColor) -> None:
        pen = QPen(colour, 1.0)
        pen.setCosmetic(True)
        xs = [side for rate, _ in rates for side in (rate.low, rate.high)]
        self.add_line(xs, [y for _, y in rates for _ in range(2)], pen, pairs=True)

    def _value(self, found: BranchFinding) -> float:
        return found.accuracy.value if self._aspect == "accuracy" else float(getattr(found, self._aspect))

    def _say(self, found: BranchFinding | None, *, exact: bool = False) -> str:
        if found is None:
            return "not measured"
        if exact and self._aspect == "accuracy":
            return rate_hint(found.accuracy)
        return (
            f"{percent(self._value(found))}, mean of {found.accuracy.n:,} images"
            if exact
            else percent(self._value(found))
        )


def branch_keys(theme: Theme) -> tuple[Key, ...]:
    """The key of every branch plot."""

    def key(branch: str) -> Key:
        meaning = branch_meaning(branch)
        text = f"{branch_name(branch)} ({branch_role(branch)})"
        return Key(text=text, pen=lambda: theme.pen(meaning), symbol=theme.marker(meaning))

    soft = QColor(theme.tokens.ink_soft)
    return (
        *(key(branch) for branch in ("tuned_victim", "tuned_auxiliary", "benign")),
        Key(text="hollow: clean", pen=lambda: QPen(soft), symbol="o", filled=False),
        Key(text="filled: perturbed", pen=lambda: QPen(soft), symbol="o"),
    )
