"""The plan of an audit: its head, six folding sections of cards and fields, and Run."""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import PastAudit, day_in_words, estimate_of, in_words
from zepad_app.failures import notice_of
from zepad_app.history import last_audit
from zepad_app.pages.adaptive_section import AdaptiveSection
from zepad_app.pages.entries_section import EntriesSection
from zepad_app.pages.page import Heading, Page
from zepad_app.pages.plan_files_menu import PlanFiles
from zepad_app.pages.plan_head import PlanHead, PlanSearch
from zepad_app.pages.plan_section import PlanSection
from zepad_app.pages.plan_sections import AttackSection, DataSection, DefenceSection, RunningSection
from zepad_app.pages.plan_words import name_of_source, running_in_words, summaries
from zepad_app.pages.threat_section import ThreatSection
from zepad_app.plan_edit import value_of, with_value
from zepad_app.results.in_turn import InTurn
from zepad_app.settings import Settings
from zepad_app.theme import Theme, label
from zepad_app.threat import Threat, covering, suited, widened
from zepad_app.tokens import INSIDE
from zepad_app.undoing import UndoStack
from zepad_app.widgets.column import Column
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.warning_strip import WarningStrip
from zepad_engine.card import Overrides
from zepad_engine.catalogue import Catalogue
from zepad_engine.costs import net_factor
from zepad_engine.messages import Failed
from zepad_engine.plan import AuditPlan, OfficialSwitches, Preset
from zepad_engine.plan_checks import Trouble, troubles
from zepad_engine.presets import with_preset

# Edits after which the section that made them has more to show than what was typed.
_WHOLE: Final = frozenset({"encoder"})
_TEXTS: Final = {
    "attacks": "attacks",
    "defences": "defences",
    "tasks": "tasks",
    "adaptive.attacks": "attacks on the systems",
    "adaptive.defences": "systems attacked",
    "mode": "mode",
    "seed": "seed",
}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the page edits: the plan, and the attacker who decides what it may hold."""

    plan: AuditPlan
    threat: Threat


class PlanPage(Page):
    """Edits one plan; each change is validated and estimated at once."""

    closed = Signal()

    def __init__(
        self, model: AuditModel, theme: Theme, undo: UndoStack, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._undo = undo
        self._draft = Draft(plan=AuditPlan(), threat=Threat())
        self._catalogue: Catalogue | None = None
        self._past: PastAudit | None = None
        self._source: QObject | None = None
        self.sections: dict[str, PlanSection] = {}
        self.notice = Notice(theme)
        self.head = PlanHead()
        self.head.preset_chosen.connect(self._on_preset)
        self.head.edited.connect(self._on_edited)
        self.files = PlanFiles(self, settings)
        self.search = PlanSearch(theme)
        self.search.textChanged.connect(self._on_searched)
        self._nothing = label("", "body", soft=True)
        self._open_before: set[str] = set()
        self._ahead = InTurn(self)
        self.warnings = WarningStrip(theme)
        self._column = Column(960)
        self._place = QVBoxLayout()
        self._arrange()
        model.changed.connect(self._on_state_changed)
        model.failed.connect(self._on_failed)
        self._on_state_changed()

    @property
    def plan(self) -> AuditPlan:
        """The plan as it stands."""
        return self._draft.plan

    @property
    def threat(self) -> Threat:
        """The attacker as they stand."""
        return self._draft.threat

    @property
    def catalogue(self) -> Catalogue:
        """What a plan may name; empty while no engine has told it."""
        return self._catalogue or Catalogue()

    @property
    def estimate(self) -> QLabel:
        """The label with the estimate."""
        return self.head.estimate

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What keeps the plan from running."""
        ready, plan = self._model.state.ready, self.plan
        known = {device.key for device in ready.devices} | {"auto", "cpu"} if ready is not None else set()
        if ready is not None and ready.devices and plan.device not in known:
            sentence = f"device must be on this machine; it is {plan.device}."
            return (*troubles(plan), Trouble(field="device", sentence=sentence))
        return troubles(plan)

    @property
    def heading(self) -> Heading:
        """The encoder, and Run."""
        name = name_of_source(self.plan.encoder, self.catalogue)
        count = len(self.troubles)
        detail = f"{count} to mend before it can run" if count else f"Plan of the audit{self.files.words}"
        ready = not count and not self._model.state.busy
        return Heading(title=name, detail=detail, action="Run", enabled=ready, back="Start page")

    def act(self) -> None:
        """Run the plan."""
        if not self.troubles and not self._model.state.busy:
            self.notice.hide()
            self._model.start(self.plan)

    def go_back(self) -> None:
        """Leave the plan."""
        self.closed.emit()

    def show_plan(self, plan: AuditPlan) -> None:
        """Edit this plan from now on; the one before can be had back by Undo."""
        self.draw()
        self._past = last_audit()
        self.files.forget()
        fresh = Draft(plan=plan, threat=covering(plan, self.catalogue))
        if fresh == self._draft:
            self._apply(fresh)
        self._change("plan", fresh)

    def take_plan(self, text: str, plan: AuditPlan) -> None:
        """Put another plan in place of the one shown, as an edit called ``text``."""
        self._change(text, Draft(plan=plan, threat=covering(plan, self.catalogue)))

    def add_perturbations(self, paths: tuple[Path, ...]) -> None:
        """Have perturbation files scored beside the attacks of the plan shown."""
        section = self.sections.get("attacks")
        if isinstance(section, AttackSection):
            section.add_files(tuple(str(path) for path in paths))
            section.set_open(True)

    def _change(self, text: str, draft: Draft, merge: str = "") -> None:
        self._undo.change(text, self._apply, self._draft, draft, merge)

    def _apply(self, draft: Draft) -> None:
        self._draft = draft
        self.head.show_plan(draft.plan)
        for section in self.sections.values():
            # What is being typed stays as it is typed.
            if section is not self._source:
                section.show_plan(draft.plan)
            if isinstance(section, ThreatSection | EntriesSection):
                section.show_threat(draft.threat)
        self._tell()

    def _on_edited(self, field: str, value: object) -> None:
        plan = with_value(self.plan, field, value)
        if field in ("encoder", "auxiliary"):
            plan = with_value(plan, f"{field}_says", self._says_of(str(value)))
        if field == "mode":
            plan = with_value(
                plan, "switches", OfficialSwitches.all_on() if value == "official" else OfficialSwitches()
            )
        threat = self.threat
        if field in ("attacks", "adaptive.attacks"):
            threat = widened(threat, covering(plan, self.catalogue))
        sender = self.sender()
        self._source = sender if isinstance(sender, PlanSection) and field not in _WHOLE else None
        row = sender.rows.get(field) if isinstance(sender, PlanSection) else None
        text = row.text.lower() if row is not None else _TEXTS.get(field, field)
        self._change(text, Draft(plan=plan, threat=threat), merge=_merge_of(field, self.plan, plan))
        self._source = None

    def _on_threat(self, threat: Threat) -> None:
        plan = suited(self.plan, self.threat, threat, self.catalogue)
        self._change("attacker", Draft(plan=plan, threat=threat))

    def _on_preset(self, key: str) -> None:
        preset: Preset = next(name for name in get_args(Preset) if name == key)
        self.take_plan("preset", with_preset(self.plan, preset, self.catalogue))

    def _on_searched(self, words: str) -> None:
        if not self._open_before and words:
            self._open_before = {key for key, section in self.sections.items() if section.is_open} or {""}
        found = {key: section.count(words) for key, section in self.sections.items()}
        for key, section in self.sections.items():
            section.set_open(bool(found[key]) if words else key in self._open_before)
            section.narrow(words)
            section.setVisible(not words or bool(found[key]))
        self._nothing.setText(f"Nothing here has “{words}” in its name, description or citation.")
        self._nothing.setVisible(bool(words) and not any(found.values()))
        if not words:
            self._open_before = set()

    def _tell(self) -> None:
        found = self.troubles
        lines = summaries(self.plan, self._catalogue or Catalogue())
        if self._model.state.ready is not None:
            lines["running"] = running_in_words(self.plan, self._model.state.ready)
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
        known, plan = self._model.state.inspected, self.plan
        same = known is not None and (known.path, known.says) == (plan.encoder, plan.encoder_says)
        self.warnings.show_warnings(known.preflight.warnings if known is not None and same else ())

    def _tell_estimate(self) -> None:
        ready = self._model.state.ready
        if ready is None:
            self.head.tell_estimate("", "")
            return
        told = estimate_of(self.plan, ready, self._past, self._net_factor())
        why = "Measured costs times this machine's speed"
        if told.calibrated and self._past is not None:
            why = f"From what your {self._past.plan.preset} audit took {day_in_words(self._past.changed)}"
        self.head.tell_estimate(f"{in_words(told.seconds).capitalize()} on this machine", why)

    def _net_factor(self) -> float | None:
        """How dear the opened encoder is; None where it is not the plan's, or its checks have not been made."""
        known = self._model.state.inspected
        if known is None or known.path != self.plan.encoder or not known.preflight.multiply_adds:
            return None
        return net_factor(known.preflight.multiply_adds, known.card.input_size)

    def draw(self) -> None:
        """Draw the sections of the catalogue the engine has told, once."""
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
            if isinstance(section, ThreatSection):
                section.threatened.connect(self._on_threat)
        self.sections["threat"].set_open(True)

    def _arrange(self) -> None:
        body = self._column.body
        body.addWidget(self.notice)
        body.addWidget(self.warnings)
        body.addWidget(self.head)
        body.addWidget(self.search)
        self._place.setSpacing(INSIDE + 4)
        body.addLayout(self._place)
        body.addWidget(self._nothing)
        self._nothing.hide()
        body.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column)

    def _on_state_changed(self) -> None:
        if self._catalogue is not None:
            self._tell_warnings()
            self.heading_changed.emit()
        elif self._model.state.ready is not None and self._ahead.settled:
            # Long before the page is asked for, so that it comes at once then.
            self._ahead.start((lambda: None, self.draw))

    def _on_failed(self, failure: Failed) -> None:
        if self.isVisible() and failure.code != "engine.died":
            self.notice.tell(notice_of(failure))


def _merge_of(field: str, before: AuditPlan, after: AuditPlan) -> str:
    """Keystrokes in one field are undone together, ticks one by one."""
    old, new = value_of(before, field), value_of(after, field)
    if isinstance(new, int | float) and not isinstance(new, bool):
        return f"plan.{field}"
    if isinstance(new, tuple) and isinstance(old, tuple):
        same = [getattr(item, "key", item) for item in old] == [getattr(item, "key", item) for item in new]
        return f"plan.{field}" if same else ""
    return ""
