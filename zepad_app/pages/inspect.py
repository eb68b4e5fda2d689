"""Inspect: one picture through the three branches of a finished run, with the crafted perturbation added at will."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.failures import notice_of
from zepad_app.inspection.controls import InspectControls
from zepad_app.inspection.judge_queue import JudgeQueue, Question
from zepad_app.inspection.judgement_view import JudgementView
from zepad_app.results.sheet import Sheet
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, INSIDE
from zepad_app.widgets.empty_page import EmptyPage
from zepad_app.widgets.notice import Notice
from zepad_engine.findings import AuditReport
from zepad_engine.messages import Failed
from zepad_engine.questions import Explained, Judged, Method

_NO_RUN = (
    "No finished audit to inspect with",
    "Here you will drop a picture and see what each branch says of it, how sure it is, who decides, and whether it "
    "is flagged. That needs the heads and the detector of a finished audit.",
    "Go to the audit",
)
_NO_IMAGE = (
    "Drop a picture anywhere on this page",
    "It goes through the audited encoder and the three branches of ZePAD; then add the crafted perturbation and "
    "watch the answers change.",
    "Random test image",
)


class InspectPage(QWidget):
    """Asks the model as controls move and shows the newest answer; a failure leaves the last one standing."""

    audit_requested = Signal()

    def __init__(self, model: AuditModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._folder: Path | None = None
        self._explaining = ""
        self.controls = InspectControls(theme)
        self.queue = JudgeQueue(self._send, self)
        self.view = JudgementView(theme)
        self.notice = Notice(theme)
        self.busy = QProgressBar()
        self.no_run = EmptyPage(theme, "inspect", _NO_RUN, self.audit_requested.emit)
        self.no_image = EmptyPage(theme, "image", _NO_IMAGE, self.controls.choose_random)
        self._inner = QStackedWidget()
        self._stack = QStackedWidget()
        self._build(theme)
        self._connect()
        self._on_state()

    def show_run(self, report: AuditReport, folder: Path) -> None:
        """Inspect with another finished run."""
        self._folder = folder
        self.queue.forget()
        self.notice.hide()
        self.controls.show_run(report)
        self._inner.setCurrentIndex(0)
        self._stack.setCurrentIndex(1)
        self._ask()

    def show_empty(self) -> None:
        """Say what will be here."""
        self._folder = None
        self.queue.forget()
        self._stack.setCurrentIndex(0)

    def show_images(self, paths: tuple[Path, ...]) -> None:
        """Judge the first of the pictures dropped on the window, and say how many there were."""
        self.controls.choose_file(paths[0], of=len(paths))

    def _build(self, theme: Theme) -> None:
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Judging the picture")
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(policy)
        self.busy.setFixedHeight(3)
        self.busy.hide()
        self._inner.addWidget(self.no_image)
        self.sheet = Sheet(theme)
        self.sheet.column.setContentsMargins(0, 0, 0, INSIDE)
        self.sheet.column.addWidget(self.view)
        self.sheet.content.setMaximumWidth(1600)
        self._inner.addWidget(self.sheet)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(INSIDE)
        top = QVBoxLayout()
        top.setContentsMargins(AROUND, 0, AROUND, 0)
        top.setSpacing(INSIDE)
        for widget in (self.controls, self.notice, self.busy):
            top.addWidget(widget)
        column.addLayout(top)
        column.addWidget(self._inner, 1)
        for page in (self.no_run, full):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self) -> None:
        self.controls.asked.connect(self._ask)
        self.queue.busy_changed.connect(self.busy.setVisible)
        self.notice.remedied.connect(self._on_remedy)
        self._model.judged.connect(self._on_judged)
        self._model.explained.connect(self._on_explained)
        self._model.failed.connect(self._on_failed)
        self._model.finished.connect(self.show_run)
        self._model.changed.connect(self._on_engine)

    def _on_state(self) -> None:
        state = self._model.state
        if state.report is not None and state.folder is not None:
            self.show_run(state.report, state.folder)
        else:
            self.show_empty()

    def _ask(self) -> None:
        question = self.controls.question()
        if question is not None and self._folder is not None:
            self.queue.ask(question)

    def _send(self, question: Question) -> str:
        return self._model.judge(
            question.image,
            question.task,
            question.attack,
            question.epsilon_255,
            self._folder,
        )

    def _on_judged(self, judged: Judged) -> None:
        if not self.queue.owns(judged.request) or self._folder is None:
            return
        self.notice.hide()
        self.view.show_judged(judged, self._folder)
        self._inner.setCurrentIndex(1)
        self.queue.settle(judged.request)
        self._explaining = ""
        method = str(self.controls.attribution.currentData())
        if method == "none":
            self.view.show_explained(None)
        else:
            self._explaining = self._model.explain(judged.subject, msgspec.convert(method, Method))

    def _on_explained(self, explained: Explained) -> None:
        if explained.request == self._explaining:
            self.view.show_explained(explained)

    def _on_failed(self, failed: Failed) -> None:
        if failed.request and failed.request == self._explaining:
            self.view.show_explained(None)
            self.notice.tell(notice_of(failed))
        if self.queue.owns(failed.request):
            self.notice.tell(notice_of(failed))
            self.queue.settle(failed.request)

    def _on_engine(self) -> None:
        if self._model.state.engine == "stopped" and self.queue.flying:
            self.queue.forget()

    def _on_remedy(self, remedy: str) -> None:
        if remedy == "open":
            self.controls.browse()
        elif remedy == "restart":
            self._model.start_engine()
            self._ask()
