"""History: every audit there was, to be opened, gone on with, compared, copied as a plan, or taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QPoint, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.failures import NoticeText
from zepad_app.history import RecentRun, forget_run
from zepad_app.pages.page import Heading, Page
from zepad_app.runs.library import RunLibrary
from zepad_app.runs.removal import deletable_for_good, delete_for_good, may_delete, may_delete_for_good, to_bin
from zepad_app.runs.runs_model import FilteredRuns, RunsModel
from zepad_app.runs.runs_table import RunsTable
from zepad_app.runs.wording import size_words
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain, secondary
from zepad_app.widgets.empty_page import EmptyPage
from zepad_app.widgets.notice import Notice
from zepad_engine.errors import AuditError
from zepad_engine.plan import plan_from_json

_EMPTY: Final = (
    "No audits yet",
    "Every audit you run or open will be listed here, with its verdict: to be opened again, to be gone on with where "
    "it stopped, and to be compared with another. The sample audit takes a few minutes.",
    "Go to the audit",
)
_HINT: Final = "Select two finished audits to compare them: hold Ctrl and click, or Ctrl and Space."


class HistoryPage(Page):
    """The table of past audits and what can be done with those selected."""

    run_opened = Signal(object)
    plan_requested = Signal(object)
    compare_requested = Signal(object, object)
    audit_requested = Signal()

    def __init__(self, model: AuditModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self.confirm_delete: Callable[[QWidget, tuple[RecentRun, ...], int | None], bool] = may_delete
        self.confirm_for_good: Callable[[QWidget, RecentRun], bool] = may_delete_for_good
        self.show_folder: Callable[[Path], object] = lambda folder: QDesktopServices.openUrl(
            QUrl.fromLocalFile(str(folder))
        )
        self.runs = RunsModel(self)
        self.shown = FilteredRuns(self.runs, self)
        self.table = RunsTable(theme, self.shown)
        self.library = RunLibrary(self)
        self.notice = Notice(theme)
        self.filter = QLineEdit()
        self.hint = theme.label(_HINT, "caption", soft=True)
        self.none = theme.label("", soft=True)
        self.buttons: dict[str, QPushButton] = {}
        self.empty = EmptyPage(theme, "history", _EMPTY, self.audit_requested.emit)
        self._stack = QStackedWidget()
        self._kept: tuple[Path, ...] = ()
        self._running: Path | None = None
        self._arrange()
        self._connect()

    @property
    def heading(self) -> Heading:
        """How many audits there are, and what the selection allows."""
        count, size = len(self.runs.runs), self.runs.size
        detail = f"{count:,} audit{'s' if count != 1 else ''}" if count else "Nothing here yet"
        if size:
            detail += f", {size_words(size)} on disk"
        action, enabled = self._action()
        return Heading(title="History", detail=detail, action=action, enabled=enabled)

    def act(self) -> None:
        """Compare two, open or resume one."""
        chosen = self.table.selected
        if len(chosen) == 2:
            # The older one first: a difference is what has changed since.
            first, second = sorted(chosen, key=lambda run: run.changed)
            self.compare_requested.emit(first.folder, second.folder)
        elif len(chosen) == 1:
            self._open(chosen[0])

    def showEvent(self, event: QShowEvent) -> None:
        """Read the runs anew."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Read the runs; what was selected stays selected."""
        self._kept = tuple(run.folder for run in self.table.selected)
        self.library.refresh()

    def _arrange(self) -> None:
        self.filter.setPlaceholderText("Filter by name, verdict, preset, state…")
        self.filter.setAccessibleName("Filter the audits")
        self.filter.setClearButtonEnabled(True)
        tools = QHBoxLayout()
        tools.setSpacing(INSIDE)
        tools.addWidget(self.filter, 1)
        tools.addSpacing(BETWEEN)
        for key, text, act in (
            ("folder", "Show folder", self._on_folder),
            ("plan", "Duplicate plan", self._on_duplicate),
        ):
            self.buttons[key] = secondary(text, act)
            tools.addWidget(self.buttons[key])
        self.buttons["delete"] = plain("Delete…", self._on_delete)
        tools.addWidget(self.buttons["delete"])
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(AROUND, AROUND, AROUND, BETWEEN)
        column.setSpacing(BETWEEN)
        for part in (self.notice, self.none):
            column.addWidget(part)
        column.insertLayout(1, tools)
        column.insertWidget(2, self.table, 1)
        column.addWidget(self.hint)
        self.none.hide()
        for page in (self.empty, full):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self) -> None:
        self.library.began.connect(self.runs.clear)
        self.library.found.connect(self._on_found)
        self.library.measured.connect(self.runs.measure)
        self.library.ended.connect(self._on_read)
        self.table.opened.connect(self._open)
        self.table.selection_changed.connect(self._on_selected)
        self.table.menu_asked.connect(self._on_menu)
        self.table.delete_asked.connect(self._on_delete)
        self.filter.textChanged.connect(self._on_filter)
        self._model.changed.connect(self._on_changed)
        self._on_changed()

    def _action(self) -> tuple[str, bool]:
        chosen = self.table.selected
        if len(chosen) == 2:
            return "Compare", all(run.state == "finished" for run in chosen)
        if len(chosen) != 1 or chosen[0].state == "missing":
            return "Open", False
        if chosen[0].state in ("finished", "running"):
            return "Open" if chosen[0].state == "finished" else "Watch", True
        return "Resume", not self._model.state.busy

    def _open(self, run: RecentRun) -> None:
        if run.state == "finished":
            self.run_opened.emit(run.folder)
        elif run.state == "running":
            self.audit_requested.emit()
        elif run.state == "can be resumed" and not self._model.state.busy:
            self._model.resume(run.folder)

    def _on_found(self, run: RecentRun) -> None:
        self.runs.add(msgspec.structs.replace(run, state="running") if run.folder == self._running else run)
        self._stack.setCurrentIndex(1)
        if run.folder in self._kept:
            self.table.select((*(each.folder for each in self.table.selected), run.folder))

    def _on_read(self) -> None:
        self._stack.setCurrentIndex(1 if self.runs.runs else 0)
        self._on_filter()
        self.heading_changed.emit()

    def _on_filter(self) -> None:
        self.shown.set_words(self.filter.text())
        nothing = bool(self.runs.runs) and not self.shown.rowCount()
        self.none.setText(f"No audit holds “{self.filter.text().strip()}”.")
        self.none.setVisible(nothing)
        self.table.setVisible(not nothing)
        self._on_selected()

    def _on_selected(self) -> None:
        chosen = self.table.selected
        there = [run for run in chosen if run.state != "missing"]
        self.buttons["folder"].setEnabled(len(there) == len(chosen) == 1)
        self.buttons["plan"].setEnabled(len(there) == len(chosen) == 1)
        gone = bool(chosen) and not there
        self.buttons["delete"].setText("Take off the list" if gone else "Delete…")
        self.hint.setText(_hint(chosen))
        self.buttons["delete"].setEnabled(bool(chosen) and not any(self._is_running(run) for run in chosen))
        self.heading_changed.emit()

    def _on_changed(self) -> None:
        state = self._model.state
        running = state.run_folder if state.busy else None
        if running != self._running:
            self._running = running
            if self.isVisible():
                self.refresh()
        self._on_selected()

    def _is_running(self, run: RecentRun) -> bool:
        return run.folder == self._running

    def _on_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        action, enabled = self._action()
        menu.addAction(action, self.act).setEnabled(enabled)
        menu.addSeparator()
        for button in self.buttons.values():
            menu.addAction(button.text(), button.click).setEnabled(button.isEnabled())
        menu.exec(place)

    def _on_folder(self) -> None:
        self.show_folder(self.table.selected[0].folder)

    def _on_duplicate(self) -> None:
        folder = self.table.selected[0].folder
        try:
            plan = plan_from_json((folder / "plan.json").read_bytes())
        except (OSError, AuditError):
            self._tell(f"The plan in {folder.name} cannot be read.", "Take another audit's plan.")
            return
        self.plan_requested.emit(plan)

    def _on_delete(self) -> None:
        chosen = tuple(run for run in self.table.selected if not self._is_running(run))
        there = tuple(run for run in chosen if run.state != "missing")
        if there and not self.confirm_delete(self, there, self.runs.size_of(there)):
            return
        for run in chosen:
            if run.state == "missing":
                forget_run(run.folder)
            elif not to_bin(run.folder):
                self._delete_without_bin(run)
        self.refresh()

    def _delete_without_bin(self, run: RecentRun) -> None:
        if not deletable_for_good(run.folder):
            self._tell(
                f"{run.folder.name} could not be moved to the bin, and nothing of it was deleted.",
                "Use Show folder and delete it there.",
            )
        elif self.confirm_for_good(self, run) and not delete_for_good(run.folder):
            self._tell(f"{run.folder.name} could not be deleted wholly.", "Use Show folder and delete the rest there.")

    def _tell(self, sentence: str, advice: str) -> None:
        self.notice.tell(NoticeText(sentence=sentence, advice=advice))


def _hint(chosen: tuple[RecentRun, ...]) -> str:
    """How to compare, or why what is selected cannot be."""
    if len(chosen) > 2:
        return f"Two audits can be compared at a time; {len(chosen)} are selected."
    unfinished = next((run for run in chosen if run.state != "finished"), None)
    if len(chosen) == 2 and unfinished is not None:
        why = "is missing" if unfinished.state == "missing" else "is not finished"
        return f"Only finished audits can be compared: {unfinished.folder.name} {why}."
    return _HINT
