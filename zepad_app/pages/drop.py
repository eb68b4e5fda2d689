"""The first page: drop an encoder, audit the sample, open a recent audit."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import PastAudit, estimate_of, in_words
from zepad_app.failures import notice_of
from zepad_app.history import last_audit, recent_runs, runs_stamp
from zepad_app.pages.page import Heading, Page
from zepad_app.routes import BUNDLE_ENDING, ENCODER_ENDINGS, IMAGE_ENDINGS, PLAN_ENDING
from zepad_app.settings import Settings
from zepad_app.state import Choosing, State
from zepad_app.theme import Theme, label
from zepad_app.tokens import INSIDE, SECTION
from zepad_app.widgets.cards import InspectCard, RunRow, SampleCard
from zepad_app.widgets.column import Column
from zepad_app.widgets.drop_zone import DropZone
from zepad_app.widgets.net_chooser import NetChooser
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.preflight_card import PreflightCard
from zepad_engine.card import Overrides
from zepad_engine.catalogue import Catalogue
from zepad_engine.messages import Failed
from zepad_engine.plan import AuditPlan
from zepad_engine.presets import with_preset
from zepad_engine.shown_names import shown_name

_FORMATS = (
    "Encoders: " + "  ".join(ENCODER_ENDINGS),
    "Images: " + "  ".join(IMAGE_ENDINGS[:5]),
    f"Audits: a run's folder, a bundle  {BUNDLE_ENDING}  or a plan  {PLAN_ENDING}",
)


_SAMPLE = "Universal perturbations against the bundled encoder, on four small tasks, without and with ZePAD."


class DropPage(Page):
    """Where an audit begins; ``files_chosen`` are routed by the window."""

    files_chosen = Signal(tuple)
    plan_requested = Signal(object)
    run_opened = Signal(object)
    inspection_requested = Signal(object)

    def __init__(self, model: AuditModel, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._settings = settings
        self.preflight: PreflightCard | None = None
        self.chooser: NetChooser | None = None
        self._choosing: Choosing | None = None
        self._wish = ""
        self._editor_hidden = False
        self._past: PastAudit | None = None
        self._stale = False
        self._stamp: frozenset[tuple[Path, float]] = frozenset()
        self.notice = Notice(theme)
        self.notice.remedied.connect(self._on_remedied)
        self.zone = DropZone(theme, "Drop an encoder to audit, or images to inspect", _FORMATS)
        self.zone.dropped.connect(self.files_chosen)
        self.zone.browse_requested.connect(self.browse)
        self.sample = SampleCard()
        self.sample.audit_requested.connect(lambda: model.start(self._sample_plan()))
        self.sample.plan_requested.connect(lambda: self.plan_requested.emit(self._sample_plan()))
        self.inspection = InspectCard()
        self.inspection.inspection_requested.connect(self.inspection_requested)
        self._column = Column(960)
        self._column.verticalScrollBar().rangeChanged.connect(self._on_lengthened)
        self._place = QVBoxLayout()
        self._below = QWidget()
        self._recent = QVBoxLayout(self._below)
        self._recent.setContentsMargins(0, 0, 0, 0)
        self._recent.setSpacing(INSIDE)
        self._arrange()
        model.changed.connect(self._on_changed)
        model.failed.connect(self._on_failed)
        theme.changed.connect(self.expect_runs)
        self.refresh_recent()
        self._on_changed()

    @property
    def heading(self) -> Heading:
        """Which encoder was dropped, or an invitation."""
        state = self._model.state
        inspected, choosing = state.inspected, state.choosing
        if choosing is not None:
            back = inspected.card.name if inspected else "Start page"
            return Heading(title=_name_of(choosing.path), detail="Holds several encoders", back=back)
        if inspected is None:
            return Heading(title="Audit an encoder", detail="Find out what a universal perturbation does to it")
        name = inspected.card.name
        return Heading(title=name, detail=_stage_of(state), action="Continue to plan", back="Start page")

    def act(self) -> None:
        """Plan the audit of the encoder that was dropped, read as the user said; its checks may go on."""
        inspected = self._model.state.inspected
        if inspected is not None and self._model.state.choosing is None:
            plan = AuditPlan(encoder=inspected.path, encoder_says=inspected.says)
            ready = self._model.state.ready
            plan = with_preset(plan, "standard", ready.catalogue if ready else Catalogue())
            self.plan_requested.emit(self._settings.preferences.into(plan))

    def go_back(self) -> None:
        """Choose none of several encoders, or put the one shown aside."""
        state = self._model.state
        self.notice.hide()
        if state.choosing is not None and state.inspected is not None:
            self._model.forget_choice()
        else:
            self._model.forget_inspected()

    def browse(self) -> None:
        """Choose files in a dialog."""
        endings = " ".join(f"*{ending}" for ending in (*ENCODER_ENDINGS, *IMAGE_ENDINGS, BUNDLE_ENDING, PLAN_ENDING))
        paths, _ = QFileDialog.getOpenFileNames(self, "Open", self._settings.folder, f"Encoders and images ({endings})")
        if paths:
            self._settings.folder = str(Path(paths[0]).parent)
            self.files_chosen.emit(tuple(Path(path) for path in paths))

    def expect_runs(self) -> None:
        """The runs folder, or its look, has changed: it is read again now, or when the page is next seen."""
        self._stale = True
        if self.isVisible():
            self.refresh_recent()

    def showEvent(self, event: QShowEvent) -> None:
        """List what has been run meanwhile."""
        super().showEvent(event)
        if self._stale or self._stamp != runs_stamp():
            self.refresh_recent()

    def refresh_recent(self) -> None:
        """Read the runs folder again."""
        self._stale, self._stamp = False, runs_stamp()
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._past = last_audit()
        runs = recent_runs()
        self.inspection.offer(next((run for run in runs if run.state == "finished"), None))
        self._show_cards()
        if runs:
            self._recent.addWidget(label("Recent audits", "section"))
            self._recent.addWidget(self._rows(tuple(RunRow(self._theme, run) for run in runs)))
        else:
            self._recent.addWidget(label("Audits you have run will be listed here.", "caption", soft=True))

    def _rows(self, rows: tuple[RunRow, ...]) -> QFrame:
        card = QFrame()
        card.setProperty("surface", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(INSIDE, INSIDE, INSIDE, INSIDE)
        column.setSpacing(0)
        for row in rows:
            row.opened.connect(self.run_opened)
            row.resumed.connect(self._model.resume)
            column.addWidget(row)
        return card

    def _arrange(self) -> None:
        body = self._column.body
        body.addWidget(self.notice)
        body.addLayout(self._place)
        body.addWidget(self.zone)
        body.addWidget(self.sample)
        body.addWidget(self.inspection)
        body.addSpacing(SECTION - 2 * INSIDE)
        body.addWidget(self._below)
        body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column)

    def _sample_plan(self) -> AuditPlan:
        ready = self._model.state.ready
        plan = self._settings.preferences.into(AuditPlan())
        return with_preset(plan, "quick", ready.catalogue if ready else Catalogue())

    def _on_changed(self) -> None:
        state = self._model.state
        name = _name_of(state.inspecting) if state.inspecting else ""
        if name:
            self.notice.hide()
        self._show_preflight(name)
        self._show_chooser()
        if self.preflight is not None:
            self.preflight.setVisible(state.choosing is None)
        self._show_cards()
        self.zone.set_title(f"Opening {name}…" if name else "Drop an encoder to audit, or images to inspect")
        self._tell_sample()
        self.heading_changed.emit()

    def _show_cards(self) -> None:
        """The start page, while no encoder is looked at; pictures are offered once there is an audit to judge them."""
        state = self._model.state
        start = state.inspected is None and state.choosing is None
        for widget in (self.zone, self.sample, self._below):
            widget.setVisible(start)
        self.inspection.setVisible(start and self.inspection.offered and not state.busy)

    def _tell_sample(self) -> None:
        state = self._model.state
        plan = self._sample_plan()
        ready = state.engine == "ready" and not state.busy
        if state.engine == "stopped" and state.ready is None:
            self.sample.tell(_SAMPLE, "The engine is not running.", ready=False)
        elif state.ready is None:
            self.sample.tell(_SAMPLE, "The engine is starting…", ready=False)
        elif state.busy:
            self.sample.tell(_SAMPLE, "An audit is running.", ready=False)
        else:
            seconds = estimate_of(plan, state.ready, self._past).seconds
            self.sample.tell(_SAMPLE, f"Quick preset, {in_words(seconds)} on this machine", ready=ready)

    def _show_preflight(self, opening: str) -> None:
        inspected, card = self._model.state.inspected, self.preflight
        if card is not None and inspected is not None and inspected.request == card.inspected.request:
            card.show_inspected(inspected, opening)
            return
        if card is not None:
            card.hide()
            card.deleteLater()
            self.preflight = None
        if inspected is not None:
            self.preflight = PreflightCard(self._theme, inspected)
            self.preflight.says_changed.connect(self._on_says_changed)
            self.preflight.editor_opened.connect(self._on_editor_opened)
            self._place.addWidget(self.preflight)
            self.notice.hide()
            if card is not None and card.editor is not None:
                self.preflight.edit.setFocus()

    def _on_editor_opened(self) -> None:
        # The form has its place after the next passes of the layout; the last one lengthens the page.
        self._editor_hidden = True
        QTimer.singleShot(0, self._show_editor)

    def _on_lengthened(self) -> None:
        if self._editor_hidden:
            self._editor_hidden = False
            self._show_editor()

    def _show_editor(self) -> None:
        if self.preflight is not None and self.preflight.editor is not None:
            self._column.ensureWidgetVisible(self.preflight.editor)

    def _show_chooser(self) -> None:
        choosing = self._model.state.choosing
        if choosing == self._choosing:
            return
        self._choosing = choosing
        if self.chooser is not None:
            self.chooser.hide()
            self.chooser.deleteLater()
            self.chooser = None
        if choosing is not None:
            self.chooser = NetChooser(choosing)
            self.chooser.chosen.connect(self._on_net_chosen)
            self.chooser.dismissed.connect(self.go_back)
            self._place.addWidget(self.chooser)

    def _on_net_chosen(self, net: str) -> None:
        choosing = self._model.state.choosing
        if choosing is not None:
            self._model.inspect(choosing.path, msgspec.structs.replace(choosing.says, net=net))

    def _on_says_changed(self, says: Overrides) -> None:
        inspected = self._model.state.inspected
        if inspected is not None:
            self._wish = self._model.inspect(inspected.path, says)

    def _on_failed(self, failure: Failed) -> None:
        editor = self.preflight.editor if self.preflight is not None else None
        if failure.choices:
            return  # the chooser says it
        if editor is not None and failure.request == self._wish:
            editor.tell_refusal(f"{failure.sentence} {failure.advice}".strip())
        elif failure.request != self._model.state.run or not failure.request:
            self.notice.tell(notice_of(failure))

    def _on_remedied(self, remedy: str) -> None:
        self.notice.hide()
        if remedy == "restart":
            self._model.start_engine()
        elif remedy == "open":
            self.browse()


def _name_of(path: str) -> str:
    return shown_name(Path(path).name or path)


def _stage_of(state: State) -> str:
    if state.inspecting:
        return f"Opening {_name_of(state.inspecting)}…"
    return "Opened, the checks are running" if state.checking else "Opened, not audited yet"
