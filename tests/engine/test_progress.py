from __future__ import annotations

import pytest

from zepad_engine.errors import Cancelled
from zepad_engine.progress import Progress


@pytest.fixture
def told():
    return []


@pytest.fixture
def progress(told):
    return Progress(on_advance=lambda done, note: told.append((round(done, 6), note)))


def test_a_span_reports_in_its_part_of_the_whole(progress, told):
    part = progress.between(0.2, 0.6)
    part.advance(0.5, "half of it")
    part.between(0.5, 1.0).advance(0.5)
    assert told == [(0.4, "half of it"), (0.5, "")]


def test_split_gives_equal_shares_in_order(progress, told):
    for name, span in progress.between(0.5, 1.0).split(["a", "b"]):
        span.advance(0.0, name)
        span.advance(1.0, name)
    assert told == [(0.5, "a"), (0.75, "a"), (0.75, "b"), (1.0, "b")]


def test_splitting_nothing_does_nothing(progress, told):
    assert list(progress.split([])) == []
    assert told == []


def test_done_is_kept_between_nought_and_one(progress, told):
    progress.advance(-3)
    progress.advance(7)
    assert told == [(0.0, ""), (1.0, "")]


def test_curves_pass_through_parts_untouched():
    points = []
    progress = Progress(on_measure=lambda *point: points.append(point))
    progress.between(0.1, 0.2).measure("cross_entropy", 3, 0.25)
    assert points == [("cross_entropy", 3, 0.25)]


@pytest.mark.parametrize("act", [lambda p: p.check(), lambda p: p.advance(0.5), lambda p: next(p.split([1]))])
def test_every_call_of_a_cancelled_token_raises_before_it_tells(told, act):
    progress = Progress(on_advance=lambda *news: told.append(news), cancelled=lambda: True)
    for token in (progress, progress.between(0.2, 0.4)):
        with pytest.raises(Cancelled):
            act(token)
    assert told == []


def test_the_silent_token_lets_everything_pass():
    token = Progress.silent()
    token.check()
    token.advance(1.0)
    token.measure("any", 0, 0)
