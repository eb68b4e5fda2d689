"""Matrix: what each attack leaves of one defence on each task."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from zepad_app.results.sheet import Sheet
from zepad_app.results.wording import defence_hint, defence_name
from zepad_app.theme import Theme
from zepad_app.tokens import CHOICE_WIDTH, INSIDE
from zepad_app.widgets.matrix_table import HeatKey, MatrixTable
from zepad_app.widgets.wrapping_label import WrappingLabel
from zepad_engine.findings import AuditReport

_NOTE = (
    "Share of images answered rightly, 95 % interval in brackets; hover for n. Attacks made against one encoder are "
    "transferred to this defence; those on the system itself were run on fewer images. Click a head to sort."
)


class MatrixTab(Sheet):
    """A heat map for a chosen defence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self.defence = QComboBox()
        self.defence.setAccessibleName("Defence shown")
        self.defence.setMinimumWidth(CHOICE_WIDTH)
        self.defence.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.table = MatrixTable(theme)
        self.note = theme.label(_NOTE, "caption", soft=True)
        self.note.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        title = WrappingLabel("section")
        title.setText("What each attack leaves")
        head.addWidget(title, 1)
        head.addWidget(HeatKey(theme))
        head.addWidget(theme.label("Defence", soft=True))
        head.addWidget(self.defence)
        self.column.addLayout(head)
        self.column.addWidget(self.table)
        self.column.addWidget(self.note)
        self.column.addStretch(1)
        self.defence.currentIndexChanged.connect(self._on_defence)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report, beginning with the undefended encoder."""
        self._report = report
        before = self.defence.currentData()
        self.defence.blockSignals(True)
        self.defence.clear()
        for key in dict.fromkeys(cell.defence for cell in report.cells):
            self.defence.addItem(defence_name(key, report), key)
        self.defence.setCurrentIndex(max(self.defence.findData(before), 0 if self.defence.count() else -1))
        self.defence.blockSignals(False)
        self._on_defence()

    def choose(self, defence: str) -> None:
        """Choose as a click would."""
        self.defence.setCurrentIndex(self.defence.findData(defence))

    def _on_defence(self) -> None:
        if self._report is not None:
            key = str(self.defence.currentData() or "")
            self.table.matrix.show(self._report, key)
            self.table.setAccessibleDescription(self.table.summary())
            self.defence.setToolTip(defence_hint(key))
