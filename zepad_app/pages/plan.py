"""The plan of an audit: a preset, six folding sections, the estimate, and Run."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import estimate_seconds, in_words
from zepad_app.failures import notice_of
from zepad_app.history import last_timings
from zepad_app.pages.adaptive_section import AdaptiveSection
from zepad_app.pages.page import Heading, Page
from zepad_app.pages.plan_section import PlanSection
from zepad_app.pages.plan_sections import AttackSection, DataSection, DefenceSection, RunningSection, ThreatSection
from zepad_app.pages.plan_words import name_of_source, running_in_words, summaries
from zepad_app.plan_edit import with_value
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.column import Column
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.segments import Segments
from zepad_app.widgets.warning_strip import WarningStrip
from zepad_engine.card import Overrides
from zepad_engine.catalogue import Catalogue
from zepad_engine.costs import net_factor
from zepad_engine.messages import Failed
from zepad_engine.plan import AuditPlan, OfficialSwitches, Preset
from zepad_engine.plan_checks import troubles
from zepad_engine.presets import with_preset

_PRESETS = (
    ("quick", "Quick", "Shows that it works, in a few minutes."),
    ("standard", "Standard", "The measured default."),
    ("paper", "Paper", "The published settings; wants a GPU."),
)
_MODES = (("corrected", "Corrected"), ("official", "Official, with the faults of the release"))


class PlanPage(Page):
    """Edits one plan; each change is validated and estimated at once."""

    closed = Signal()

    def __init__(self, model: AuditModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._plan = AuditPlan()
        self._catalogue: Catalogue | None = None
        self._edited = False
        self.sections: dict[str, PlanSection] = {}
        self.notice = Notice(theme)
        self.presets = Segments(theme, _PRESETS, "Preset")
        self.presets.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.presets.chosen.connect(self._on_preset)
        self.mode = ChoiceInput(_MODES)
        self.mode.currentIndexChanged.connect(self._on_mode)
        self.seed = IntegerInput(0, 2**31 - 1)
        self.seed.valueChanged.connect(lambda value: self._on_edited("seed", value))
        self.warnings = WarningStrip(theme)
        self._estimate = label("")
        self._estimate_why = label("", "caption", soft=True)
        self._column = Column(960)
        self._place = QVBoxLayout()
        self._arrange()
        model.changed.connect(self._on_state_changed)
        model.failed.connect(self._on_failed)

    @property
    def plan(self) -> AuditPlan:
        """The plan as it stands."""
        return self._plan

    @property
    def estimate(self) -> QLabel:
        """The label with the estimate."""
        return self._estimate

    @property
    def heading(self) -> Heading:
        """The encoder, and Run."""
        name = name_of_source(self._plan.encoder, self._catalogue or Catalogue())
        found = troubles(self._plan)
        detail = f"{len(found)} to mend before it can run" if found else "Plan of the audit"
        ready = not found and not self._model.state.busy
        return Heading(title=name, detail=detail, action="Run", enabled=ready, back="Start page")

    def act(self) -> None:
        """Run the plan."""
        if not troubles(self._plan) and not self._model.state.busy:
            self.notice.hide()
            self._model.start(self._plan)

    def go_back(self) -> None:
        """Leave the plan."""
        self.closed.emit()

    def show_plan(self, plan: AuditPlan) -> None:
        """Edit this plan from now on."""
        self._edited = False
        self._draw_sections()
        self._set(plan)

    def add_perturbations(self, paths: tuple[Path, ...]) -> None:
        """Have perturbation files scored beside the attacks of the plan shown."""
        section = self.sections.get("attacks")
        if isinstance(section, AttackSection):
            section.add_files(tuple(str(path) for path in paths))
            section.set_open(True)

    def _set(self, plan: AuditPlan) -> None:
        self._plan = plan
        for widget in (self.presets, self.mode, self.seed):
            widget.blockSignals(True)
        self.presets.choose(plan.preset)
        self.mode.choose(plan.mode)
        self.seed.setValue(plan.seed)
        for widget in (self.presets, self.mode, self.seed):
            widget.blockSignals(False)
        for section in self.sections.values():
            section.show_plan(plan)
        self._tell()

    def _on_edited(self, field: str, value: object) -> None:
        self._edited = True
        self._plan = with_value(self._plan, field, value)
        if field in ("encoder", "auxiliary"):
            self._plan = with_value(self._plan, f"{field}_says", self._says_of(str(value)))
        self._tell()
        self.sections["threat"].show_plan(self._plan)
        if field == "defences":
            self.sections["adaptive"].show_plan(self._plan)

    def _on_preset(self, key: str) -> None:
        preset: Preset = next(name for name in get_args(Preset) if name == key)
        self._edited = False
        self._set(with_preset(self._plan, preset, self._catalogue or Catalogue()))

    def _on_mode(self) -> None:
        switches = OfficialSwitches.all_on() if self.mode.key == "official" else OfficialSwitches()
        self._plan = with_value(self._plan, "switches", switches)
        self._on_edited("mode", self.mode.key)

    def _tell(self) -> None:
        found = troubles(self._plan)
        lines = summaries(self._plan, self._catalogue or Catalogue())
        if self._model.state.ready is not None:
            lines["running"] = running_in_words(self._plan, self._model.state.ready)
        for key, section in self.sections.items():
            section.set_summary(lines[key], wrong=section.show_troubles(found))
        self._tell_warnings()
        self._tell_estimate()
        self.heading_changed.emit()

    def _says_of(self, source: str) -> Overrides:
        """What the user said of an encoder holds for that file only."""
        inspected = self._model.state.inspected
        return inspected.says if inspected is not None and inspected.path == source else Overrides()

    def _tell_warnings(self) -> None:
        """Repeat what spoke against the encoder when it was opened, as the plan reads it."""
        known, plan = self._model.state.inspected, self._plan
        same = known is not None and (known.path, known.says) == (plan.encoder, plan.encoder_says)
        self.warnings.show_warnings(known.preflight.warnings if known is not None and same else ())

    def _tell_estimate(self) -> None:
        ready = self._model.state.ready
        if ready is None:
            self._estimate.setText("")
            return
        factor = self._net_factor()
        known = None if self._edited or factor is not None else last_timings(self._plan.preset)
        workers = self._plan.workers or ready.workers
        seconds = known or estimate_seconds(self._plan, ready.catalogue, ready.speed, workers, factor or 1.0)
        why = "as long as the last audit with this preset" if known else "estimated from this machine's speed"
        self._estimate.setText(in_words(seconds).capitalize() + " on this machine")
        self._estimate_why.setText(why.capitalize())

    def _net_factor(self) -> float | None:
        """How dear the opened encoder is; None where it is not the plan's, or its checks have not been made."""
        known = self._model.state.inspected
        if known is None or known.path != self._plan.encoder or not known.preflight.multiply_adds:
            return None
        return net_factor(known.preflight.multiply_adds, known.card.input_size)

    def _draw_sections(self) -> None:
        ready = self._model.state.ready
        if ready is None or ready.catalogue == self._catalogue:
            return
        self._catalogue = ready.catalogue
        for section in self.sections.values():
            section.deleteLater()
        self.sections = {
            "threat": ThreatSection(self._theme, ready.catalogue),
            "data": DataSection(self._theme, ready.catalogue),
            "attacks": AttackSection(self._theme, ready.catalogue),
            "defence": DefenceSection(self._theme, ready.catalogue),
            "adaptive": AdaptiveSection(self._theme, ready.catalogue),
            "running": RunningSection(self._theme, ready),
        }
        for section in self.sections.values():
            section.edited.connect(self._on_edited)
            self._place.addWidget(section)
        self.sections["threat"].set_open(True)

    def _arrange(self) -> None:
        body = self._column.body
        body.addWidget(self.notice)
        body.addWidget(self.warnings)
        body.addWidget(self._top())
        self._place.setSpacing(INSIDE + 4)
        body.addLayout(self._place)
        body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column)

    def _top(self) -> QFrame:
        top = QFrame()
        top.setProperty("surface", "card")
        left = QVBoxLayout()
        left.setSpacing(INSIDE)
        left.addWidget(FieldRow("Preset", self.presets))
        left.addWidget(FieldRow("Mode", self.mode, hint="Corrected, or bug-compatible with the paper's release."))
        left.addWidget(FieldRow("Seed", self.seed, hint="The same seed and machine give the same report."))
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self._estimate)
        right.addWidget(self._estimate_why)
        right.addStretch(1)
        self._estimate.setProperty("strong", True)
        row = QHBoxLayout(top)
        row.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        row.setSpacing(AROUND)
        row.addLayout(left, 1)
        row.addLayout(right)
        return top

    def _on_state_changed(self) -> None:
        if self._catalogue is not None:
            self._tell_warnings()
            self.heading_changed.emit()

    def _on_failed(self, failure: Failed) -> None:
        if self.isVisible() and failure.code != "engine.died":
            self.notice.tell(notice_of(failure))
