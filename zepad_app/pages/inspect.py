"""Inspect: pictures through the branches of a finished run, attacked at will, with why and where beside the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.failures import NoticeText, notice_of
from zepad_app.inspection.attack_bar import AttackBar
from zepad_app.inspection.gallery import Gallery
from zepad_app.inspection.inquiry import Inquiry
from zepad_app.inspection.sentences import alarms_of
from zepad_app.inspection.workbench import Workbench
from zepad_app.results.in_turn import InTurn
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.empty_page import EmptyPage
from zepad_app.widgets.notice import Notice
from zepad_engine.findings import AuditReport
from zepad_engine.messages import Failed
from zepad_engine.questions import Judged

_NO_RUN = (
    "No finished audit to inspect with",
    "Here you will drop pictures and see what each branch says of them, how sure it is, who decides, and whether they "
    "are flagged. That needs the heads and the detector of a finished audit.",
    "Go to the audit",
)
_NO_IMAGE = (
    "Drop pictures or a folder anywhere",
    "Or paste them. They go through the audited encoder and the three branches of ZePAD; then attack them and watch "
    "the answers change. No pictures at hand? Browse those the audit was tested on.",
    "Browse test images",
)
_OPENING = (
    "Opening the audit",
    "Its encoders, heads and pictures are opened for the first answer; those after it take a moment only.",
    "",
)
_REFUSED = ("This picture cannot be judged", "", "Next picture")
_ON_ITS_WAY: Final = (
    "An audit is running",
    "When it has finished, drop pictures here and see what each branch says of them, how sure it is, who decides, and "
    "whether they are flagged.",
    "Watch the audit",
)
_WAITING: Final = "An audit is running. Pictures are judged again when it has finished."
_NOTHING_TO_PASTE: Final = NoticeText(
    kind="done",
    sentence="The clipboard holds no picture and no file.",
    advice="Copy an image, or files in a file manager, and paste again.",
)
# The filmstrip's width at the usual text size.
_STRIP: Final = 208
NO_RUN, INSPECTING = range(2)
NO_IMAGE, OPENING, REFUSED, JUDGED = range(4)


class InspectPage(QWidget):
    """Shows the newest answer, ``judged``; what is older fades or is dropped. A failure leaves the last one there."""

    audit_requested = Signal()
    files_chosen = Signal(tuple)

    def __init__(self, model: AuditModel, theme: Theme, thresholds: Thresholds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._thresholds = thresholds
        self._folder: Path | None = None
        self._report: AuditReport | None = None
        self.judged: Judged | None = None
        self.gallery = Gallery(theme)
        self.strip = self.gallery.strip
        self.attack = AttackBar(theme)
        self.bench = Workbench(theme)
        self.inquiry = Inquiry(model, self.gallery, self.attack, self.bench, self)
        self.notice = Notice(theme)
        self.waiting = theme.label(_WAITING, soft=True)
        self.busy = QProgressBar()
        self.no_run = EmptyPage(theme, "inspect", _NO_RUN, self.audit_requested.emit)
        self.no_image = EmptyPage(theme, "image", _NO_IMAGE, self.gallery.show_test_images)
        self.opening = EmptyPage(theme, "waiting", _OPENING, lambda: None)
        self.refused = EmptyPage(theme, "wrong", _REFUSED, lambda: self.strip.step(1))
        self.inner = QStackedWidget()
        self.turns = InTurn(self)
        self.stack = QStackedWidget()
        self._build()
        self._connect()
        self._dress()
        self._offer()
        self._on_state()

    def show_run(self, report: AuditReport, folder: Path) -> None:
        """Inspect with another finished run."""
        self._folder, self._report, self.judged = folder, report, None
        self.notice.hide()
        self.inquiry.ask_of(folder)
        self.strip.delegate.folder = folder
        self.attack.show_run(report)
        self.gallery.show_run(report)
        self.inner.setCurrentIndex(NO_IMAGE)
        self.stack.setCurrentIndex(INSPECTING)
        self._on_task()

    def show_empty(self) -> None:
        """Say what will be here."""
        self._folder = self._report = None
        self.inquiry.ask_of(None)
        self.stack.setCurrentIndex(NO_RUN)

    def show_images(self, paths: tuple[Path, ...]) -> None:
        """Put the user's pictures on the strip and judge the first of them."""
        self.gallery.show_files(paths)

    def paste(self) -> None:
        """Take pictures from the clipboard."""
        if not self.gallery.paste():
            self.notice.tell(_NOTHING_TO_PASTE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F shows the flagged ones only, space attacks; what no control wanted for itself comes here."""
        if not self._hot_key(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The strip would search names for an F and take a space for a click."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._hot_key(event):
            return True
        return super().eventFilter(watched, event)

    def _hot_key(self, event: QKeyEvent) -> bool:
        keys = {Qt.Key.Key_F: self.strip.toggle_flagged, Qt.Key.Key_Space: self.attack.toggle}
        act = keys.get(Qt.Key(event.key())) if event.modifiers() == Qt.KeyboardModifier.NoModifier else None
        if act is None or not self.attack.isEnabled():
            return False
        act()
        return True

    def _build(self) -> None:
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Asking the engine")
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(policy)
        self.busy.setFixedHeight(3)
        self.busy.hide()
        self.waiting.hide()
        self.opening.next.hide()
        # Outermost first: a widget is dressed anew with all that is in it each time it is put into another.
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        full = QWidget()
        self.stack.addWidget(self.no_run)
        self.stack.addWidget(full)
        row = QHBoxLayout(full)
        row.setContentsMargins(AROUND, BETWEEN, AROUND, INSIDE)
        row.setSpacing(BETWEEN)
        row.addWidget(self.gallery)
        right = QVBoxLayout()
        right.setSpacing(4)
        row.addLayout(right, 1)
        for widget in (self.attack, self.busy, self.waiting, self.notice):
            right.addWidget(widget)
        right.addWidget(self.inner, 1)
        for page in (self.no_image, self.opening, self.refused):
            self.inner.addWidget(page)
        # Half of the page's widgets, and none is seen before the first answer.
        self.turns.start((lambda: None, self._join_bench))
        parts = (self.gallery, self.attack, self.busy, self.waiting, self.notice)
        self._theme.dress(*parts, self.no_run, self.no_image, self.opening, self.refused)

    def _join_bench(self) -> None:
        self.inner.addWidget(self.bench)
        self._theme.dress(*self.bench.parts)

    def _connect(self) -> None:
        self.strip.view.installEventFilter(self)
        self.strip.filled.connect(self._on_filled)
        self.gallery.files_chosen.connect(self.files_chosen)
        self.gallery.task_changed.connect(self._on_task)
        self.inquiry.judged.connect(self._on_judged)
        self.inquiry.refused.connect(self._on_refused)
        self.inquiry.queue.flying_changed.connect(self._on_flying)
        self.notice.remedied.connect(self._on_remedy)
        self._thresholds.changed.connect(self._on_threshold)
        self._model.finished.connect(self.show_run)
        self._model.changed.connect(self._on_engine)
        self._theme.changed.connect(self._dress)

    def _on_state(self) -> None:
        state = self._model.state
        if state.report is not None and state.folder is not None:
            self.show_run(state.report, state.folder)
        else:
            self.show_empty()
        self._on_engine()

    def _own_threshold(self) -> float | None:
        return self._thresholds.chosen(self._folder, self.gallery.task_key) if self._folder else None

    def _on_task(self) -> None:
        self.strip.film.use_threshold(self._own_threshold())
        self.inquiry.sift()
        self.inquiry.ask()

    def _on_filled(self) -> None:
        self._offer()
        if self.strip.film.images:
            self.inner.setCurrentIndex(OPENING if self.judged is None else self.inner.currentIndex())
        else:
            self.judged = None
            self.inquiry.forget()
            self.inner.setCurrentIndex(NO_IMAGE)

    def _offer(self) -> None:
        """Without pictures there is nothing to attack, to filter or to sort."""
        some = bool(self.strip.film.images)
        for control in (self.attack, self.strip.filter, self.strip.sort, self.gallery.attacked):
            control.setEnabled(some)

    def _on_judged(self, judged: Judged) -> None:
        self.judged = judged
        self.notice.hide()
        self.turns.settle()
        self._show_judged(judged)
        self.inner.setCurrentIndex(JUDGED)

    def _show_judged(self, judged: Judged) -> None:
        if self._folder is None or self._report is None:
            return
        own = self._own_threshold()
        self.bench.show_judged(judged, self._folder, alarms_of(self._report, judged.subject.task, own), own)
        self.strip.show_scale(judged, judged.threshold if own is None else own)

    def _on_refused(self, failed: Failed) -> None:
        if failed.code.startswith("image."):
            # The picture shown last is another one: it must not stand for this.
            self.refused.sentence.setText(f"{failed.sentence} {failed.advice}".strip())
            self.inner.setCurrentIndex(REFUSED)
        else:
            self.notice.tell(notice_of(failed))

    def _on_threshold(self, folder: Path, task: str) -> None:
        if folder == self._folder and task == self.gallery.task_key:
            self.strip.film.use_threshold(self._own_threshold())
            if self.judged is not None:
                self._show_judged(self.judged)

    def _on_flying(self) -> None:
        self.busy.setVisible(self.inquiry.queue.flying is not None)

    def _dress(self) -> None:
        self.gallery.setFixedWidth(round(_STRIP * (0.6 + 0.4 * self._theme.scale)))

    def _on_engine(self) -> None:
        self.waiting.setVisible(self._model.state.busy)
        self.no_run.tell(_ON_ITS_WAY if self._model.state.busy else _NO_RUN)

    def _on_remedy(self, remedy: str) -> None:
        if remedy == "open":
            self.gallery.browse()
        elif remedy == "restart":
            self._model.start_engine()
            self.inquiry.ask_again()
