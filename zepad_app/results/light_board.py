"""Trust lights: for each attacked system its checks, told by a mark, a name and a word; the statement on hover."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLayoutItem, QVBoxLayout, QWidget

from zepad_app.results.sheet import clear
from zepad_app.results.wording import defence_name, task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.hint import plain_hint
from zepad_engine.evidence import Light
from zepad_engine.findings import AuditReport

_COLOURS: Final = ("red", "amber", "green")
# A shape for each colour, so that none is told by its colour alone.
_ICONS: Final = {"green": "done", "amber": "warning", "red": "wrong"}
_MARK: Final = 16
_SYSTEM: Final = 176


def withheld(report: AuditReport) -> bool:
    """Whether a red light leaves the audit without a verdict."""
    return any(light.colour == "red" for light in report.lights)


class LightChip(QWidget):
    """One check."""

    def __init__(self, theme: Theme, light: Light, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.light = light
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(_MARK, _MARK))
        self.name = theme.label(light.name, "caption")
        self.word = theme.label(light.colour, "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for part in (self._icon, self.name, self.word):
            row.addWidget(part)
        self.setToolTip(plain_hint(light.statement))
        self.setAccessibleName(f"{light.name}: {light.colour}. {light.statement}")
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        tokens = self._theme.tokens
        colour = {"green": tokens.benign, "amber": tokens.warning, "red": tokens.adversarial}[self.light.colour]
        icon = self._theme.icon(_ICONS[self.light.colour], colour)
        self._icon.setPixmap(icon.pixmap(QSize(_MARK, _MARK), self.devicePixelRatioF()))
        self.word.setStyleSheet(f"color: {colour}")


class LightBoard(QWidget):
    """A line per attacked system, worst lights first; nothing where nothing was checked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chips: list[LightChip] = []
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, BETWEEN)
        self._lines.setSpacing(INSIDE)

    def show_report(self, report: AuditReport) -> None:
        """Show the lights of another report."""
        clear(self._lines)
        self.chips = []
        self.setVisible(bool(report.lights))
        if not report.lights:
            return
        self._lines.addWidget(self._theme.label("Can the figures be trusted?", "section"))
        for defence, task in dict.fromkeys((light.defence, light.task) for light in report.lights):
            mine = [light for light in report.lights if (light.defence, light.task) == (defence, task)]
            mine.sort(key=lambda light: _COLOURS.index(light.colour))
            name = defence_name(defence, report)
            self._lines.addLayout(self._line(name, f"Checked on {task_name(report, task)}." if task else "", mine))

    def _line(self, name: str, hint: str, lights: list[Light]) -> QHBoxLayout:
        chips = [LightChip(self._theme, light) for light in lights]
        self.chips += chips
        system = self._theme.label(name)
        system.setToolTip(hint)
        system.setFixedWidth(round(_SYSTEM * self._theme.scale))
        system.setWordWrap(True)
        flow = Flow(BETWEEN, 4)
        for chip in chips:
            flow.addWidget(chip)
        line = QHBoxLayout()
        line.addWidget(system, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(flow, 1)
        return line


class Flow(QLayout):
    """Widgets side by side, as many to a line as fit."""

    def __init__(self, across: int, down: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._across, self._down = across, down
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The one at a place."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one back."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        """A narrow place takes more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the lines a width takes."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """As small as may be: the width comes from outside."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Room for the largest one."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, line = rect.x(), y + line + self._down, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._across
            line = max(line, size.height())
        return y + line - rect.y()
