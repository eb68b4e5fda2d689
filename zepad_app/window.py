"""The window: rail, header, pages, status strip; it routes between pages and holds no audit logic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QChildEvent, QEvent, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.arrangement import keep_parts, restore_parts, restore_window
from zepad_app.audit_model import AuditModel
from zepad_app.bundle_opening import BundleOpening
from zepad_app.command_table import command_table
from zepad_app.deeds import Deeds
from zepad_app.dialogs import may_close
from zepad_app.drops import DropReader, dropped_things, notice_of_route, promise, takes, working_notice
from zepad_app.failures import NoticeText, notice_of
from zepad_app.finish_notice import FinishNotice, words_of
from zepad_app.menus import RecentMenu, add_commands, add_look, follow_run, follow_undo
from zepad_app.page_book import AUDIT_PAGES, PageBook, place_of
from zepad_app.pages.page import Page
from zepad_app.routes import Route
from zepad_app.settings import Settings
from zepad_app.status_words import engine_words, window_title, work_words
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND
from zepad_app.undoing import UndoStack
from zepad_app.widgets.drop_overlay import DropOverlay
from zepad_app.widgets.header import Header
from zepad_app.widgets.nav_bar import NavBar
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.status_strip import StatusStrip
from zepad_engine import messages
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
        self.bundles = BundleOpening(model, self._show_notice, self)
        self.finish_notice = FinishNotice(model, self)
        self.setWindowTitle("ZePAD")
        self.setAcceptDrops(True)
        self.setMinimumSize(1000, 640)
        self.resize(1280, 800)
        self._arrange()
        self.overlay = DropOverlay(theme, self._centre)
        self.deeds = Deeds(self, model, theme, settings)
        self.commands = command_table(self, self.deeds)
        self.actions_by_key = add_commands(self, self.commands)
        self.recent = RecentMenu(settings, self._open_recent, self)
        self.actions_by_key["recent"].setMenu(self.recent)
        add_look(self, self.actions_by_key, theme, self.deeds.choose_scheme, self.deeds.choose_scale)
        follow_undo(self.undo, self.actions_by_key)
        self._connect()
        # Results and pictures need an audit at hand; the history can be read at once.
        self.show_page("history" if settings.place == "history" else "drop")
        self._on_changed()
        restore_window(self, settings)
        theme.dress(self.rail, self.header, self._notice_row, self.strip, self.overlay)
        self._tell_dropped_settings()

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        page = self.pages.page(name)
        if page not in self._listened:
            self._listened.add(page)
            restore_parts(page, self._settings)
            if isinstance(page, Page):
                page.heading_changed.connect(self._tell_header)
        self.notice.forget_done()
        focused = QApplication.focusWidget()
        if focused is not None and self.stack.isAncestorOf(focused):
            # Else Qt hands the focus to whatever comes first on the new page, which would look chosen.
            self.stack.setFocus()
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

    def childEvent(self, event: QChildEvent) -> None:
        """Dress dialogs and menus when they are first shown; what is in the window itself is dressed part by part."""
        super().childEvent(event)
        child = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(child, QWidget) and child is not self._centre:
            self._theme.dress(child)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while an audit runs; keep the geometry."""
        if self._model.state.busy and not self.confirm_close(self):
            event.ignore()
            return
        self._settings.geometry = self.saveGeometry()
        self._settings.place = place_of(self.pages.name_of(self.stack.currentWidget()))
        for page in self._listened:
            keep_parts(page, self._settings)
        if self.deeds.help is not None:
            self.deeds.help.close()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere; say what letting go would do."""
        if takes(event.mimeData()):
            event.acceptProposedAction()
            said = promise(
                event.mimeData(),
                can_inspect=self._model.state.report is not None,
                can_plan=self.pages.name_of(self.stack.currentWidget()) == "plan",
            )
            self.overlay.tell(said.sentence, said.advice, refused=said.refused)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The drag went elsewhere."""
        self.overlay.hide()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Route what was dropped."""
        self.overlay.hide()
        event.acceptProposedAction()
        self.open_files(dropped_things(event.mimeData()))

    def tell_failure(self, failure: Failed) -> None:
        """Show a failure that belongs to no page."""
        self.notice.tell(notice_of(failure))
        self._notice_row.show()

    def go_to(self, place: str) -> None:
        """Bring a place of the rail to the front."""
        self.show_page(self.pages.audit_page if place == "audit" else place)

    def new_audit(self) -> None:
        """Back to the start page, with no encoder chosen."""
        self._model.forget_inspected()
        self.show_page("running" if self._model.state.busy else "drop")

    def browse(self) -> None:
        """Choose files in a dialog."""
        self.pages.browse()

    def run_plan(self) -> None:
        """Start the plan that is in front."""
        if self.pages.name_of(self.stack.currentWidget()) == "plan":
            self._act()

    def load_plan(self) -> None:
        """Choose a plan, and edit it."""
        if self.pages.name_of(self.stack.currentWidget()) == "plan":
            self.pages.plan_files.load()
        elif path := self.pages.plan_files.choose():
            self._edit_plan_file(path)

    def cancel_run(self) -> None:
        """Stop the running audit; what is done is kept."""
        self._model.cancel()

    def hold_run(self) -> None:
        """Pause the running audit, or let it go on."""
        if self._model.state.phase == "paused":
            self._model.go_on()
        else:
            self._model.pause()

    def _arrange(self) -> None:
        self._listened: set[QWidget] = set()
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
        self._centre = QWidget()
        row = QHBoxLayout(self._centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(column, 1)
        self.setCentralWidget(self._centre)
        self._notice_row.hide()
        self.notice.hidden.connect(self._notice_row.hide)

    def _connect(self) -> None:
        self._model.changed.connect(self._on_changed)
        self._model.finished.connect(self._on_finished)
        self._model.exported.connect(self._on_exported)
        self._model.failed.connect(self._on_failed)
        self._model.inspected.connect(self._remember)
        self._settings.preferences_changed.connect(self._theme.follow)
        self.header.acted.connect(self._act)
        self.header.went_back.connect(self._go_back)
        self.rail.chosen.connect(self.go_to)
        self.pages.files_chosen.connect(self.open_files)
        self.pages.plan_requested.connect(self._plan)
        self.pages.run_opened.connect(self._open_run)
        self.pages.page_requested.connect(self.show_page)
        self.pages.inspection_requested.connect(self._inspect_run)
        self.pages.export_requested.connect(self.deeds.export)
        self.notice.remedied.connect(self._on_remedied)
        self.drops.routed.connect(self._follow)
        self.drops.working.connect(lambda files: self._show_notice(working_notice(files)))

    def _act(self) -> None:
        page = self.stack.currentWidget()
        if isinstance(page, Page):
            page.act()

    def _go_back(self) -> None:
        page = self.stack.currentWidget()
        if isinstance(page, Page):
            page.go_back()

    def _on_changed(self) -> None:
        state = self._model.state
        self.setWindowTitle(window_title(state))
        self.strip.tell(state.engine, engine_words(state), work_words(state))
        if state.busy and not self._was_busy:
            self.show_page("running")
        self._was_busy = state.busy
        follow_run(state, self.actions_by_key)
        self._tell_header()

    def _on_finished(self, report: AuditReport, folder: Path) -> None:
        self._settings.remember(folder)
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
            case "bundle":
                self.bundles.open(route.paths[0])
            case "plan":
                self._edit_plan_file(route.paths[0])
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
        if event.request == self.pages.preview.asked:
            return
        self.notice.tell(NoticeText(kind="done", sentence=f"The report was written to {event.path}.", advice=""))
        self._notice_row.show()

    def _on_failed(self, failure: Failed) -> None:
        # Pages have notices for what they asked; this one is for exports, runs opened and the engine itself.
        elsewhere = self.pages.name_of(self.stack.currentWidget()) not in AUDIT_PAGES
        if failure.request == self.deeds.exporting or (not failure.request and elsewhere):
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
        on_plan = self.pages.name_of(self.stack.currentWidget()) == "plan"
        for key in ("save_plan", "save_plan_as"):
            self.actions_by_key[key].setEnabled(on_plan)
        self.actions_by_key["load_plan"].setEnabled(self._model.state.ready is not None)

    def _plan(self, plan: AuditPlan) -> None:
        self.pages.edit_plan(plan)
        self.show_page("plan")

    def _open_run(self, folder: Path) -> None:
        self._model.load_run(folder)

    def _inspect_run(self, folder: Path) -> None:
        """Open a finished audit among its own test images."""
        if self._model.load_run(folder):
            self.show_page("inspect")
            self.pages.show_test_images()

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

    def _edit_plan_file(self, path: Path) -> None:
        if self._model.state.ready is None:
            self._tell("The engine is still starting.", "Wait until it is ready, then open the plan again.")
            return
        trouble = self.pages.plan_files.load_file(path)
        if trouble is None:
            self.show_page("plan")
        else:
            self._show_notice(trouble)

    def _open_recent(self, path: Path) -> None:
        if path.is_dir() and (path / "report.json").is_file():
            self._open_run(path)
        else:
            self.open_files((path,))

    def _remember(self, opened: messages.Inspected) -> None:
        if not opened.path.startswith("sample:"):
            self._settings.remember(Path(opened.path))

    def _tell_dropped_settings(self) -> None:
        if self._settings.dropped:
            sentence = (
                f"These settings could not be read and stand at their defaults: {', '.join(self._settings.dropped)}."
            )
            self._tell(sentence, f"They are kept in {self._settings.path}.")
