"""A picture is attacked: answers, weights and flag follow the slider, maps and map of features follow when it rests."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tests.support.settling import wait_settled
from zepad_engine.questions import PGD

pytestmark = pytest.mark.slow

FIRST_MS, NEXT_MS = 120_000, 60_000


@pytest.fixture
def page(app, qtbot, tiny_run):
    """The inspector with its first picture judged."""
    assert app.model.load_run(tiny_run)
    wait_settled(qtbot, app.window)
    app.window.show_page("inspect")
    made = app.window.pages.page("inspect")
    qtbot.mouseClick(made.no_image.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made.inner.currentWidget() is made.bench, timeout=FIRST_MS)
    return made


def shown(page):
    """What the page says: bars and weight of a branch, fused answer, score."""
    column = page.bench.answers.columns["tuned_victim"]
    probabilities = tuple(score.probability for score in column.bars.scores)
    return probabilities, page.bench.answers.weights.weights, page.bench.foot.fused.scores, page.bench.foot.gauge.score


def pixels(path):
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : 3 * image.width()].astype(int)


def test_everything_follows_the_slider_and_maps_come_when_it_rests(page, qtbot, tiny_run):
    clean = shown(page)
    page.strip.view.setFocus()
    qtbot.keyClick(page.strip.view, Qt.Key.Key_Space)
    top = page.attack.amount.maximum()
    qtbot.waitUntil(lambda: page.judged.subject.epsilon_255 == top / 2, timeout=NEXT_MS)
    assert shown(page) != clean
    assert page.judged.flagged == (page.judged.score > page.judged.threshold)
    assert page.bench.foot.gauge.flagged == page.judged.flagged
    moved = pixels(tiny_run / page.judged.perturbed) - pixels(tiny_run / page.judged.shown)
    assert 0 < abs(moved).max() <= np.ceil(top / 2)

    waits = []
    for place in range(top - 1, 0, -1):
        began = time.perf_counter()
        page.attack.amount.setValue(place)
        qtbot.waitUntil(lambda place=place: page.judged.subject.epsilon_255 == place / 2, timeout=NEXT_MS)
        waits.append(1000 * (time.perf_counter() - began))
    sys.stdout.write(
        f"slider to answer in ms: median {np.median(waits):.0f}, longest {max(waits):.0f}, n {len(waits)}\n"
    )
    page.attack.amount.setValue(0)
    qtbot.waitUntil(lambda: page.judged.subject.epsilon_255 == 0, timeout=NEXT_MS)
    assert shown(page)[3] == pytest.approx(clean[3], abs=1e-5)

    why = page.bench.why
    page.bench.open(why)
    qtbot.waitUntil(lambda: not why.missing(page.inquiry.subject), timeout=NEXT_MS)
    before = {branch: tile.picture.image.copy() for branch, tile in why.rows["saliency"].tiles.items()}
    assert all(not image.isNull() for image in before.values())
    page.attack.amount.setValue(top)
    assert why.rows["saliency"].tiles["benign"].picture.faded
    qtbot.waitUntil(lambda: not why.missing(page.inquiry.subject), timeout=NEXT_MS)
    assert not why.rows["saliency"].tiles["benign"].picture.faded
    assert any(why.rows["saliency"].tiles[branch].picture.image != image for branch, image in before.items())

    place = page.bench.place
    page.bench.open(place)
    qtbot.waitUntil(lambda: not place.lacks(page.inquiry.subject), timeout=NEXT_MS)
    assert place.map.moved
    assert place.nearest.count() == 8


def test_pgd_made_for_the_picture_is_walked_step_by_step(page, qtbot):
    page.attack.picker.setCurrentIndex(page.attack.picker.findData(PGD))
    page.attack.on.setChecked(True)
    scores = {}
    for step in (20, 0, 10, 20):
        page.attack.step.setValue(step)
        qtbot.waitUntil(lambda step=step: page.judged.subject.step == step, timeout=FIRST_MS)
        assert page.judged.subject.attack == PGD
        if step in scores:
            assert shown(page) == scores[step]
        scores[step] = shown(page)
    # Where it starts every branch is as sure as on the clean picture; the attack lowers what was the answer.
    first = scores[0][2][0]
    last = {score.name: score.probability for score in scores[20][2]}
    assert last.get(first.name, 0.0) < first.probability
