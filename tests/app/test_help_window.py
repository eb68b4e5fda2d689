from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from zepad_app.glossary import explain, glossary
from zepad_app.help_window import PAGES, HelpWindow, page_text, title_of
from zepad_app.theme import Theme, label
from zepad_app.widgets.hint import plain_hint
from zepad_engine.resources import asset

LINK = re.compile(r"(!?)\[[^\]]+\]\(([^)]+)\)")


@pytest.fixture
def help_window(qtbot: QtBot, theme: Theme) -> HelpWindow:
    made = HelpWindow(theme)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_page_and_every_picture_is_bundled(name: str) -> None:
    assert page_text(name).startswith("# ")
    for picture, target in LINK.findall(page_text(name)):
        if picture:
            assert asset("screenshots", f"{target}-light.png").exists()
            assert asset("screenshots", f"{target}-dark.png").exists()
        else:
            assert target in PAGES


@pytest.mark.parametrize("name", PAGES)
def test_no_page_gives_a_verdict_that_an_audit_cannot_give(name: str) -> None:
    words = page_text(name).replace("No audit shows that an encoder is safe.", "")
    assert not re.search(r"\b(secure|safe|certified)\b", words)


def test_the_glossary_explains_in_one_line_each() -> None:
    assert explain("Head") == "A small classifier trained on an encoder's features for one task."
    assert explain("ba") == explain("Benign accuracy") == "The share of clean test images answered rightly."
    assert explain("no such term") == ""
    assert all(meaning.endswith(".") and len(meaning) < 160 for meaning in glossary().values())
    assert "**Victim** – The public encoder that is audited." in page_text("glossary")


def test_a_search_leaves_the_pages_that_speak_of_it(help_window: HelpWindow) -> None:
    assert help_window.contents.count() == len(PAGES)
    help_window.search.setText("mcnemar")
    titles = [help_window.contents.item(row).text() for row in range(help_window.contents.count())]
    assert titles == [title_of("comparing"), title_of("glossary")]
    assert "McNemar" in help_window.reader.toPlainText()
    help_window.search.setText("zebra")
    assert help_window.contents.count() == 0
    assert "zebra" in help_window.note.text()
    assert not help_window.note.isHidden()
    help_window.search.clear()
    assert help_window.note.isHidden()


def test_links_within_are_followed_and_links_outside_only_copied(help_window: HelpWindow) -> None:
    help_window.show_page("first-audit")
    help_window._on_link(QUrl("reading-the-verdict"))
    assert help_window.reader.toPlainText().startswith("Reading the verdict")
    help_window._on_link(QUrl("https://example.org/a"))
    assert QGuiApplication.clipboard().text() == "https://example.org/a"
    assert "Copied" in help_window.note.text()
    assert help_window.reader.toPlainText().startswith("Reading the verdict")


def test_a_page_shows_bundled_pictures_and_loads_nothing_else(help_window: HelpWindow) -> None:
    image = help_window.reader.loadResource(2, QUrl("results"))
    assert image is not None
    assert image.deviceIndependentSize().width() == 600
    # The picture ends where the page goes on in the same colour: a line says where.
    line = Theme("light").tokens.line.lower()
    assert [image.pixelColor(*at).name() for at in ((0, 0), (300, 0), (599, 200))] == [line] * 3
    assert help_window.reader.loadResource(2, QUrl("https://example.org/x.png")) is None
    assert help_window.reader.loadResource(2, QUrl("file:///etc/hostname")) is None
    assert help_window.reader.loadResource(3, QUrl("results")) is None


def test_a_label_that_is_a_term_of_art_explains_itself(theme: Theme, qtbot: QtBot) -> None:
    term, plain = label("Benign branch"), label("Browse")
    for widget in (term, plain):
        qtbot.addWidget(widget)
        widget.show()
    meaning = explain("Benign branch")
    assert meaning
    assert (term.toolTip(), term.accessibleDescription()) == (plain_hint(meaning), meaning)
    assert (plain.toolTip(), plain.accessibleDescription()) == ("", "")
    underline = term.grab().toImage()
    row = {underline.pixelColor(x, underline.height() - 1).name() for x in range(underline.width())}
    assert len(row) > 1, "dots under the word"
