from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from zepad_app.theme import Theme, palette_of
from zepad_app.tokens import DASHES, MARKERS, MEANINGS, load_tokens
from zepad_engine.resources import asset


def luminance(colour: str) -> float:
    parts = [channel / 255 for channel in QColor(colour).getRgb()[:3]]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_every_text_colour_reads_on_every_ground(shade: str) -> None:
    tokens = load_tokens()[shade]
    for name in (*MEANINGS, "warning", "ink", "ink_soft"):
        for ground in ("ground", "surface"):
            assert contrast(getattr(tokens, name), getattr(tokens, ground)) >= 4.5, (name, ground)
    assert contrast(tokens.on_accent, tokens.accent) >= 7
    assert contrast(tokens.warning, tokens.warning_ground) >= 4.5


def test_meanings_differ_by_dash_or_marker_without_colour() -> None:
    assert len({(DASHES[meaning], MARKERS[meaning]) for meaning in MEANINGS}) == len(MEANINGS)
    assert len(set(MARKERS.values())) == len(MEANINGS)


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_palette_comes_from_the_tokens(shade: str) -> None:
    tokens = load_tokens()[shade]
    palette = palette_of(tokens)
    assert palette.color(QPalette.ColorRole.Window).name().upper() == tokens.ground
    assert palette.color(QPalette.ColorRole.Text).name().upper() == tokens.ink
    assert palette.color(QPalette.ColorRole.Highlight).name().upper() == tokens.accent


def test_switching_redresses_the_application(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply(qapp)
    light = theme.pen("victim").color().name()
    with qtbot.waitSignal(theme.changed):
        theme.choose("dark")
    assert theme.dark
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == load_tokens()["dark"].ground
    assert theme.pen("victim").color().name() != light
    theme.choose("light")


def test_system_scheme_without_an_answer_is_light(qapp: QApplication) -> None:
    assert not Theme("system").dark


def test_icons_take_the_colour_asked_for(qapp: QApplication) -> None:
    theme = Theme("light")
    for path in asset("icons").glob("*.svg"):
        image = theme.icon(path.stem, "#FF0000").pixmap(24, 24).toImage()
        pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        inked = [pixel for pixel in pixels if pixel.alpha() > 200]
        assert inked, path.name
        assert all(pixel.red() > 200 and pixel.blue() < 60 for pixel in inked), path.name


def test_the_bundled_font_is_used(qapp: QApplication) -> None:
    assert Theme("light").font("body").family() == "Inter"


class _Dressings(QLabel):
    """Counts how often it was given a style."""

    count = 0

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt names it
        self.count += event.type() == QEvent.Type.StyleChange
        super().changeEvent(event)


def test_a_page_is_dressed_once_when_it_comes_into_the_window(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply(qapp)
    window = QWidget()
    qtbot.addWidget(window)
    theme.dress(window)
    word = _Dressings("a word")
    word.setProperty("role", "verdict")
    inner: QWidget = word
    for _ in range(5):
        outer = QWidget()
        QVBoxLayout(outer).addWidget(inner)
        inner = outer
    assert word.count == 0
    QVBoxLayout(window).addWidget(inner)
    assert word.count == 1
    word.ensurePolished()
    assert word.font().pixelSize() == theme.pixels("verdict")
    dialog = QDialog(window)
    QVBoxLayout(dialog).addWidget(said := QLabel("in a dialog"))
    said.setProperty("role", "verdict")
    said.ensurePolished()
    assert said.font().pixelSize() == theme.pixels("verdict")
    theme.set_scale(1.5)
    assert word.font().pixelSize() == theme.pixels("verdict") > 20


def test_a_switch_dresses_what_is_there_no_more_than_needed(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply(qapp)
    window = QWidget()
    qtbot.addWidget(window)
    theme.dress(window)
    word = _Dressings("a word", window)
    word.ensurePolished()
    before = word.count
    theme.choose("dark")
    # Once for the palette, once for the sheet; a style that is set again would dress it twice more.
    assert word.count - before <= 2
    theme.choose("light")


def test_figures_are_of_equal_width_and_words_are_set_as_words(qapp: QApplication) -> None:
    theme = Theme("light")
    plain = theme.font()
    plain.unsetFeature(QFont.Tag("tnum"))
    figures, words = QFontMetricsF(theme.font()), QFontMetricsF(plain)
    assert len({figures.horizontalAdvance(sign) for sign in "0123456789"}) == 1
    assert len({words.horizontalAdvance(sign) for sign in "0123456789"}) > 1
    for sign in "k-NN, one (two); [x]: a < b":
        assert figures.horizontalAdvance(sign) == words.horizontalAdvance(sign)
