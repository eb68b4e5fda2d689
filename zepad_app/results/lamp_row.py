"""Trust lights in a row: how many are of which colour, and a lamp for each, told by shape, colour and words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from zepad_app.results.flow import Flow
from zepad_app.results.sheet import clear
from zepad_app.results.wording import defence_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, Tokens
from zepad_app.widgets.hint import plain_hint
from zepad_engine.evidence import Light
from zepad_engine.findings import AuditReport

COLOURS: Final = ("red", "amber", "green")
# A shape for each colour, so that none is told by its colour alone.
ICONS: Final = {"green": "done", "amber": "warning", "red": "wrong"}
_LAMP, _APART = 16, 4


def lamp_colour(tokens: Tokens, colour: str) -> str:
    """The token of a light's colour."""
    return {"green": tokens.benign, "amber": tokens.warning, "red": tokens.adversarial}[colour]


def counted(lights: tuple[Light, ...]) -> str:
    """``24 green, 2 amber``: the worst last colour first."""
    numbers = {colour: sum(light.colour == colour for light in lights) for colour in COLOURS}
    return ", ".join(f"{number} {colour}" for colour, number in numbers.items() if number)


def sorted_lights(lights: tuple[Light, ...]) -> tuple[Light, ...]:
    """The worst first, else in the order of the report."""
    return tuple(sorted(lights, key=lambda light: COLOURS.index(light.colour)))


def lamp_height(theme: Theme) -> int:
    """Height of a strip in pixels."""
    return max(_LAMP + 8, QFontMetrics(theme.font("caption")).height() + 4)


class LampStrip(QWidget):
    """The lamps of one system; arrow keys walk along them, hover or focus tells the check and its number."""

    opened = Signal()

    def __init__(self, theme: Theme, system: str, lights: tuple[Light, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.system = system
        self.lights = sorted_lights(lights)
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Trust lights of {system}: {counted(lights)}")
        self._tell()
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Name, then lamps."""
        return QSize(self._left() + len(self.lights) * (_LAMP + _APART), self._height())

    def minimumSizeHint(self) -> QSize:
        """As wide as that."""
        return self.sizeHint()

    def lamp(self, number: int) -> QRect:
        """Where a lamp lies."""
        return QRect(self._left() + number * (_LAMP + _APART), (self._height() - _LAMP) // 2, _LAMP, _LAMP)

    def statement(self, number: int) -> str:
        """A check in words: its name, its colour, and the number behind it."""
        light = self.lights[number]
        return f"{light.name}: {light.colour}. {light.statement}"

    def event(self, event: QEvent) -> bool:
        """Tell the lamp under the mouse."""
        if isinstance(event, QHelpEvent):
            near = [n for n in range(len(self.lights)) if self.lamp(n).adjusted(-2, -4, 2, 4).contains(event.pos())]
            text = plain_hint(self.statement(near[0])) if near else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk, Enter opens the list."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            self._at = min(max(self._at + step, 0), len(self.lights) - 1)
            self._tell()
            self.update()
            place = self.mapToGlobal(self.lamp(self._at).bottomLeft() + QPoint(0, 4))
            QToolTip.showText(place, plain_hint(self.statement(self._at)), self)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens the list."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The name, the lamps, and a frame around the one the keys are at."""
        painter = QPainter(self)
        tokens = self._theme.tokens
        painter.setFont(self._theme.font("caption"))
        painter.setPen(QColor(tokens.ink_soft))
        painter.drawText(QRect(0, 0, self._left(), self._height()), Qt.AlignmentFlag.AlignVCenter, self.system)
        for number, light in enumerate(self.lights):
            icon = self._theme.icon(ICONS[light.colour], lamp_colour(tokens, light.colour))
            icon.paint(painter, self.lamp(number))
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.drawRoundedRect(self.lamp(self._at).adjusted(-2, -2, 1, 1), 4, 4)

    def _tell(self) -> None:
        self.setAccessibleDescription(self.statement(self._at) if self.lights else "")

    def _left(self) -> int:
        return QFontMetrics(self._theme.font("caption")).horizontalAdvance(self.system) + 8

    def _height(self) -> int:
        return lamp_height(self._theme)


class LampRow(QWidget):
    """A strip per attacked system; nothing where nothing was checked."""

    opened = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.strips: list[LampStrip] = []
        self.count = theme.label("", "caption")
        self._flow = Flow(BETWEEN, 0)
        self.setLayout(self._flow)

    def show_report(self, report: AuditReport) -> None:
        """Show the lights of another report."""
        clear(self._flow)
        self.setVisible(bool(report.lights))
        self.strips = []
        if not report.lights:
            return
        self.count = self._theme.label(f"Trust lights: {counted(report.lights)}", "caption")
        self.count.setToolTip("Checks of the attacks on the systems; a red one withholds the verdict.")
        self.count.setFixedHeight(lamp_height(self._theme))
        self._flow.addWidget(self.count)
        for system in dict.fromkeys(light.defence for light in report.lights):
            mine = tuple(light for light in report.lights if light.defence == system)
            strip = LampStrip(self._theme, defence_name(system, report), mine)
            strip.opened.connect(self.opened)
            self.strips.append(strip)
            self._flow.addWidget(strip)
