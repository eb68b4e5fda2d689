import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage

from zepad_app.theme import Theme
from zepad_app.widgets.image_compare import ImageCompare


def plain(colour):
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


@pytest.fixture
def compare(qtbot):
    made = ImageCompare(Theme("light"))
    qtbot.addWidget(made)
    made.resize(400, 420)
    made.show()
    made.pane.show_images(plain("#ff0000"), plain("#0000ff"), plain("#00ff00"), 10.0)
    return made


def at(pane, share, view=0):
    target = pane.targets()[view]
    image = pane.grab().toImage()
    return image.pixelColor(
        round(target.left() + share * target.width()), round(target.top() + 0.1 * target.height())
    ).name()


def test_clean_lies_left_of_the_divider_and_perturbed_right(compare):
    assert at(compare.pane, 0.2) == "#ff0000"
    assert at(compare.pane, 0.8) == "#0000ff"


def test_the_divider_follows_the_mouse_and_the_keys(compare, qtbot):
    pane = compare.pane
    target = pane.targets()[0]
    point = QPoint(round(target.left() + 0.9 * target.width()), round(target.center().y()))
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=point)
    assert pane.divider == pytest.approx(0.9, abs=0.01)
    assert at(pane, 0.8) == "#ff0000"
    qtbot.keyClick(pane, Qt.Key.Key_Left)
    assert pane.divider == pytest.approx(0.85, abs=0.01)


def test_side_by_side_shows_all_three(compare):
    compare.mode.choose("beside")
    assert [at(compare.pane, 0.5, view) for view in range(3)] == ["#ff0000", "#0000ff", "#00ff00"]


def test_zoom_is_one_cut_out_for_all_views_and_stays_inside_the_picture(compare, qtbot):
    compare.mode.choose("beside")
    compare.zoom.setValue(4)
    assert compare.pane.source().width() == 2
    for _ in range(30):
        qtbot.keyClick(compare.pane, Qt.Key.Key_Right)
    assert compare.pane.source().right() == pytest.approx(8)
    qtbot.keyClick(compare.pane, Qt.Key.Key_Minus)
    assert compare.zoom.value() == 3
