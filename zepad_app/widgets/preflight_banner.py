"""The first line of a preflight: checks are running, nothing speaks against the encoder, or what does and a remedy."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.preflight_words import Light, Remedy, remedies_of
from zepad_app.state import Inspected
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.preflight_checks import colour_of

RUNNING = "Opened. The features are being checked…"
GOOD = "Nothing speaks against auditing this encoder as it was read."
NOT_CHECKED = "Opened, but its features could not be checked."
_USUAL_LINES = 4
_ICONS: dict[Light, str] = {"running": "waiting", "ok": "done", "look": "warning", "skipped": "information"}


class PreflightBanner(QFrame):
    """Always there and as high as one warning, so that the page below does not jump when the checks come in."""

    reading_wanted = Signal(object)
    editing_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(BETWEEN, INSIDE + 4, BETWEEN, INSIDE + 4)
        self._column.setSpacing(INSIDE)
        # Made at once, so that the keyboard comes to these buttons before it comes to what is below.
        self._pool = [self._add_line() for _ in range(_USUAL_LINES)]
        self._tall()
        theme.changed.connect(self._tall)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is shown, line by line."""
        return tuple(line.words.text() for line in self.lines)

    @property
    def lines(self) -> tuple[_Line, ...]:
        """The lines, one per warning."""
        return tuple(line for line in self._pool if not line.isHidden())

    def show_inspected(self, inspected: Inspected, opening: str = "") -> None:
        """Show how it stands; ``opening`` names what is being opened beside it."""
        if opening:
            self._show("running", (Remedy(f"Opening {opening}…", ""),))
        elif inspected.checks == "running":
            self._show("running", (Remedy(RUNNING, ""),))
        elif remedies := remedies_of(inspected):
            self._show("look", remedies)
        elif inspected.checks == "failed":
            self._show("skipped", (Remedy(NOT_CHECKED, ""),))
        else:
            self._show("ok", (Remedy(GOOD, ""),))

    def _show(self, light: Light, remedies: tuple[Remedy, ...]) -> None:
        while len(self._pool) < len(remedies):
            self._pool.append(self._add_line())
        for line in self._pool[len(remedies) :]:
            line.hide()
        for line, remedy in zip(self._pool, remedies, strict=False):
            line.tell(light, remedy)
        self.setProperty("surface", "notice" if light == "look" else "card")
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(" ".join(self.sentences))

    def _add_line(self) -> _Line:
        line = _Line(self._theme)
        line.chosen.connect(self._on_chosen)
        self._column.addWidget(line)
        return line

    def _on_chosen(self, remedy: Remedy) -> None:
        if remedy.says is None:
            self.editing_wanted.emit()
        else:
            self.reading_wanted.emit(remedy.says)

    def _tall(self) -> None:
        lines = 2 * QFontMetrics(self._theme.font("body")).lineSpacing()
        self.setMinimumHeight(lines + 2 * (INSIDE + 4) + 2)


class _Line(QWidget):
    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._light: Light = "running"
        self._remedy = Remedy("", "")
        self._icon = QLabel()
        self.words = label("")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = secondary("", lambda: self.chosen.emit(self._remedy))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE + 4)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self._dress)
        self.hide()

    def tell(self, light: Light, remedy: Remedy) -> None:
        self._light, self._remedy = light, remedy
        self.words.setText(remedy.sentence)
        self.button.setText(remedy.button)
        self.button.setAccessibleName(remedy.button)
        self.button.setVisible(bool(remedy.button))
        self._dress()
        self.show()

    def _dress(self) -> None:
        icon = self._theme.icon(_ICONS[self._light], colour_of(self._theme, self._light))
        self._icon.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
