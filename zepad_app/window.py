"""The window: rail, header, pages, status strip; it routes between pages and holds no audit logic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.dialogs import may_close, shortcuts_dialog, show_about
from zepad_app.drops import DropReader, dropped_things, notice_of_route, takes, working_notice
from zepad_app.failures import NoticeText, notice_of
from zepad_app.finish_notice import FinishNotice, words_of
from zepad_app.menus import Command, add_commands, add_look, follow_undo
from zepad_app.page_book import AUDIT_PAGES, PageBook, place_of
from zepad_app.pages.page import Page
from zepad_app.routes import Route
from zepad_app.settings import Settings
from zepad_app.status_words import engine_words, window_title, work_words
from zepad_app.theme import Scheme, Theme
from zepad_app.tokens import AROUND
from zepad_app.undoing import UndoStack
from zepad_app.widgets.header import Header
from zepad_app.widgets.nav_bar import NavBar
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.status_strip import StatusStrip
from zepad_engine.findings import AuditReport
from zepad_engine.messages import Exported, Failed
from zepad_engine.plan import AuditPlan

_PLACES = (
    ("audit", "Audit", "audit"),
    ("results", "Results", "results"),
    ("inspect", "Inspect", "inspect"),
    ("history", "History", "history"),
)


class Window(QMainWindow):
    """The main window."""

    painted = Signal()

    def __init__(self, model: AuditModel, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._model = model
        self._theme = theme
        self._settings = settings
        self._was_busy = False
        self._exporting = "none yet"
        self._shown_once = False
        self.confirm_close: Callable[[QWidget], bool] = may_close
        self.stack = QStackedWidget()
        self.undo = UndoStack(self)
        self.pages = PageBook(model, theme, settings, self.undo, self.stack)
        self.rail = NavBar(theme, _PLACES)
        self.header = Header(theme)
        self.strip = StatusStrip(theme)
        self.notice = Notice(theme)
        self.drops = DropReader(self)
        self.finish_notice = FinishNotice(model, self)
        self.setWindowTitle("ZePAD")
        self.setAcceptDrops(True)
        self.setMinimumSize(1000, 640)
        self.resize(1280, 800)
        self._arrange()
        self._commands = self._table()
        self.actions_by_key = add_commands(self, self._commands)
        self._add_look_menu()
        follow_undo(self.undo, self.actions_by_key)
        self._connect()
        self.show_page("drop")
        self._on_changed()
        self.restoreGeometry(settings.geometry)

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        page = self.pages.page(name)
        if isinstance(page, Page) and page not in self._listened:
            self._listened.add(page)
            page.heading_changed.connect(self._tell_header)
        self.notice.forget_done()
        self.stack.setCurrentWidget(page)
        self.rail.show_place(place_of(name))
        self._tell_header()

    def open_files(self, things: tuple[Path | QUrl, ...]) -> None:
        """Send dropped or chosen files where they belong, at once if they are few."""
        self.notice.hide()
        self.drops.read(things)

    def showEvent(self, event: QShowEvent) -> None:
        """After the first paint, tell those who have waited for it."""
        super().showEvent(event)
        if not self._shown_once:
            self._shown_once = True
            # Nothing is chosen at first; without this the first control would wear the focus ring.
            self.stack.setFocus()
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while an audit runs; keep the geometry."""
        if self._model.state.busy and not self.confirm_close(self):
            event.ignore()
            return
        self._settings.geometry = self.saveGeometry()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere."""
        if takes(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Route what was dropped."""
        event.acceptProposedAction()
        self.open_files(dropped_things(event.mimeData()))

    def tell_failure(self, failure: Failed) -> None:
        """Show a failure that belongs to no page."""
        self.notice.tell(notice_of(failure))
        self._notice_row.show()

    def _arrange(self) -> None:
        self._listened: set[Page] = set()
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._notice_row = QWidget()
        notice_row = QHBoxLayout(self._notice_row)
        notice_row.setContentsMargins(AROUND, AROUND, AROUND, 0)
        notice_row.addWidget(self.notice)
        column.addWidget(self.header)
        column.addWidget(self._notice_row)
        column.addWidget(self.stack, 1)
        column.addWidget(self.strip)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(column, 1)
        self.setCentralWidget(centre)
        self._notice_row.hide()
        self.notice.hidden.connect(self._notice_row.hide)

    def _connect(self) -> None:
        self._model.changed.connect(self._on_changed)
        self._model.finished.connect(self._on_finished)
        self._model.exported.connect(self._on_exported)
        self._model.failed.connect(self._on_failed)
        self.header.acted.connect(self._act)
        self.header.went_back.connect(self._go_back)
        self.rail.chosen.connect(self._on_place)
        self.pages.files_chosen.connect(self.open_files)
        self.pages.plan_requested.connect(self._plan)
        self.pages.run_opened.connect(self._open_run)
        self.pages.page_requested.connect(self.show_page)
        self.pages.export_requested.connect(self._export)
        self.notice.remedied.connect(self._on_remedied)
        self.drops.routed.connect(self._follow)
        self.drops.working.connect(lambda files: self._show_notice(working_notice(files)))

    def _table(self) -> tuple[Command, ...]:
        rows: tuple[tuple[str, str, str, str, Callable[[], object]], ...] = (
            ("open", "&File", "&Open…", "Ctrl+O", self._browse),
            ("run", "&File", "&Run the plan", "F5", self._run_plan),
            ("cancel", "&File", "&Cancel the audit", "Ctrl+.", self._model.cancel),
            ("html", "&File", "Export report as &HTML…", "Ctrl+E", lambda: self._export("html")),
            ("json", "&File", "Export report as &JSON…", "Ctrl+Shift+E", lambda: self._export("json")),
            ("quit", "&File", "&Quit", "Ctrl+Q", self.close),
            ("undo", "&Edit", "&Undo", "Ctrl+Z", self.undo.undo),
            ("redo", "&Edit", "&Redo", "Ctrl+Shift+Z", self.undo.redo),
            ("audit", "&View", "&Audit", "Ctrl+1", lambda: self._on_place("audit")),
            ("results", "&View", "&Results", "Ctrl+2", lambda: self._on_place("results")),
            ("inspect", "&View", "&Inspect", "Ctrl+3", lambda: self._on_place("inspect")),
            ("history", "&View", "&History", "Ctrl+4", lambda: self._on_place("history")),
            ("dark", "&View", "&Switch light and dark", "Ctrl+Shift+L", self._switch_scheme),
            ("keys", "&Help", "&Keyboard shortcuts", "F1", lambda: shortcuts_dialog(self, self._commands).exec()),
            ("about", "&Help", "&About ZePAD", "", lambda: show_about(self, self._model.state.ready)),
        )
        return tuple(
            Command(key=key, menu=menu, text=text, shortcut=keys, act=act) for key, menu, text, keys, act in rows
        )

    def _add_look_menu(self) -> None:
        menus = {action.text(): action.menu() for action in self.menuBar().actions()}
        add_look(menus["&View"], self._theme, self._choose_scheme, self._choose_scale)  # type: ignore[arg-type]

    def _act(self) -> None:
        page = self.stack.currentWidget()
        if isinstance(page, Page):
            page.act()

    def _go_back(self) -> None:
        page = self.stack.currentWidget()
        if isinstance(page, Page):
            page.go_back()

    def _on_place(self, place: str) -> None:
        self.show_page(self.pages.audit_page if place == "audit" else place)

    def _on_changed(self) -> None:
        state = self._model.state
        self.setWindowTitle(window_title(state))
        self.strip.tell(state.engine, engine_words(state), work_words(state))
        if state.busy and not self._was_busy:
            self.show_page("running")
        self._was_busy = state.busy
        has_report = state.report is not None and not state.busy
        for key, enabled in (
            ("html", has_report),
            ("json", has_report),
            ("cancel", state.phase in ("running", "paused")),
        ):
            self.actions_by_key[key].setEnabled(enabled)
        self._tell_header()

    def _on_finished(self, report: AuditReport, folder: Path) -> None:
        self.pages.show_report(report, folder)
        self.show_page("results")
        if self._model.state.phase == "done" and self._model.state.run_folder == folder:
            self._show_notice(NoticeText(kind="done", sentence=f"{words_of(self._model.state)[0]}.", advice=""))

    def _follow(self, route: Route) -> None:
        """Open what was dropped."""
        self.notice.hide()
        match route.destination:
            case "encoder":
                self.show_page("drop")
                self._model.inspect(route.paths[0])
            case "images":
                self._inspect_images(route.paths)
            case "perturbations":
                self._add_perturbations(route.paths)
            case "run":
                self._open_run(route.paths[0] if route.paths[0].is_dir() else route.paths[0].parent)
            case _:
                pass
        said = notice_of_route(route)
        if said is not None and self.notice.isHidden():
            self._show_notice(said)

    def _on_remedied(self, _remedy: str) -> None:
        self.drops.cancel()
        self.notice.hide()

    def _on_exported(self, event: Exported) -> None:
        self.notice.tell(NoticeText(kind="done", sentence=f"The report was written to {event.path}.", advice=""))
        self._notice_row.show()

    def _on_failed(self, failure: Failed) -> None:
        # Pages have notices for what they asked; this one is for exports, runs opened and the engine itself.
        elsewhere = self.pages.name_of(self.stack.currentWidget()) not in AUDIT_PAGES
        if failure.request == self._exporting or (not failure.request and elsewhere):
            self.tell_failure(failure)

    def _tell(self, sentence: str, advice: str) -> None:
        self._show_notice(NoticeText(sentence=sentence, advice=advice))

    def _show_notice(self, text: NoticeText) -> None:
        self.notice.tell(text)
        self._notice_row.show()

    def _tell_header(self) -> None:
        heading = self.pages.heading(self.stack.currentWidget())
        self.header.tell(
            heading.title,
            heading.detail,
            heading.action,
            enabled=heading.enabled,
            quiet=heading.quiet,
            back=heading.back,
        )
        self.actions_by_key["run"].setEnabled(heading.action == "Run" and heading.enabled)

    def _plan(self, plan: AuditPlan) -> None:
        self.pages.edit_plan(plan)
        self.show_page("plan")

    def _run_plan(self) -> None:
        if self.pages.name_of(self.stack.currentWidget()) == "plan":
            self._act()

    def _open_run(self, folder: Path) -> None:
        self._model.load_run(folder)

    def _inspect_images(self, images: tuple[Path, ...]) -> None:
        if self._model.state.report is None:
            self._tell("Images are judged by a finished audit.", "Run the sample audit, or open a recent one, first.")
            return
        self.show_page("inspect")
        self.pages.show_images(images)

    def _add_perturbations(self, files: tuple[Path, ...]) -> None:
        if self.pages.name_of(self.stack.currentWidget()) != "plan":
            self._tell("A perturbation joins an audit.", "Open an encoder and its plan first, then drop it there.")
            return
        self.pages.add_perturbations(files)

    def _browse(self) -> None:
        self.pages.browse()

    def _export(self, kind: str) -> None:
        report = self._model.state.report
        if report is None:
            return
        name = str(Path(self._settings.folder) / f"{report.subject.name}-audit.{kind}")
        path, _ = QFileDialog.getSaveFileName(self, "Export the report", name, f"{kind.upper()} (*.{kind})")
        if path:
            self._settings.folder = str(Path(path).parent)
            self._exporting = self._model.export(kind, Path(path))

    def _switch_scheme(self) -> None:
        self._choose_scheme("light" if self._theme.dark else "dark")

    def _choose_scheme(self, scheme: Scheme) -> None:
        self._settings.scheme = scheme
        self._theme.choose(scheme)

    def _choose_scale(self, scale: float) -> None:
        self._settings.text_scale = scale
        self._theme.set_scale(scale)
