"""Any plot and table can be taken away: as a picture, as a drawing whose text is text, as figures, with its recipe."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from PySide6.QtCore import QByteArray, QEvent, QPoint
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tests.support.sample_report import sample_report
from zepad_app.results.contrasts import contrasts
from zepad_app.results.rate_table import RATE_ROLE
from zepad_app.theme import Theme
from zepad_app.widgets.dumbbell_plot import DumbbellPlot
from zepad_app.widgets.explaining import QUESTION
from zepad_app.widgets.figure_menu import copy_figures, copy_picture, drawing_of, file_name, picture_of
from zepad_app.widgets.rate_label import RateLabel
from zepad_app.widgets.result_table import ResultTable

SVG = "{http://www.w3.org/2000/svg}"


class Page(QWidget):
    """A page that keeps what it was asked."""

    def __init__(self, *inside: QWidget) -> None:
        super().__init__()
        self.asked: list[tuple[str, object]] = []
        column = QVBoxLayout(self)
        for widget in inside:
            column.addWidget(widget)

    def explain(self, what: str, rate: object, place: QPoint) -> None:
        del place
        self.asked.append((what, rate))


@pytest.fixture
def theme(qapp):
    made = Theme("light")
    made.apply(qapp)
    return made


@pytest.fixture
def plot(theme, qtbot):
    made = DumbbellPlot(theme)
    qtbot.addWidget(made)
    made.show_contrasts([(row.task, row) for row in contrasts(sample_report(), "advencoder_per")], "AdvEncoder-PER")
    made.resize(640, made.height())
    made.show()
    # An axis takes its width from the words it has painted once.
    for _ in range(3):
        QApplication.processEvents()
    return made


@pytest.fixture
def table(theme, qtbot):
    made = ResultTable(theme)
    qtbot.addWidget(made)
    made.rates.show_report(sample_report())
    made.resize(900, made.height())
    made.show()
    return made


def click(menu, text):
    next(action for action in menu.actions() if action.text() == text).trigger()


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("plot", ("emoji    clean", "attacked", "+24.7", "Accuracy per task", "Three clean encoders")),
        ("table", ("ZePAD", "Emoji groups", "88.6 %")),
    ],
)
def test_an_svg_opens_and_its_text_is_text(request, which, words, theme):
    figure = request.getfixturevalue(which)
    drawing = drawing_of(figure, theme.tokens.surface)
    root = ElementTree.fromstring(drawing.decode())
    told = " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))
    for word in words:
        assert word in told
    # Nothing is a picture of itself.
    assert not list(root.iter(f"{SVG}image"))
    assert root.findtext(f"{SVG}title") == figure.accessibleName()
    assert QSvgRenderer(QByteArray(drawing)).isValid()


def test_a_picture_stands_on_the_surface_of_its_theme_at_twice_its_size(plot, theme):
    for scheme in ("light", "dark"):
        theme.choose(scheme)
        image = picture_of(plot, theme.tokens.surface).toImage()
        # Title and key stand above the plot.
        assert image.width() == 2 * plot.width()
        assert image.height() > 2 * plot.height() + 60
        assert image.pixelColor(2, 2).name() == theme.tokens.surface.lower()
        assert len({image.pixelColor(x, image.height() // 2).name() for x in range(0, image.width(), 3)}) > 3


def test_figures_and_picture_are_copied(plot):
    copy_figures(plot)
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    first = contrasts(sample_report(), "advencoder_per")[0]
    rate = first.undefended
    assert rows[1] == [
        first.task,
        "clean",
        "undefended",
        *(str(v) for v in (rate.value, rate.low, rate.high, rate.n)),
    ]
    copy_picture(plot, "#ffffff")
    assert QGuiApplication.clipboard().image().size() == plot.figure_size() * 2
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize(("text", "ending"), [("PNG", "png"), ("SVG", "svg"), ("figures as CSV", "csv")])
def test_saving_writes_what_the_ending_says(plot, tmp_path, monkeypatch, text, ending):
    path = tmp_path / f"mine.{ending}"
    offered = []

    def choose(_parent, _title, name, kind):
        offered.append((name, kind))
        return str(path), kind

    monkeypatch.setattr("zepad_app.widgets.figure_menu.QFileDialog.getSaveFileName", choose)
    click(plot.menu(), f"Save {text}…" if ending == "csv" else f"Save as {text}…")
    assert offered == [(f"accuracy-per-task-undefended-and-zepad.{ending}", f"{ending.upper()} (*.{ending})")]
    if ending == "png":
        assert QImage(str(path)).width() == 1280
    elif ending == "svg":
        assert path.read_bytes() == drawing_of(plot, plot.theme.tokens.surface)
    else:
        assert path.read_text().startswith("task,images,defence,accuracy,")


def test_every_number_can_be_asked_how_it_was_measured(plot, table, theme, qtbot):
    rate = sample_report().cells[0].ba
    alone = RateLabel(theme, rate, what="Clean accuracy")
    page = Page(plot, table, alone)
    qtbot.addWidget(page)
    click(plot.menu(), QUESTION)
    index = table.rates.index(0, 2)
    click(table.menu(index), QUESTION)
    assert page.asked == [
        ("Accuracy per task, undefended and ZePAD", None),
        ("Robust accuracy · AdvEncoder-PER · Undefended · Emoji groups", index.data(RATE_ROLE)),
    ]


def test_where_nobody_can_answer_nothing_is_offered(plot):
    assert QUESTION not in [action.text() for action in plot.menu().actions()]


def test_a_file_is_named_after_its_figure():
    assert file_name("ROC of the detector on signs/4", "svg") == "roc-of-the-detector-on-signs-4.svg"


def test_the_drawing_shows_what_the_picture_shows(plot, theme):
    picture = picture_of(plot, theme.tokens.surface).toImage().scaled(plot.figure_size())
    drawn = QImage(plot.figure_size(), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(drawing_of(plot, theme.tokens.surface))).render(painter)
    painter.end()
    places = [(x, y) for x in range(0, drawn.width(), 2) for y in range(0, drawn.height(), 2)]
    apart = [abs(picture.pixelColor(*at).lightness() - drawn.pixelColor(*at).lightness()) > 120 for at in places]
    # Edges differ by a few pixels; with axes drawn at another resolution it is twice as many.
    assert sum(apart) / len(apart) < 0.006


class Asked:
    """Stands for a menu, which would wait for a click."""

    def __init__(self):
        self.places = []

    def exec(self, place):
        self.places.append(place)


def test_a_right_click_on_the_curves_themselves_opens_the_menu(plot, monkeypatch):
    asked = Asked()
    monkeypatch.setattr(plot, "menu", lambda: asked)
    area = plot.plot.viewport()
    spot = area.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, area.mapToGlobal(spot))
    QApplication.sendEvent(area, event)
    assert asked.places == [area.mapToGlobal(spot)]


def test_the_menu_has_a_button_where_the_keyboard_is(plot, monkeypatch):
    asked = Asked()
    monkeypatch.setattr(plot, "menu", lambda: asked)
    plot.more.hide()
    plot.focusInEvent(QFocusEvent(QEvent.Type.FocusIn))
    assert not plot.more.isHidden()
    plot.more.click()
    assert len(asked.places) == 1
