"""Examples: single test images under the rule by which each was chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.in_turn import InTurn
from zepad_app.results.sheet import Sheet, clear
from zepad_app.results.task_choice import TaskChoice
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.example_strip import ExampleStrip
from zepad_engine.findings import AuditReport, Example

_STRIP: Final = 368
_NOTE: Final = "Chosen by the rules below, never for their looks: single images prove nothing."
# A rule by the word the engine stores, its heading, and what it says.
_RULES: Final = (
    (
        "worst",
        "Worst for the undefended encoder",
        "Of the images it had right: where its probability of the true class fell most.",
    ),
    ("median", "Median", "Of the images it had right: where that probability fell as much as on half of them."),
    (
        "worst for ZePAD",
        "Worst for ZePAD",
        "Of the images ZePAD had right: where its probability of the true class fell most.",
    ),
    ("random", "Drawn at random", "Among all test images, {seed}; the same images for every attack."),
)
_OTHER: Final = ("", "Others", "Chosen as the title says on hover.")


class ExamplesTab(Sheet):
    """Strips for a chosen attack and task, grouped by rule, as many side by side as fit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self._folder = Path()
        self.turns = InTurn(self)
        self._grids: list[tuple[QGridLayout, list[ExampleStrip]]] = []
        self.choice = AttackChoice(theme, "Single images")
        self.task = TaskChoice(everything="All tasks")
        self.choice.row.insertWidget(2, theme.label("Task", soft=True))
        self.choice.row.insertWidget(3, self.task)
        self.column.addWidget(self.choice)
        self.column.addWidget(_wrapping(theme.label(_NOTE, "caption", soft=True)))
        self._body = QVBoxLayout()
        self._body.setSpacing(INSIDE)
        self.column.addLayout(self._body)
        self.column.addStretch(1)
        self.choice.chosen.connect(lambda _attack: self._draw())
        self.task.chosen.connect(lambda _task: self._draw())

    @property
    def strips(self) -> list[ExampleStrip]:
        """Every strip shown, from the top."""
        return [strip for _, strips in self._grids for strip in strips]

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show another report, whose pictures lie in ``folder``."""
        self._report, self._folder = report, folder
        self.task.show_tasks(report, tuple(dict.fromkeys(found.task for found in report.examples)))
        self.choice.show_attacks(report, tuple(dict.fromkeys(found.attack for found in report.examples)))

    def resizeEvent(self, event: object) -> None:
        """Place as many strips side by side as fit."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._place()

    def _draw(self) -> None:
        clear(self._body)
        self._grids = []
        report = self._report
        if report is None:
            return
        shown = [
            item for item in report.examples if item.attack == self.choice.attack and self.task.task in ("", item.task)
        ]
        steps: list[Callable[[], None]] = []
        for title, about, found in _grouped(shown):
            self._body.addWidget(self.theme.label(title, "section"))
            self._body.addWidget(_wrapping(self.theme.label(about, "caption", soft=True)))
            grid = QGridLayout()
            grid.setSpacing(BETWEEN)
            self._body.addLayout(grid)
            self._body.addSpacing(BETWEEN)
            strips: list[ExampleStrip] = []
            self._grids.append((grid, strips))
            steps += [partial(self._add, report, strips, item) for item in found]
        if not shown:
            self._body.addWidget(self.theme.label("No example was stored.", soft=True))
        self.turns.start(steps)

    def _add(self, report: AuditReport, strips: list[ExampleStrip], item: Example) -> None:
        place = (item.task, item.attack, item.index)
        maps = next((each for each in report.attributions if (each.task, each.attack, each.index) == place), None)
        strips.append(ExampleStrip(self.theme, item, self._folder, task_name(report, item.task), maps))
        self._place()

    def _place(self) -> None:
        widest = max((_STRIP, *(strip.minimumSizeHint().width() + BETWEEN for strip in self.strips)))
        columns = max(1, min(3, (self.viewport().width() - 32) // widest))
        for grid, strips in self._grids:
            for number, strip in enumerate(strips):
                grid.addWidget(strip, number // columns, number % columns)
            for column in range(3):
                grid.setColumnStretch(column, 1 if column < columns else 0)


def _wrapping(words: QLabel) -> QLabel:
    words.setWordWrap(True)
    return words


def _grouped(found: list[Example]) -> list[tuple[str, str, list[Example]]]:
    groups = []
    left = list(found)
    for rule, title, about in (*_RULES, _OTHER):
        mine = [item for item in left if item.chosen == rule or (rule == "random" and item.chosen.startswith(rule))]
        mine = left if not rule else mine
        left = [item for item in left if item not in mine]
        if mine:
            seed = mine[0].chosen.partition(", ")[2]
            groups.append((title, about.format(seed=seed), mine))
    return groups
