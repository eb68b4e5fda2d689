import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent

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
    compare.pane.set_zoom(4)
    assert compare.pane.source().width() == 2
    for _ in range(30):
        qtbot.keyClick(compare.pane, Qt.Key.Key_Right)
    assert compare.pane.source().right() == pytest.approx(8)
    qtbot.keyClick(compare.pane, Qt.Key.Key_Minus)
    assert compare.zoom.text() == "3.2×"
    qtbot.keyClick(compare.pane, Qt.Key.Key_0)
    assert (compare.pane.zoom, compare.pane.source().width()) == (1.0, 8)


def test_the_wheel_zooms_where_it_points_and_a_double_click_resets(compare, qtbot):
    pane = compare.pane
    target = pane.targets()[0]
    corner = QPointF(target.left() + 0.75 * target.width(), target.top() + 0.25 * target.height())
    for _ in range(4):
        turn = QWheelEvent(
            corner,
            QPointF(pane.mapToGlobal(corner.toPoint())),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        pane.wheelEvent(turn)
    source = pane.source()
    assert source.left() + 0.75 * source.width() == pytest.approx(6)
    assert source.top() + 0.25 * source.height() == pytest.approx(2)
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=corner.toPoint())
    assert (pane.zoom, pane.source().left()) == (1.0, 0)


def test_the_pixel_under_the_mouse_is_read_out(compare, qtbot):
    target = compare.pane.targets()[0]
    place = QPoint(round(target.left() + 0.3 * target.width()), round(target.top() + 0.9 * target.height()))
    qtbot.mouseMove(compare.pane, place)
    assert compare.readout.text() == "x 2, y 7   RGB 255 0 0 → 0 0 255   difference −255 +0 +255 /255"
    compare.pane.show_images(plain("#ff0000"), plain("#ff0000"), plain("#000000"), 1.0, attacked=False)
    qtbot.mouseMove(compare.pane, place + QPoint(1, 0))
    assert compare.readout.text() == "x 2, y 7   RGB 255 0 0"


def test_a_clean_picture_has_no_divider(compare):
    compare.pane.show_images(plain("#ff0000"), plain("#0000ff"), plain("#00ff00"), 1.0, attacked=False)
    compare.mode.choose("beside")
    assert len(compare.pane.targets()) == 1
    assert at(compare.pane, 0.8) == "#ff0000"
