"""The report's pages in the window: asked for when looked at, drawn sharp, turned, fitted and copied."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from reportlab.pdfgen.canvas import Canvas

from tests.support.sample_report import sample_report
from zepad_app.paper.document import PaperDocument
from zepad_app.paper.page_column import PageColumn
from zepad_app.results.paper_tab import PaperTab
from zepad_engine.messages import Export, Exported, Failed

COLOURS = ("#cc2200", "#22aa00", "#2200cc", "#aa22aa")


def pdf() -> bytes:
    """Four pages, each of one colour, with words; an entry for each, the third half way down its page."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(300, 400))
    for number, colour in enumerate(COLOURS):
        canvas.setFillColor(colour)
        canvas.rect(30, 30, 240, 340, stroke=0, fill=1)
        canvas.setFillColor("#000000")
        canvas.drawString(40, 200, f"words of page {number + 1}")
        canvas.bookmarkHorizontal(f"p{number}", 0, 200 if number == 2 else 400)
        canvas.addOutlineEntry(f"Part {number + 1}", f"p{number}", level=min(number, 1))
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


@pytest.fixture
def tab(qtbot, theme, tmp_path):
    made = PaperTab(theme)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf())
    made.show_file(file)
    qtbot.waitUntil(lambda: made.state == "pages" and 0 in made.column.drawn, timeout=20_000)
    return made


def middle(tab: PaperTab) -> QColor:
    """The colour in the middle of what is seen, a little off the words."""
    picture = tab.column.viewport().grab().toImage()
    return QColor(picture.pixel(picture.width() // 2, picture.height() // 2 - 60))


def alike(found: QColor, wanted: str) -> bool:
    other = QColor(wanted)
    return max(abs(getattr(found, part)() - getattr(other, part)()) for part in ("red", "green", "blue")) < 6


def test_pages_are_drawn_as_wide_as_they_are_shown(tab, qtbot):
    assert alike(middle(tab), COLOURS[0])
    column, ratio = tab.column, tab.column.devicePixelRatioF()
    width = min(column.viewport().width() - 32, 2 * 300 * 96 / 72)
    qtbot.waitUntil(lambda: abs(column._drawn[0][1].width() / ratio - width) <= 1, timeout=20_000)
    tab.bar.choice.choose("page")
    tab.bar.choice.activated.emit(1)
    assert column.zoom == pytest.approx((column.viewport().height() - 32) / 400 / (96 / 72))
    height = 400 * column.zoom * 96 / 72 * ratio
    qtbot.waitUntil(lambda: abs(column._drawn[0][1].height() - height) <= 2, timeout=20_000)


def test_outline_page_number_and_keys_lead_to_pages(tab, qtbot):
    assert [tab.outline.item(row).text().strip() for row in range(4)] == ["Part 1", "Part 2", "Part 3", "Part 4"]
    assert (tab.bar.count.text(), tab.bar.before.isEnabled(), tab.bar.after.isEnabled()) == ("of 4", False, True)
    tab.bar.choice.choose("page")
    tab.bar.choice.activated.emit(1)
    tab.outline.itemActivated.emit(tab.outline.item(1))
    assert (tab.column.page, tab.bar.number.value()) == (1, 2)
    qtbot.waitUntil(lambda: alike(middle(tab), COLOURS[1]), timeout=20_000)
    tab.bar.before.click()
    assert tab.column.page == 0
    tab.bar.number.setValue(4)
    assert (tab.column.page, tab.bar.after.isEnabled()) == (3, False)
    QTest.keyClick(tab.column, Qt.Key.Key_Home)
    assert (tab.column.page, tab.outline.currentRow()) == (0, 0)
    QTest.keyClick(tab.column, Qt.Key.Key_PageDown)
    assert tab.column.page == 1
    QTest.keyClick(tab.column, Qt.Key.Key_End)
    assert tab.column.page == 3
    assert tab.column.accessibleName() == "Page 4 of 4"
    assert "words of page 4" in tab.column.accessibleDescription()


def test_an_entry_half_way_down_a_page_comes_to_the_top(tab):
    tab.column.set_mode(2.0)
    tab.outline.itemClicked.emit(tab.outline.item(2))
    assert tab.column._place() == (2, pytest.approx(0.5, abs=0.01))
    assert tab.outline.currentRow() == 2


def test_zooming_keeps_the_place_and_says_the_size(tab):
    tab.column.set_mode(1.0)
    tab.column.go_to(2, 0.25)
    for up, wanted in ((True, "125 %"), (True, "150 %"), (False, "125 %")):
        (tab.bar.larger if up else tab.bar.smaller).click()
        assert (tab.bar.zoom.text(), tab.bar.choice.currentText()) == (wanted, wanted)
        number, share = tab.column._place()
        assert (number, share) == (2, pytest.approx(0.25, abs=0.01))
    tab.column.set_mode(2.0)
    assert not tab.bar.larger.isEnabled()


def test_the_words_of_the_page_in_front_can_be_copied(tab):
    tab.column.go_to(1)
    tab.column.copy()
    assert QGuiApplication.clipboard().text().strip() == "words of page 2"


def test_drawings_out_of_sight_make_room(qtbot, theme, monkeypatch):
    monkeypatch.setattr("zepad_app.paper.page_column._KEPT", 100)
    column = PageColumn(theme, PaperDocument())
    qtbot.addWidget(column)
    for number in range(5):
        column._on_drawn(number, 10, QImage(8, 8, QImage.Format.Format_RGB32))
    assert column.drawn == (4,)


def test_a_file_that_is_no_pdf_is_told(qtbot, theme, tmp_path):
    tab = PaperTab(theme)
    qtbot.addWidget(tab)
    file = tmp_path / "report.pdf"
    file.write_bytes(b"no pages here")
    tab.show_file(file)
    qtbot.waitUntil(lambda: tab.state == "failed", timeout=20_000)
    assert tab.notice.sentence == "The pages could not be drawn."


def test_the_paper_is_asked_for_when_its_tab_is_looked_at(app, engine, qtbot, tmp_path):
    engine.be_ready()
    page = app.window.pages.page("results")
    page.show_report(sample_report(), tmp_path)
    app.window.show_page("results")
    before = len(engine.sent)
    page.open_tab("Report")
    page.turns.settle()
    (request,) = engine.sent[before:]
    assert isinstance(request, Export)
    assert (request.format, request.folder) == ("pdf", str(tmp_path))
    assert page.paper.state == "busy"
    engine.say(Failed(request=request.request, code="x", sentence="It cannot be laid out.", advice="Print the page."))
    assert (page.paper.state, page.paper.notice.sentence) == ("failed", "It cannot be laid out.")
    assert app.window.notice.isHidden()
    page.paper.notice.remedied.emit("again")
    again = engine.sent[-1]
    assert again.request != request.request
    Path(again.destination).write_bytes(pdf())
    engine.say(Exported(request=again.request, path=again.destination))
    qtbot.waitUntil(lambda: page.paper.state == "pages", timeout=20_000)
    assert page.paper.bar.count.text() == "of 4"
    # Nothing was saved where the user would look for it, so nothing is said of a file.
    assert app.window.notice.isHidden()
    page.open_tab("Summary")
    page.open_tab("Report")
    assert engine.sent[-1] is again
