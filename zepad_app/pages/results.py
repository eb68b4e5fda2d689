"""Results: the verdict, then the evidence in tabs; a tab is made and drawn when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QAbstractScrollArea, QHBoxLayout, QMenu, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from zepad_app.results.adaptive_tab import AdaptiveTab
from zepad_app.results.attacks_tab import AttacksTab
from zepad_app.results.branches_tab import BranchesTab
from zepad_app.results.budget_tab import BudgetTab
from zepad_app.results.detection_tab import DetectionTab
from zepad_app.results.examples_tab import ExamplesTab
from zepad_app.results.in_turn import InTurn
from zepad_app.results.matrix_tab import MatrixTab
from zepad_app.results.paper_tab import PaperTab
from zepad_app.results.recipe import recipe_of
from zepad_app.results.recipe_popover import RecipePopover
from zepad_app.results.recipe_tab import RecipeTab
from zepad_app.results.summary_tab import SummaryTab
from zepad_app.results.training_tab import TrainingTab
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.tokens import AROUND, INSIDE
from zepad_app.undoing import UndoStack
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.empty_page import EmptyPage
from zepad_app.widgets.lifting import Lifting
from zepad_app.widgets.verdict_banner import VerdictBanner
from zepad_engine.evidence import Rate
from zepad_engine.export_formats import FORMATS
from zepad_engine.findings import AuditReport

_EMPTY = (
    "No audit to show yet",
    "Here you will see the verdict on an encoder: what an attack costs it on each task, what ZePAD wins back, "
    "and whether perturbed images are noticed. The sample audit takes a few minutes.",
    "Go to the audit",
)


# Of the tabs and the one in front.
_LOWEST = 300


class ReportTab(Protocol):
    """A widget that shows one side of a report."""

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show another report, whose run lies in ``folder``."""


class ResultsPage(QWidget):
    """What one finished audit found."""

    inspect_requested = Signal()
    export_requested = Signal(str)
    audit_requested = Signal()
    paper_requested = Signal(object)

    def __init__(self, theme: Theme, thresholds: Thresholds, undo: UndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report: AuditReport | None = None
        self._folder = Path()
        self._makers: dict[str, Callable[[], QWidget]] = {
            "Summary": lambda: SummaryTab(theme),
            "Matrix": lambda: MatrixTab(theme),
            "Budget": lambda: BudgetTab(theme),
            "Adaptive": lambda: AdaptiveTab(theme),
            "Detection": lambda: DetectionTab(theme, thresholds, undo),
            "Branches": lambda: BranchesTab(theme),
            "Examples": lambda: ExamplesTab(theme),
            "Attacks": lambda: AttacksTab(theme),
            "Training": lambda: TrainingTab(theme),
            "Recipe": lambda: RecipeTab(theme),
            "Report": self._make_paper,
        }
        self._made: dict[str, QWidget] = {}
        self._places: dict[str, QVBoxLayout] = {}
        self._stale: set[str] = set()
        self.turns = InTurn(self)
        self.banner = VerdictBanner(theme, self._actions())
        self.tabs = QTabWidget()
        self.lifting = Lifting(theme, self.banner, self.tabs, _LOWEST)
        self.empty = EmptyPage(theme, "results", _EMPTY, self.audit_requested.emit)
        self._stack = QStackedWidget()
        self._build()
        self.show_empty()

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show a finished audit; its pictures lie in ``folder``."""
        self._report, self._folder = report, folder
        self._stale = set(self._makers)
        self._stack.setCurrentIndex(1)
        steps = self._drawing(self.tabs.currentIndex())
        self.turns.start((lambda: self.banner.show_report(report), *steps))

    def explain(self, what: str, rate: Rate | None, place: QPoint) -> None:
        """Tell how a number on this page was measured, beside a place on the screen."""
        if self._report is not None:
            recipe = recipe_of(self._report, self._folder, what, rate)
            popover = RecipePopover(self._theme, recipe, self)
            self._theme.dress(popover)
            popover.show_at(place)

    def show_empty(self) -> None:
        """Say what will be here."""
        self._report = None
        self._stack.setCurrentIndex(0)

    def tab(self, name: str) -> QWidget:
        """The tab of a name, made now if need be; what was to be drawn in the next turns is drawn."""
        self.turns.settle()
        return self._make(name)

    @property
    def paper(self) -> PaperTab:
        """The tab that shows the report as it will be printed."""
        made = self.tab("Report")
        assert isinstance(made, PaperTab)
        return made

    def open_tab(self, name: str) -> None:
        """Bring a tab to the front."""
        self.tabs.setCurrentIndex(list(self._makers).index(name))

    def _make_paper(self) -> QWidget:
        made = PaperTab(self._theme)
        made.wanted.connect(self.paper_requested)
        return made

    def _build(self) -> None:
        for name in self._makers:
            place = QWidget()
            self._places[name] = QVBoxLayout(place)
            # Air below the tabs.
            self._places[name].setContentsMargins(0, 1, 0, 0)
            self.tabs.addTab(place, name)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.tabBar().setAccessibleName("Sides of the report")
        self.tabs.setStyleSheet(f"QTabWidget::tab-bar {{ left: {AROUND - 14}px; }} QTabWidget::pane {{ border: 0; }}")
        self.tabs.currentChanged.connect(lambda index: self.turns.start(self._drawing(index)))
        self.banner.checks_requested.connect(lambda: self.open_tab("Adaptive"))
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.lifting)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        # The tabs hold most of the window's widgets: each is dressed by itself, when it is made.
        self._theme.dress(self.empty, self.banner, self.tabs.tabBar(), *self.lifting.bars)

    def _actions(self) -> QWidget:
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 0, 0, 4)
        row.setSpacing(INSIDE)
        row.addWidget(secondary("Inspect an image", self.inspect_requested.emit))
        menu = QMenu(corner)
        menu.setToolTipsVisible(True)
        for form in FORMATS:
            action = menu.addAction(f"{form.name} ({form.ending})…")
            action.setToolTip(form.about)
            action.triggered.connect(lambda _checked=False, key=form.key: self.export_requested.emit(key))
        self.export = secondary("Export", lambda: None, "Export the report")
        self.export.setMenu(menu)
        row.addWidget(self.export)
        return corner

    def _make(self, name: str) -> QWidget:
        if name not in self._made:
            made = self._made[name] = self._makers[name]()
            self._theme.dress(self._place_of(name))
            self._places[name].addWidget(made)
            made.setAccessibleName(f"{name}, scrolled by the arrow keys")
            if isinstance(made, QAbstractScrollArea):
                self.lifting.share_wheel(made)
        return self._made[name]

    def _drawing(self, index: int) -> tuple[Callable[[], object], ...]:
        """The steps that bring a tab up to date: it is made in one turn and filled in the next."""
        name = self.tabs.tabText(index)
        if self._report is None or name not in self._stale:
            return ()
        # Until it is filled the page stays as it was, so that nobody sees half a tab.
        return partial(self._make_unseen, name), partial(self._fill, name)

    def _place_of(self, name: str) -> QWidget:
        place = self._places[name].parentWidget()
        assert place is not None
        return place

    def _make_unseen(self, name: str) -> None:
        self._place_of(name).setUpdatesEnabled(False)
        self._make(name)

    def _fill(self, name: str) -> None:
        assert self._report is not None
        self._stale.discard(name)
        tab: ReportTab = self._make(name)  # type: ignore[assignment]
        tab.show_report(self._report, self._folder)
        self._place_of(name).setUpdatesEnabled(True)
