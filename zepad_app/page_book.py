"""The pages, each made when it is first needed, so that the window paints before pyqtgraph is loaded."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.history import remember_run
from zepad_app.pages.drop import DropPage
from zepad_app.pages.page import Heading, Page
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.plan_files_menu import PlanFiles
from zepad_app.report_preview import ReportPreview
from zepad_app.results.in_turn import InTurn
from zepad_app.settings import Settings
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.undoing import UndoStack
from zepad_engine.findings import AuditReport
from zepad_engine.plan import AuditPlan

if TYPE_CHECKING:
    from zepad_app.pages.compare import ComparePage
    from zepad_app.pages.inspect import InspectPage
    from zepad_app.pages.results import ResultsPage

AUDIT_PAGES: Final = ("drop", "plan", "running")
# In the order in which they are likely to be asked for.
_AHEAD: Final = ("plan", "running", "results", "inspect", "history", "compare")

# Too large to be dressed in one go when the look changes: they dress their parts.
_IN_PARTS: Final = ("results", "inspect")


def place_of(page: str) -> str:
    """The place on the rail a page belongs to."""
    return "audit" if page in AUDIT_PAGES else "history" if page == "compare" else page


class PageBook(QObject):
    """Makes pages, joins their signals and remembers which page of the audit was last in front."""

    files_chosen = Signal(tuple)
    plan_requested = Signal(object)
    run_opened = Signal(object)
    page_requested = Signal(str)
    inspection_requested = Signal(object)
    export_requested = Signal(str)

    def __init__(
        self, model: AuditModel, theme: Theme, settings: Settings, undo: UndoStack, stack: QStackedWidget
    ) -> None:
        super().__init__(stack)
        self._model = model
        self._theme = theme
        self._settings = settings
        self.undo = undo
        self._stack = stack
        self._pages: dict[str, QWidget] = {}
        self.audit_page = "drop"
        self.thresholds = Thresholds(settings, self)
        self.preview = ReportPreview(model, self)
        self.turns = InTurn(self)

    @property
    def made_ahead(self) -> bool:
        """Whether every page is there."""
        return all(name in self._pages for name in _AHEAD) and self.turns.settled

    def make_ahead(self) -> None:
        """Make the pages before anybody asks for them, each in a turn of the event loop."""
        # What is there by then stays: to look through it for garbage again and again took up to 0.2 s each time.
        self.turns.start((lambda: None, *(partial(self._made, name) for name in _AHEAD), gc.freeze))

    def page(self, name: str) -> QWidget:
        """The page of a name, made now if need be."""
        if name in AUDIT_PAGES:
            self.audit_page = name
        return self._made(name)

    def _made(self, name: str) -> QWidget:
        if name not in self._pages:
            makers: dict[str, Callable[[], QWidget]] = {
                "drop": self._make_drop,
                "plan": self._make_plan,
                "running": self._make_running,
                "results": self._make_results,
                "inspect": self._make_inspect,
                "history": self._make_history,
                "compare": self._make_compare,
            }
            self._pages[name] = makers[name]()
            self._stack.addWidget(self._pages[name])
            if name not in _IN_PARTS:
                self._theme.dress(self._pages[name])
        return self._pages[name]

    def name_of(self, page: QWidget | None) -> str:
        """The name of a page."""
        return next((name for name, known in self._pages.items() if known is page), "")

    def heading(self, page: QWidget | None) -> Heading:
        """What the header shows of a page."""
        if isinstance(page, Page):
            return page.heading
        report = self._model.state.report
        place = "Results" if self.name_of(page) == "results" else "Inspect"
        if report is None:
            return Heading(title=place)
        plan = report.plan
        detail = f"{place} · {plan.preset} preset · {plan.epsilon_255:g}/255 · seed {plan.seed}"
        return Heading(title=report.subject.name, detail=detail)

    def edit_plan(self, plan: AuditPlan) -> None:
        """Put a plan on the plan page."""
        page = self.page("plan")
        assert isinstance(page, PlanPage)
        page.show_plan(plan)

    def browse(self) -> None:
        """Choose files in a dialog, as the drop page does."""
        page = self.page("drop")
        assert isinstance(page, DropPage)
        page.browse()

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Put a finished audit on the results page."""
        page: ResultsPage = self.page("results")  # type: ignore[assignment]
        page.show_report(report, folder)
        remember_run(folder)
        drop = self.page("drop")
        assert isinstance(drop, DropPage)
        drop.expect_runs()

    def add_perturbations(self, files: tuple[Path, ...]) -> None:
        """Have perturbation files scored beside the attacks of the plan on its page."""
        page = self.page("plan")
        assert isinstance(page, PlanPage)
        page.add_perturbations(files)

    @property
    def plan_files(self) -> PlanFiles:
        """Loading and saving of the plan on its page, which shows one from now on."""
        page = self.page("plan")
        assert isinstance(page, PlanPage)
        return page.files

    def show_test_images(self) -> None:
        """Browse the images the audit at hand was tested on."""
        page: InspectPage = self.page("inspect")  # type: ignore[assignment]
        page.gallery.show_test_images()

    def show_images(self, images: tuple[Path, ...]) -> None:
        """Put pictures on the inspect page."""
        page: InspectPage = self.page("inspect")  # type: ignore[assignment]
        page.show_images(images)

    def _make_drop(self) -> DropPage:
        page = DropPage(self._model, self._theme, self._settings)
        page.files_chosen.connect(self.files_chosen)
        page.plan_requested.connect(self.plan_requested)
        page.run_opened.connect(self.run_opened)
        page.inspection_requested.connect(self.inspection_requested)
        return page

    def _make_plan(self) -> PlanPage:
        page = PlanPage(self._model, self._theme, self.undo, self._settings)
        page.closed.connect(lambda: self.page_requested.emit("drop"))
        return page

    def _make_running(self) -> QWidget:
        from zepad_app.pages.running import RunningPage

        page = RunningPage(self._model, self._theme)
        page.closed.connect(lambda: self.page_requested.emit("drop"))
        return page

    def _make_results(self) -> QWidget:
        from zepad_app.pages.results import ResultsPage

        page = ResultsPage(self._theme, self.thresholds, self.undo)
        page.inspect_requested.connect(lambda: self.page_requested.emit("inspect"))
        page.audit_requested.connect(lambda: self.page_requested.emit(self.audit_page))
        page.export_requested.connect(self.export_requested)
        page.paper_requested.connect(self.preview.ask)
        self.preview.written.connect(lambda path: page.paper.show_file(path))
        self.preview.failed.connect(lambda failure: page.paper.show_failure(failure))
        return page

    def _make_inspect(self) -> QWidget:
        from zepad_app.pages.inspect import InspectPage

        page = InspectPage(self._model, self._theme, self.thresholds)
        page.files_chosen.connect(self.files_chosen)
        page.audit_requested.connect(lambda: self.page_requested.emit(self.audit_page))
        return page

    def _make_history(self) -> QWidget:
        from zepad_app.pages.history import HistoryPage

        page = HistoryPage(self._model, self._theme)
        page.run_opened.connect(self.run_opened)
        page.plan_requested.connect(self.plan_requested)
        page.audit_requested.connect(lambda: self.page_requested.emit(self.audit_page))
        page.compare_requested.connect(self._compare)
        return page

    def _make_compare(self) -> QWidget:
        from zepad_app.pages.compare import ComparePage

        page = ComparePage(self._model, self._theme)
        page.history_requested.connect(lambda: self.page_requested.emit("history"))
        return page

    def _compare(self, first: Path, second: Path) -> None:
        page: ComparePage = self.page("compare")  # type: ignore[assignment]
        page.compare(first, second)
        self.page_requested.emit("compare")
