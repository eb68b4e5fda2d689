"""What can be done with a plan's file: load, save, duplicate; troubles become the page's notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from zepad_app.failures import NoticeText
from zepad_app.plan_files import read_plan, suggested_name, write_plan
from zepad_app.settings import Settings
from zepad_engine.errors import AuditError
from zepad_engine.plan import AuditPlan

if TYPE_CHECKING:
    from zepad_app.pages.plan import PlanPage

_FILTER: Final = "Plans (*.json)"


class PlanFiles(QObject):
    """The file of the plan on a page; ``words`` name it for the heading."""

    def __init__(self, page: PlanPage, settings: Settings) -> None:
        super().__init__(page)
        self._page = page
        self._settings = settings
        self._path: Path | None = None
        self._saved: AuditPlan | None = None
        menu = page.head.menu
        menu.addAction("Load a plan…", self.load)
        menu.addAction("Save", self.save)
        menu.addAction("Save as…", self.save_as)
        menu.addSeparator()
        menu.addAction("Duplicate with the next seed", self.duplicate)

    @property
    def words(self) -> str:
        """What the heading adds: the file's name, and whether it holds what is shown."""
        if self._path is None:
            return ""
        return f" · {self._path.name}{'' if self._page.plan == self._saved else ', changed since'}"

    def forget(self) -> None:
        """The plan shown is in no file."""
        self._path = self._saved = None

    def load(self) -> None:
        """Choose a plan in a dialog and show it, or say on the page why not."""
        path = self.choose()
        trouble = self.load_file(path) if path else None
        if trouble is not None:
            self._page.notice.tell(trouble)

    def choose(self) -> Path | None:
        """The file chosen in a dialog."""
        path, _ = QFileDialog.getOpenFileName(self._page, "Load a plan", self._settings.folder, _FILTER)
        return Path(path) if path else None

    def load_file(self, path: Path) -> NoticeText | None:
        """Put the plan of a file in place of the one shown; or change nothing and give back why not."""
        self._page.draw()
        try:
            plan = read_plan(path, self._page.catalogue)
        except AuditError as trouble:
            return NoticeText(sentence=trouble.sentence, advice=trouble.advice)
        self._page.notice.hide()
        self._keep(path, plan)
        self._page.take_plan("load", plan)
        self._page.heading_changed.emit()
        return None

    def save(self) -> None:
        """Save where it was loaded from or saved last; else ask where."""
        if self._path is None:
            self.save_as()
        else:
            self._write(self._path)

    def save_as(self) -> None:
        """Ask where to save."""
        start = str(self._path or Path(self._settings.folder) / suggested_name(self._page.plan))
        path, _ = QFileDialog.getSaveFileName(self._page, "Save the plan", start, _FILTER)
        if path:
            self._write(Path(path))

    def duplicate(self) -> None:
        """The same plan with the next seed, in no file yet."""
        self.forget()
        self._page.take_plan("duplicate", msgspec.structs.replace(self._page.plan, seed=self._page.plan.seed + 1))
        self._page.heading_changed.emit()

    def _write(self, path: Path) -> None:
        try:
            path = write_plan(self._page.plan, path)
        except AuditError as trouble:
            self._page.notice.tell(NoticeText(sentence=trouble.sentence, advice=trouble.advice))
            return
        self._keep(path, self._page.plan)
        self._page.notice.tell(NoticeText(kind="done", sentence=f"The plan was saved as {path.name}.", advice=""))
        self._page.heading_changed.emit()

    def _keep(self, path: Path, plan: AuditPlan) -> None:
        self._path, self._saved = path, plan
        self._settings.folder = str(path.parent)
