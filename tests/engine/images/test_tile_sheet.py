"""Sheets of tiles: what goes in comes out, and enlarging is exact."""

import numpy as np
import pytest

from zepad_engine.images.tile_sheet import fitted, read_sheet, sheet_bytes


def noise(count, side):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("count", [1, 64, 65, 130])
def test_a_sheet_gives_back_every_pixel(tmp_path, count):
    tiles = noise(count, 8)
    (tmp_path / "sheet.webp").write_bytes(sheet_bytes(tiles))
    assert np.array_equal(read_sheet(tmp_path / "sheet.webp", count, 8), tiles)


def test_padding_adds_a_black_border():
    picture = fitted(noise(2, 28), "pad")
    assert picture.shape == (2, 3, 32, 32)
    assert not picture[:, :, :2].any()
    assert not picture[..., -2:].any()


def test_enlarging_keeps_an_even_colour_and_a_ramp():
    even = np.full((1, 24, 24, 3), 137, dtype=np.uint8)
    assert (fitted(even, "enlarge") == 137).all()
    ramp = np.broadcast_to((np.arange(24, dtype=np.uint8) * 8)[:, None, None], (1, 24, 24, 3))
    column = fitted(ramp, "enlarge")[0, 0, :, 0].astype(int)
    assert column.tolist()[:5] == [0, 5, 11, 17, 23]
    assert (np.diff(column) >= 0).all()


def test_a_side_that_does_not_become_32_is_refused():
    with pytest.raises(ValueError, match="do not become"):
        fitted(noise(1, 20), "none")
