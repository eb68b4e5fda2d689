"""The look of the window: follows the system's scheme live; hands out colours, pens, icons and labels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette, QPen
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QWidget

from zepad_app.dressing import Dressing
from zepad_app.glossary import explain
from zepad_app.icon import draw_icon
from zepad_app.preferences import TEXT_SCALES, Preferences, Scheme
from zepad_app.stylesheet import style_sheet
from zepad_app.tokens import DASHES, FONT_SIZES, MARKERS, Meaning, Role, Tokens, load_tokens
from zepad_app.widgets.term_label import TermLabel
from zepad_engine.resources import asset

# What Qt moves or fades by itself.
_EFFECTS: Final = (
    Qt.UIEffect.UI_AnimateMenu,
    Qt.UIEffect.UI_FadeMenu,
    Qt.UIEffect.UI_AnimateCombo,
    Qt.UIEffect.UI_AnimateTooltip,
    Qt.UIEffect.UI_FadeTooltip,
)
_FONT_FILES: Final = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")
_STYLE: Final = "fusion"


def palette_of(tokens: Tokens) -> QPalette:
    """The Qt palette of a scheme."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.ground,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.ground,
        QPalette.ColorRole.Button: tokens.surface,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.WindowText: tokens.ink,
        QPalette.ColorRole.Text: tokens.ink,
        QPalette.ColorRole.ButtonText: tokens.ink,
        QPalette.ColorRole.ToolTipText: tokens.ink,
        QPalette.ColorRole.PlaceholderText: tokens.ink_soft,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Link: tokens.ink,
        QPalette.ColorRole.Light: tokens.raised,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Dark: tokens.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.ink_soft))
    return palette


class Theme(QObject):
    """The scheme in force; every long-lived widget redraws on ``changed``."""

    changed = Signal()

    def __init__(self, scheme: Scheme = "system", scale: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._schemes = load_tokens()
        self._scheme: Scheme = scheme
        self._scale = scale
        self.reduced_motion = False
        self._family = ""
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._fonts: dict[Role, QFont] = {}
        self._dressing = Dressing(self)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_changed)

    @property
    def scheme(self) -> Scheme:
        """What the user chose: system, light or dark."""
        return self._scheme

    @property
    def scale(self) -> float:
        """Text size relative to the design's, 1 to 1.5."""
        return self._scale

    @property
    def dark(self) -> bool:
        """Whether the dark scheme is in force; an unknown system scheme counts as light."""
        if self._scheme == "system":
            return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._scheme == "dark"

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self._schemes["dark" if self.dark else "light"]

    def follow(self, preferences: Preferences) -> None:
        """Look as preferred; redraws only what that changes."""
        if preferences.reduced_motion != self.reduced_motion:
            self.reduced_motion = preferences.reduced_motion
            for effect in _EFFECTS:
                QApplication.setEffectEnabled(effect, not self.reduced_motion)
        if (preferences.scheme, preferences.text_scale) != (self._scheme, self._scale):
            self._scheme, self._scale = preferences.scheme, preferences.text_scale
            self._refresh()

    def choose(self, scheme: Scheme) -> None:
        """Follow the system, or stay light or dark."""
        self._scheme = scheme
        self._refresh()

    def set_scale(self, scale: float) -> None:
        """Enlarge all text."""
        self._scale = min(max(scale, TEXT_SCALES[0]), TEXT_SCALES[-1])
        self._refresh()

    def apply(self, app: QApplication) -> None:
        """Give the application what every window shares: Fusion, palette, font."""
        # A style that is set again dresses every widget anew, though nothing changed.
        if app.style().name() != _STYLE:
            app.setStyle(_STYLE)
        app.setPalette(palette_of(self.tokens))
        app.setFont(self.font("body"))

    def dress(self, *parts: QWidget) -> None:
        """Give parts of a window the style sheet, for all that is in them, now and whenever the look changes.

        An application's style sheet dresses a widget each time it is put into another: half the time of making a page.
        A window's dresses all pages in one go when the look changes: up to 0.7 s.
        """
        for part in parts:
            self._dressing.add(part, self._sheet())

    @property
    def settled(self) -> bool:
        """Whether everything wears the look in force, also what is out of sight."""
        return self._dressing.turns.settled

    def font(self, role: Role = "body") -> QFont:
        """The font of a role, with figures of equal width."""
        if role not in self._fonts:
            font = self._fonts[role] = QFont(self._loaded_family())
            font.setPixelSize(self.pixels(role))
            font.setFeature(QFont.Tag("tnum"), 1)
        # Tables and keys measure hundreds of words at a time; a copy, for its user may change it.
        return QFont(self._fonts[role])

    def pixels(self, role: Role) -> int:
        """The font size of a role in logical pixels, after scaling."""
        return round(FONT_SIZES[role] * self._scale)

    def colour(self, meaning: Meaning) -> QColor:
        """The one colour of a meaning."""
        return QColor(self.tokens.of(meaning))

    def pen(self, meaning: Meaning, width: float = 1.8) -> QPen:
        """A plot pen in the meaning's colour and dash; its width does not scale with the axes."""
        pen = QPen(self.colour(meaning))
        pen.setWidthF(width)
        pen.setCosmetic(True)
        if DASHES[meaning]:
            pen.setDashPattern(list(DASHES[meaning]))
        return pen

    def marker(self, meaning: Meaning) -> str:
        """The pyqtgraph symbol of a meaning."""
        return MARKERS[meaning]

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """A one-stroke icon of ``assets/icons`` in ``colour`` (ink if not given)."""
        key = (name, colour or self.tokens.ink)
        if key not in self._icons:
            self._icons[key] = draw_icon(asset("icons", f"{name}.svg"), key[1])
        return self._icons[key]

    def label(
        self, text: str = "", role: Role = "body", *, soft: bool = False, parent: QWidget | None = None
    ) -> QLabel:
        """A label in one of the four sizes; ``soft`` for what only accompanies."""
        return label(text, role, soft=soft, parent=parent)

    def _loaded_family(self) -> str:
        if not self._family:
            numbers = [QFontDatabase.addApplicationFont(str(asset("fonts", name))) for name in _FONT_FILES]
            families = QFontDatabase.applicationFontFamilies(numbers[0]) if numbers[0] >= 0 else []
            self._family = families[0] if families else QGuiApplication.font().family()
        return self._family

    def _on_system_changed(self) -> None:
        if self._scheme == "system":
            self._refresh()

    def _refresh(self) -> None:
        self._fonts.clear()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self.apply(app)
        self._dressing.change(self._sheet())
        self.changed.emit()

    def _sheet(self) -> str:
        return style_sheet(self.tokens, self._scale, "dark" if self.dark else "light")


def label(text: str = "", role: Role = "body", *, soft: bool = False, parent: QWidget | None = None) -> QLabel:
    """A label whose size and colour the style sheet takes from its properties; a term of art explains itself."""
    meaning = explain(text)
    made = TermLabel(text, meaning, parent) if meaning else QLabel(text, parent)
    made.setProperty("role", role)
    made.setProperty("soft", soft)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def line() -> QFrame:
    """A hairline across."""
    made = QFrame()
    made.setProperty("surface", "line")
    return made
