import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from zepad_app.inspection.map_colours import difference, heat, read_map, top_of


def at(image, x, y=0):
    return image.pixelColor(x, y)


@pytest.fixture
def rising():
    return np.tile(np.linspace(0, 1, 8, dtype=np.float32), (4, 1))


def test_more_is_lighter_and_what_lies_above_the_top_is_cut(qapp, rising):
    image = heat(rising, 0.5)
    lightness = [at(image, x).lightness() for x in range(8)]
    assert lightness[:4] == sorted(lightness[:4])
    assert lightness[0] < 10
    assert lightness[4] == lightness[7] == max(lightness)


def test_a_difference_is_pale_where_there_is_none_red_above_and_blue_below(qapp, rising):
    image = difference(rising, np.full_like(rising, rising[0, 4]), 0.5)
    less, none, more = at(image, 0), at(image, 4), at(image, 7)
    assert less.blue() > less.red()
    assert more.red() > more.blue()
    assert none.lightness() > max(less.lightness(), more.lightness())


def test_over_a_picture_what_counts_is_lit_and_the_rest_shows_the_picture(qapp, rising):
    picture = QImage(8, 4, QImage.Format.Format_RGB32)
    picture.fill(QColor("#808080"))
    plain, over = heat(rising, 1.0), heat(rising, 1.0, picture)
    assert at(over, 7) == at(plain, 7)
    assert at(over, 0).lightness() > at(plain, 0).lightness() + 40


def test_the_top_is_not_one_outshining_pixel(rising):
    spike = rising.copy().repeat(20, 0).repeat(20, 1)
    spike[0, 0] = 1000
    assert top_of(spike) == pytest.approx(1.0, abs=0.01)
    assert top_of(np.zeros((2, 2), np.float32)) == 1.0


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_a_map_that_cannot_be_read_is_none(tmp_path, content):
    path = tmp_path / "map.npy"
    if content is not None:
        path.write_bytes(content)
    assert read_map(path) is None


def test_values_that_are_no_numbers_or_no_map_are_none(tmp_path):
    for name, values in (("nan", np.full((2, 2), np.nan)), ("flat", np.zeros(4)), ("object", np.array([[{}]]))):
        np.save(tmp_path / f"{name}.npy", values, allow_pickle=True)
        assert read_map(tmp_path / f"{name}.npy") is None
