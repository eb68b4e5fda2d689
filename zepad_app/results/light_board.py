"""Trust lights as a list: every check of every attacked system, with the number behind it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.lamp_row import ICONS, counted, lamp_colour, sorted_lights
from zepad_app.results.sheet import card, clear
from zepad_app.results.wording import defence_name, task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_engine.evidence import Light
from zepad_engine.findings import AuditReport

_MARK = 16


def withheld(report: AuditReport) -> bool:
    """Whether a red light leaves the audit without a verdict."""
    return any(light.colour == "red" for light in report.lights)


class LightMark(QLabel):
    """The shape of a light in its colour."""

    def __init__(self, theme: Theme, light: Light, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.light = light
        self.setFixedSize(QSize(_MARK, _MARK))
        self.setAccessibleName(f"{light.name}: {light.colour}. {light.statement}")
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        icon = self._theme.icon(ICONS[self.light.colour], lamp_colour(self._theme.tokens, self.light.colour))
        self.setPixmap(icon.pixmap(QSize(_MARK, _MARK), self.devicePixelRatioF()))


class LightBoard(QWidget):
    """A card per attacked system, worst lights first; nothing where nothing was checked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.marks: list[LightMark] = []
        self._cards = QVBoxLayout(self)
        self._cards.setContentsMargins(0, 0, 0, BETWEEN)
        self._cards.setSpacing(INSIDE)

    def show_report(self, report: AuditReport) -> None:
        """Show the lights of another report."""
        clear(self._cards)
        self.marks = []
        self.setVisible(bool(report.lights))
        if not report.lights:
            return
        self._cards.addWidget(self._theme.label("Can these figures be trusted?", "section"))
        for system in dict.fromkeys((light.defence, light.task) for light in report.lights):
            mine = tuple(light for light in report.lights if (light.defence, light.task) == system)
            name, task = defence_name(system[0], report), task_name(report, system[1])
            self._cards.addWidget(card(self._list(f"{name}, checked on {task}: {counted(mine)}", mine)))

    def _list(self, title: str, lights: tuple[Light, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(INSIDE)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        head = self._theme.label(title)
        head.setProperty("strong", True)
        grid.addWidget(head, 0, 0, 1, 3)
        for row, light in enumerate(sorted_lights(lights), start=1):
            mark = LightMark(self._theme, light)
            self.marks.append(mark)
            grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._theme.label(light.name, "caption"), row, 1, Qt.AlignmentFlag.AlignTop)
            told = self._theme.label(light.statement, "caption", soft=True)
            told.setWordWrap(True)
            grid.addWidget(told, row, 2)
        return grid
