"""Compare: two finished audits side by side, what changed between their plans, and what differs by more than chance."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.comparison.change_list import ChangeList
from zepad_app.comparison.difference_table import DifferenceView
from zepad_app.comparison.paired_plots import ATTACKED, DifferencePlot, PairedPlot, rows_of
from zepad_app.comparison.recipe import recipe_of_comparison
from zepad_app.comparison.sides import Sides
from zepad_app.comparison.wording import hardest_attack, name_in, same_words, seconds_words
from zepad_app.failures import NoticeText, notice_of
from zepad_app.pages.page import Heading, Page
from zepad_app.results.in_turn import InTurn
from zepad_app.results.recipe_popover import RecipePopover
from zepad_app.results.sheet import Sheet
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, CHOICE_WIDTH, INSIDE
from zepad_app.widgets.empty_page import EmptyPage
from zepad_app.widgets.fold_section import FoldSection
from zepad_app.widgets.legend_row import LegendRow
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.segments import Segments
from zepad_app.widgets.waiting import waiting
from zepad_engine.comparison import WHOLE, Compared, Comparison, Difference, comparison_from_json, images_in_words
from zepad_engine.evidence import Rate
from zepad_engine.messages import Failed

_EMPTY: Final = (
    "Nothing to compare yet",
    "Here two audits stand side by side: what changed between their plans, and which rates differ by more than chance "
    "explains. Select two finished audits in the history.",
    "Go to the history",
)
_ROWS: Final = (
    ("out", "Beyond chance", "Differences that outlast Holm's correction."),
    ("system", "ZePAD", "Every rate of ZePAD."),
    ("all", "All", "Every rate both audits have."),
)
_EMPTY_PLACE, _BUSY_PLACE, _FULL_PLACE = range(3)


class ComparePage(Page):
    """Asks the engine to compare two runs and shows what it says."""

    history_requested = Signal()

    def __init__(self, model: AuditModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._pair: tuple[Path, Path] | None = None
        self._wish = ""
        self.comparison: Comparison | None = None
        self.notice = Notice(theme)
        self.empty = EmptyPage(theme, "compare", _EMPTY, self.history_requested.emit)
        self.busy = theme.label("", soft=True)
        self.sheet = Sheet(theme)
        self.sentence = theme.label("", "section")
        self.images = theme.label("", soft=True)
        self.sides = Sides(theme)
        self.plan = ChangeList(theme, "What changed in the plan")
        self.facts = ChangeList(theme, "What else differs")
        self.same = theme.label("", "caption", soft=True)
        self.attack = QComboBox()
        self.paired = PairedPlot(theme)
        self.apart = DifferencePlot(theme)
        self.rows = Segments(_ROWS, "Rates shown")
        self.table = DifferenceView(theme)
        self.none = theme.label("", soft=True)
        self.only = theme.label("", "caption", soft=True)
        self.costs = ChangeList(theme, "Seconds")
        self.time = FoldSection(theme, "What it took")
        self._stack = QStackedWidget()
        self.turns = InTurn(self)
        self._arrange()
        self._connect()

    @property
    def heading(self) -> Heading:
        """Which two audits."""
        if self._pair is None:
            return Heading(title="Compare", detail="Two audits side by side", back="History")
        first, second = (folder.name for folder in self._pair)
        return Heading(
            title="Compare",
            detail=f"First {first}, second {second}",
            action="Swap sides",
            enabled=not self._wish,
            quiet=True,
            back="History",
        )

    def act(self) -> None:
        """Let the audits change places."""
        if self._pair is not None:
            self.compare(self._pair[1], self._pair[0])

    def go_back(self) -> None:
        """To the list the audits were chosen from."""
        self.history_requested.emit()

    def explain(self, what: str, rate: Rate | None, place: QPoint) -> None:
        """Tell how a figure on this page came about, beside a place on the screen."""
        if self.comparison is not None and self._pair is not None:
            recipe = recipe_of_comparison(self.comparison, self._pair, what, rate)
            RecipePopover(self._theme, recipe, self).show_at(place)

    def compare(self, first: Path, second: Path) -> None:
        """Compare two run folders; the page is busy until the engine has answered."""
        self._pair = (first, second)
        self.notice.hide()
        self.comparison = None
        self.turns.start(())
        self._stack.setCurrentIndex(_BUSY_PLACE)
        # The refusal of a busy engine comes before the request has a name here.
        self._wish = "asking"
        wish = self._model.compare(first, second)
        if self._wish:
            self._wish = wish
        self._on_changed()

    def _arrange(self) -> None:
        for words in (self.sentence, self.images, self.same, self.only, self.none):
            words.setWordWrap(True)
        self.attack.setAccessibleName("Attack shown")
        self.attack.setMinimumWidth(CHOICE_WIDTH)
        self.attack.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.time.body.addWidget(self.costs)
        sheet, column = self.sheet, self.sheet.column
        sheet.setAccessibleName("Comparison, scrolled by the arrow keys")
        column.setSpacing(BETWEEN)
        column.addWidget(self.sentence)
        column.addWidget(self.images)
        column.addWidget(self.sides)
        column.addWidget(self._theme.label("What changed in the plan", "section"))
        sheet.add_card(self.plan)
        column.addWidget(self._theme.label("What else differs", "section"))
        sheet.add_card(self.facts)
        column.addWidget(self.same)
        column.addLayout(self._plots_head())
        column.addLayout(self._legends())
        sheet.add_card(self._plots())
        column.addLayout(self._headed("Every rate both have", self.rows))
        below: tuple[QWidget, ...] = (self.table, self.none, self.only, self.time)
        for part in below:
            column.addWidget(part)
        column.addStretch(1)
        for place in (self.empty, waiting(self.busy, "The comparison is being made"), self.sheet):
            self._stack.addWidget(place)
        above = QHBoxLayout()
        above.setContentsMargins(AROUND, BETWEEN, AROUND, 0)
        above.addWidget(self.notice)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addWidget(self._stack, 1)

    def _headed(self, title: str, control: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(INSIDE)
        row.addWidget(self._theme.label(title, "section"))
        row.addStretch(1)
        row.addWidget(control)
        return row

    def _plots_head(self) -> QHBoxLayout:
        row = self._headed("Accuracy per task", self.attack)
        row.insertWidget(2, self._theme.label("Attack", soft=True))
        return row

    def _legends(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(AROUND)
        row.addWidget(LegendRow(self._theme, self.paired.keys()), 3)
        row.addWidget(LegendRow(self._theme, self.apart.keys()), 2)
        return row

    def _plots(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(BETWEEN)
        row.addWidget(self.paired, 3, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.apart, 2, Qt.AlignmentFlag.AlignTop)
        return row

    def _connect(self) -> None:
        self._model.compared.connect(self._on_compared)
        self._model.failed.connect(self._on_failed)
        self._model.changed.connect(self._on_changed)
        self.attack.currentIndexChanged.connect(self._draw_plots)
        self.rows.chosen.connect(self._fill_table)
        self.notice.remedied.connect(self._on_remedied)

    def _on_changed(self) -> None:
        if not self._wish:
            return
        state = self._model.state
        starting = state.engine != "ready"
        self.busy.setText("The engine is starting…" if starting else "Comparing the two audits…")
        if state.engine == "stopped":
            self._give_up(
                NoticeText(
                    sentence="The engine is not running, so nothing was compared.",
                    advice="Start it again; both audits are as they were.",
                    remedy="restart",
                    button="Start the engine again",
                )
            )

    def _on_compared(self, event: Compared) -> None:
        if event.request != self._wish:
            return
        try:
            found = comparison_from_json(Path(event.path).read_bytes())
        except (OSError, msgspec.MsgspecError) as trouble:
            self._give_up(
                NoticeText(sentence="The comparison cannot be read.", advice="Try again.", detail=str(trouble))
            )
            return
        self._wish = ""
        self.show_comparison(found)

    def _on_failed(self, failure: Failed) -> None:
        if self._wish and (self._wish == "asking" or failure.request in (self._wish, "")):
            self._give_up(notice_of(failure))

    def _give_up(self, text: NoticeText) -> None:
        self._wish = ""
        self.notice.tell(text)
        self._stack.setCurrentIndex(_EMPTY_PLACE)
        self.heading_changed.emit()

    def _on_remedied(self, remedy: str) -> None:
        self.notice.hide()
        if remedy == "restart" and self._pair is not None:
            self._model.start_engine()
            self.compare(*self._pair)
        elif remedy == "open":
            self.history_requested.emit()

    def show_comparison(self, found: Comparison) -> None:
        """Show a comparison of the two folders asked about: filled in turns unseen, then shown whole."""
        self.comparison = found
        steps = (self._say, self._list_plan, self._list_facts, self._list_costs, self._offer, self._come_up)
        self.turns.start(partial(step, found) for step in steps)

    def _say(self, found: Comparison) -> None:
        assert self._pair is not None
        self.sentence.setText(found.sentence)
        self.images.setText(" ".join(images_in_words(found)))
        self.sides.show_comparison(found, self._pair)

    def _list_plan(self, found: Comparison) -> None:
        plan = [(change.group, change.field, change.first, change.second) for change in found.plan]
        self.plan.show_changes(plan, "Nothing: both audits ran the same plan.")

    def _list_facts(self, found: Comparison) -> None:
        facts = [(fact.group, fact.name, fact.first, fact.second) for fact in found.facts if not fact.same]
        self.facts.show_changes(facts, "Nothing: encoders, data, perturbations, training and machine are the same.")
        self.same.setText(same_words(found))
        self.same.setVisible(bool(facts and self.same.text()))

    def _list_costs(self, found: Comparison) -> None:
        costs = [("", cost.name, seconds_words(cost.first), seconds_words(cost.second)) for cost in found.costs]
        self.costs.show_changes(costs, "No times were kept.")
        self.time.set_summary(_wall(costs))

    def _offer(self, found: Comparison) -> None:
        self._offer_attacks(found)
        self._offer_rows(found)
        self._say_only(found)

    def _come_up(self, _found: Comparison) -> None:
        self._stack.setCurrentIndex(_FULL_PLACE)
        self.heading_changed.emit()

    def _offer_attacks(self, found: Comparison) -> None:
        attacks = dict.fromkeys(each.attack for each in found.differences if each.about in ATTACKED)
        self.attack.blockSignals(True)
        self.attack.clear()
        for attack in attacks:
            self.attack.addItem(name_in(found, attack), attack)
        self.attack.setCurrentIndex(max(self.attack.findData(hardest_attack(found)), 0 if attacks else -1))
        self.attack.blockSignals(False)
        # After the page has come up: what is below the fold may come a moment later.
        QTimer.singleShot(0, self, self._draw_plots)

    def _draw_plots(self) -> None:
        if self.comparison is not None:
            attack = str(self.attack.currentData() or "")
            rows = rows_of(self.comparison, attack)
            for plot in (self.paired, self.apart):
                plot.show_rows(self.comparison, rows, name_in(self.comparison, attack))

    def _offer_rows(self, found: Comparison) -> None:
        out = any(each.stands_out for each in found.differences)
        before = self.rows.choice
        self.rows.choose("out" if out else "system")
        if self.rows.choice == before:
            self._fill_table()

    def _fill_table(self) -> None:
        found = self.comparison
        if found is None:
            return
        rows = [each for each in found.differences if self._wanted(each)]
        self.table.differences.show_rows(found, rows)
        self.table.setVisible(bool(rows))
        self.none.setText("None of the differences outlasts the correction." if self.rows.choice == "out" else "None.")
        self.none.setVisible(not rows)

    def _wanted(self, difference: Difference) -> bool:
        choice = self.rows.choice
        return choice == "all" or (difference.stands_out if choice == "out" else difference.defence == "zepad")

    def _say_only(self, found: Comparison) -> None:
        told = [
            f"Only in the {side}: {', '.join(names)}."
            for side, names in (("first", found.only_first), ("second", found.only_second))
            if names
        ]
        told.append(
            f"{found.tests:,} tests; bold ones differ by more than chance explains after Holm's correction at 5 %. "
            "Hover for all of a row; ± is half the 95 % interval, in points."
        )
        self.only.setText(" ".join(told))


def _wall(costs: list[tuple[str, str, str, str]]) -> str:
    whole = next((cost for cost in costs if cost[1] == WHOLE), None)
    return f"{WHOLE}: {whole[2]} and {whole[3]}" if whole else "Seconds of each stage"
