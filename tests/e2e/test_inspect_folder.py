"""A folder of five hundred pictures, some broken, is dropped on the window and sifted while others are looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from tests.support.gap_meter import GapMeter
from tests.support.settling import wait_settled

pytestmark = pytest.mark.slow

PICTURES, SIFT_MS = 500, 240_000


@pytest.fixture
def pictures(tmp_path: Path, gaps: GapMeter) -> Path:
    """Every fiftieth picture is no picture or ends too early."""
    with gaps.forgiving():
        return drawn(tmp_path)


def drawn(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    dice = np.random.default_rng(3)
    for number in range(PICTURES):
        path = folder / f"{number:03}.png"
        side = (16, 24, 48)[number % 3]
        Image.fromarray(dice.integers(0, 255, (side, side, 3), np.uint8)).save(path)
        if number % 50 == 7:
            path.write_bytes(path.read_bytes()[:60] if number % 100 == 7 else b"<html>no picture</html>")
    return folder


def test_a_folder_of_five_hundred_pictures(app, qtbot, tiny_run, pictures):
    assert app.model.load_run(tiny_run)
    wait_settled(qtbot, app.window)
    app.window.open_files((pictures,))
    page = app.window.pages.page("inspect")
    qtbot.waitUntil(lambda: app.window.stack.currentWidget() is page, timeout=30_000)
    qtbot.waitUntil(lambda: page.inner.currentWidget() is page.bench, timeout=60_000)
    assert page.strip.film.counts().total == PICTURES
    assert page.bench.foot.answer.text() not in ("", "–")

    page.strip.view.setFocus()
    for _ in range(7):
        qtbot.keyClick(page.strip.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.inner.currentWidget() is page.refused, timeout=30_000)
    assert page.strip.image.endswith("007.png")
    qtbot.mouseClick(page.refused.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.inner.currentWidget() is page.bench, timeout=30_000)

    qtbot.waitUntil(lambda: page.strip.film.counts().waiting == 0, timeout=SIFT_MS)
    counts = page.strip.film.counts()
    assert (counts.judged, counts.refused) == (490, 10)
    page.strip.filter.setCurrentIndex(page.strip.filter.findData("refused"))
    assert [Path(image).name for image in page.strip.film.shown] == [f"{n:03}.png" for n in range(7, 500, 50)]
    assert all(page.strip.film.row_of(image).refused for image in page.strip.film.shown)

    page.strip.filter.setCurrentIndex(0)
    page.strip.sort.setCurrentIndex(page.strip.sort.findData("score"))
    scores = [page.strip.film.row_of(image).score for image in page.strip.film.shown[:490]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 100
    best = page.strip.film.shown[0]
    page.strip.choose(best)
    qtbot.waitUntil(lambda: page.judged is not None and page.judged.subject.image == best, timeout=30_000)
    assert page.judged.score == pytest.approx(scores[0], abs=1e-4)
    assert page.judged.flagged == page.strip.film.row_of(best).flagged
