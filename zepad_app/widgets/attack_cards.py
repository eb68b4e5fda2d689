"""A crafted perturbation on a card: its picture, what was measured of it, its recipe and its source."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.wording import percent
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.flow_row import FlowRow
from zepad_app.widgets.picture import Picture
from zepad_engine.evidence import Rate
from zepad_engine.findings import AttackFinding

_SIDE = 176
ORIGINS = {
    "victim": "the public encoder",
    "auxiliary": "the auxiliary",
    "benign": "the benign branch",
    "public_pair": "victim and auxiliary",
    "originals": "victim, auxiliary, benign",
    "elsewhere": "not known",
}


def seconds_text(seconds: float) -> str:
    """``38 s``, ``2.4 s`` or ``3 min 05 s``."""
    if seconds >= 60:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


class AttackCard(QFrame):
    """One AttackFinding; ``cost`` is what it does to the undefended encoder: clean and robust mean accuracy."""

    def __init__(
        self,
        theme: Theme,
        found: AttackFinding,
        folder: Path,
        cost: tuple[Rate | None, Rate | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._theme = theme
        self.picture = Picture(theme, f"Perturbation of {found.name}, amplified", QSize(_SIDE, _SIDE))
        if found.preview:
            self.picture.show_file(folder / found.preview)
        self.sentence = theme.label(self._sentence(found, *cost))
        self.sentence.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        row.setSpacing(BETWEEN)
        row.addLayout(self._pictured())
        row.addLayout(self._told(found), 1)

    def _pictured(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self.picture)
        column.addWidget(self._theme.label("amplified to be seen", "caption", soft=True))
        column.addStretch(1)
        return column

    def _told(self, found: AttackFinding) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(INSIDE)
        column.addWidget(self._theme.label(found.name, "section"))
        column.addWidget(self.sentence)
        for remark in found.remarks:
            words = self._theme.label(remark)
            words.setProperty("meaning", "warning")
            words.setWordWrap(True)
            column.addWidget(words)
        column.addWidget(self._facts(found))
        column.addWidget(self._selectable(found.recipe))
        column.addWidget(self._selectable(f"{found.citation} · sha256 {found.sha256[:12]}…", found.sha256))
        column.addStretch(1)
        return column

    def _facts(self, found: AttackFinding) -> FlowRow:
        facts: tuple[tuple[str, str, str], ...] = (
            (
                "L∞ measured",
                f"{found.linf_255:.2f}/255",
                "The largest change of any pixel, measured on the stored tensor.",
            ),
            ("At the limit", percent(found.saturated), "Share of pixels changed by the full budget."),
            ("Made against", ORIGINS.get(found.origin, found.origin), "The encoder the attacker had in hand."),
        )
        if found.origin == "elsewhere":
            facts += (("File", found.source, f"sha256 {found.source_sha256}"),)
        else:
            facts += (
                ("Steps", f"{found.steps:,}", "Optimiser steps."),
                ("Crafted in", seconds_text(found.seconds), "Wall time on this machine."),
                ("Seed", str(found.seed), "The same seed gives the same perturbation."),
            )
        return FlowRow([self._fact(*fact) for fact in facts], spacing=BETWEEN)

    def _fact(self, name: str, value: str, hint: str) -> QWidget:
        fact = QWidget()
        column = QVBoxLayout(fact)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head, figure = self._theme.label(name, "caption", soft=True), self._theme.label(value)
        figure.setAccessibleName(f"{name}: {value}")
        for words in (head, figure):
            words.setToolTip(hint)
            column.addWidget(words)
        return fact

    def _selectable(self, text: str, hint: str = "") -> QLabel:
        label = self._theme.label(text, "caption", soft=True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setWordWrap(True)
        label.setToolTip(hint)
        return label

    def _sentence(self, found: AttackFinding, clean: Rate | None, robust: Rate | None) -> str:
        crafted = f"Crafted in {seconds_text(found.seconds)}." if found.steps else "Drawn at random, as a control."
        if found.origin == "elsewhere":
            crafted = "Made elsewhere and imported."
        if clean is None or robust is None:
            return crafted
        lost = 100 * (clean.value - robust.value)
        return (
            f"{crafted} It takes the undefended encoder from {percent(clean.value)} to {percent(robust.value)} "
            f"on average over the tasks: {lost:.1f} points."
        )
