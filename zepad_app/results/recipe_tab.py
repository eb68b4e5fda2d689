"""Recipe: everything needed to repeat the audit, and what it does not show."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from zepad_app.results.in_turn import InTurn
from zepad_app.results.sheet import Sheet, card, clear
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE, SECTION
from zepad_app.widgets.attack_cards import seconds_text
from zepad_engine.findings import AuditReport, DataFinding
from zepad_engine.plan import plan_to_json


class RecipeTab(Sheet):
    """Words and tables at the left, the plan as JSON at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.turns = InTurn(self)
        self.plan = QPlainTextEdit()
        self.plan.setReadOnly(True)
        self.plan.setAccessibleName("Plan of this audit as JSON")
        self.plan.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.plan.setFixedHeight(560)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(INSIDE)
        copy = QPushButton("Copy plan")
        copy.clicked.connect(self._on_copy)
        head = QHBoxLayout()
        head.addWidget(theme.label("Plan", "section"))
        head.addStretch(1)
        head.addWidget(copy)
        right = QVBoxLayout()
        right.addLayout(head)
        right.setSpacing(INSIDE)
        right.addWidget(self.plan)
        right.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SECTION)
        left = QVBoxLayout()
        left.addLayout(self._facts)
        left.addStretch(1)
        row.addLayout(left, 3)
        row.addLayout(right, 2)
        self.column.addLayout(row)
        self.column.addStretch(1)
        theme.changed.connect(self._dress)
        self._dress()

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report."""
        clear(self._facts)
        self.turns.start(partial(step, report) for step in (self._words, self._images, self._run, self._encoders))

    def _words(self, report: AuditReport) -> None:
        self.plan.setPlainText(plan_to_json(report.plan).decode())
        limits = (report.summary.limits,) if report.summary.limits else ()
        self._list("What this audit does not show", (*limits, *report.not_shown))
        self._list("Threat model", report.threat_model)
        remarks = [f"{found.name}: {remark}" for found in report.attacks for remark in found.remarks]
        self._list("Imported perturbations", remarks)

    def _images(self, report: AuditReport) -> None:
        self._data(report.data)

    def _run(self, report: AuditReport) -> None:
        timings = {name.replace("_", " "): seconds_text(value) for name, value in report.timings.items()}
        total = {"all stages": seconds_text(sum(report.timings.values()))}
        self._pairs("Time", {**timings, **total})
        self._pairs("Environment", {**report.tool, **report.environment})

    def _encoders(self, report: AuditReport) -> None:
        self._pairs("Subject", self._subject(report))

    def _subject(self, report: AuditReport) -> dict[str, str]:
        subject = report.subject
        return {
            "encoder": subject.name,
            "family": subject.family,
            "parameters": f"{subject.params:,}",
            "features": str(subject.feature_dim),
            "sha256": subject.sha256,
            "ignored keys": ", ".join(subject.keys_ignored) or "none",
            "auxiliary": f"{report.auxiliary.name} ({report.auxiliary.method}, {report.auxiliary.data})",
        }

    def _list(self, title: str, sentences: Iterable[str]) -> None:
        found = list(sentences)
        if not found:
            return
        self._facts.addWidget(self.theme.label(title, "section"))
        label = self.theme.label("\n".join(f"– {sentence}" for sentence in found))
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts.addWidget(label)
        self._facts.addSpacing(BETWEEN)

    def _pairs(self, title: str, pairs: dict[str, str]) -> None:
        rows = [(name, value, value) for name, value in pairs.items()]
        self._table(title, (), [[(name, ""), (_short(value), hint)] for name, value, hint in rows])

    def _data(self, found: Iterable[DataFinding]) -> None:
        rows = [
            [
                (data.name, data.key),
                (data.role, ""),
                (" · ".join(f"{count:,} {split}" for split, count in data.counts.items()), ""),
                (f"{data.sha256[:10]}…", f"sha256 {data.sha256}"),
                (data.source, f"Shared with: {', '.join(data.shared_with)}" if data.shared_with else ""),
            ]
            for data in found
        ]
        self._table("Data", ("Set", "Role", "Images", "Hash", "Source"), rows)

    def _table(self, title: str, head: tuple[str, ...], rows: list[list[tuple[str, str]]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(BETWEEN)
        grid.setVerticalSpacing(4)
        for column, text in enumerate(head):
            grid.addWidget(self.theme.label(text, "caption", soft=True), 0, column)
        for number, row in enumerate(rows, start=1):
            for column, (text, hint) in enumerate(row):
                label = self.theme.label(text, "caption", soft=not head and column == 0)
                label.setToolTip(hint if hint != text else "")
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                label.setWordWrap(column >= 1)
                grid.addWidget(label, number, column, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(2 if head else 1, 1)
        self._facts.addWidget(self.theme.label(title, "section"))
        self._facts.addWidget(card(grid, 12))
        self._facts.addSpacing(BETWEEN)

    def _dress(self) -> None:
        family = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        tokens = self.theme.tokens
        self.plan.setStyleSheet(
            f"QPlainTextEdit {{ font-family: '{family}'; font-size: {self.theme.pixels('caption')}px;"
            f" background: {tokens.surface}; border: 1px solid {tokens.line}; border-radius: 8px; padding: 8px; }}"
        )

    def _on_copy(self) -> None:
        QApplication.clipboard().setText(self.plan.toPlainText())


def _short(value: str) -> str:
    return f"{value[:16]}…" if len(value) == 64 and " " not in value else value
