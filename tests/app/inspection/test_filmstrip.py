import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmapCache

from tests.support.sample_answers import sift_row
from tests.support.sample_judgement import sample_judged, write_pictures
from zepad_app.inspection.film_model import FLAG_ROLE, Counts, FilmModel
from zepad_app.inspection.filmstrip import Filmstrip, count_words
from zepad_app.inspection.sifter import Sifter
from zepad_app.inspection.thumbnails import CACHE_KIB
from zepad_app.theme import Theme
from zepad_engine.messages import Failed
from zepad_engine.questions import SIFT_AT_ONCE, Sifted, SiftRow


def row(image, score=0.0, **more):
    return SiftRow(image=image, answer="cat", probability=0.9, undefended="cat", score=score, **more)


@pytest.fixture
def film(qapp):
    made = FilmModel()
    made.show_images(["c.png", "a.png", "b.png", "d.png"])
    made.put(
        [
            row("c.png", 0.4, disagreement=0.3),
            row("a.png", 1.5, flagged=True),
            SiftRow(image="b.png", refused="This is no picture.", advice="Save it again."),
        ]
    )
    return made


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("all", ["c.png", "a.png", "b.png", "d.png"]),
        ("flagged", ["a.png"]),
        ("quiet", ["c.png"]),
        ("split", ["c.png"]),
        ("changed", []),
        ("refused", ["b.png"]),
    ],
)
def test_each_filter_lets_its_kind_through(film, key, shown):
    film.choose_filter(key)
    assert list(film.shown) == shown


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("score", ["a.png", "c.png", "d.png", "b.png"]),
        ("quietest", ["c.png", "a.png", "d.png", "b.png"]),
        ("disagreement", ["c.png", "a.png", "d.png", "b.png"]),
        ("name", ["a.png", "b.png", "c.png", "d.png"]),
    ],
)
def test_each_order_puts_what_is_not_known_last(film, key, shown):
    film.choose_sort(key)
    assert list(film.shown) == shown


def test_the_user_s_own_threshold_decides_the_flags(film):
    assert film.counts() == Counts(total=4, judged=2, flagged=1, refused=1)
    film.use_threshold(0.3)
    assert film.counts().flagged == 2
    film.choose_filter("flagged")
    assert list(film.shown) == ["c.png", "a.png"]
    film.use_threshold(2.0)
    assert list(film.shown) == []
    film.use_threshold(None)
    assert list(film.shown) == ["a.png"]


def test_the_strip_says_itself_in_words(film):
    words = [film.data(film.index(place), Qt.ItemDataRole.AccessibleTextRole) for place in range(4)]
    assert words[1] == "a.png. ZePAD says cat (90 %), undefended cat. Flagged, score 1.50."
    assert words[2] == "b.png. Refused: This is no picture. Save it again."
    assert words[3] == "d.png. Not looked at yet."
    assert count_words(film.counts()) == "1 of 2 flagged without attack, 1 refused; 1 still to look at"
    assert count_words(Counts(total=200)) == "200 still to look at"


def test_a_name_cannot_dress_up(qapp):
    film = FilmModel()
    film.show_images(["/tmp/<b>safe\u202egnp.png"])
    assert film.data(film.index(0), Qt.ItemDataRole.DisplayRole) == "<b>safe\ufffdgnp.png"
    assert "<b>" not in film.data(film.index(0), Qt.ItemDataRole.ToolTipRole)


@pytest.fixture
def strip(qtbot, tmp_path):
    write_pictures(tmp_path, side=4)
    made = Filmstrip(Theme("light"))
    made.delegate.folder = tmp_path
    qtbot.addWidget(made)
    made.resize(220, 600)
    made.show()
    return made


def test_the_arrows_walk_and_the_filter_never_loses_the_current_picture(strip, qtbot):
    told = []
    strip.chosen.connect(told.append)
    strip.show_images(["a1.png", "a2.png", "a3.png"])
    qtbot.keyClick(strip.view, Qt.Key.Key_Down)
    assert told == ["a1.png", "a2.png"]
    strip.film.put([row("a3.png", 2.0, flagged=True), row("a2.png")])
    strip.toggle_flagged()
    assert list(strip.film.shown) == ["a3.png"]
    assert strip.image == "a2.png"
    strip.toggle_flagged()
    strip.step(1)
    assert told == ["a1.png", "a2.png", "a3.png"]
    assert strip.film.data(strip.film.index(2), FLAG_ROLE)


def test_choosing_a_hidden_picture_takes_the_filter_away(strip):
    strip.show_images(["a1.png", "a2.png"])
    strip.film.put([row("a1.png", 2.0, flagged=True), row("a2.png")])
    strip.toggle_flagged()
    strip.choose("a2.png")
    assert strip.film.filter == "all"
    assert strip.image == "a2.png"


def test_what_is_in_sight_is_sifted_first_and_then_everything_once(strip, qapp):
    images = [f"i{number}.png" for number in range(300)]
    strip.show_images(images)
    strip.view.scrollTo(strip.film.index(200))
    qapp.processEvents()
    sifter = Sifter(strip.film, strip.in_sight)
    assert sifter.question() is None
    sifter.judge_by("run", "signs")
    first = sifter.question()
    seen = list(strip.in_sight())
    assert list(first.images[: len(seen)]) == seen[: len(first.images)]
    assert "i200.png" in strip.in_sight()
    asked = []
    question = first
    while question is not None:
        assert len(question.images) <= SIFT_AT_ONCE
        asked.extend(question.images)
        assert sifter.take(Sifted(request=question.request, rows=tuple(map(sift_row, question.images))))
        question = sifter.question()
    assert sorted(asked) == sorted(images)
    assert strip.film.counts().waiting == 0
    assert strip.film.counts().refused == 27


def test_a_chunk_that_fails_or_is_forgotten_is_not_asked_about_for_ever(strip):
    strip.show_images(["a1.png", "a2.png"])
    sifter = Sifter(strip.film, strip.in_sight)
    sifter.judge_by("run", "signs")
    asked = sifter.question()
    assert not sifter.fail(Failed(request="other", code="run.bad", sentence="No."))
    assert sifter.fail(Failed(request=asked.request, code="run.bad", sentence="The run has no heads."))
    assert strip.film.row_of("a1.png").refused == "The run has no heads."
    assert sifter.question() is None
    assert not sifter.judge_by("run", "signs")
    assert sifter.judge_by("run", "signs", "l4a_base", 5.0)
    again = sifter.question()
    assert (again.attack, again.epsilon_255) == ("l4a_base", 5.0)
    assert sifter.take(Sifted(request=again.request, rows=()))
    assert strip.film.counts().refused == 2


def test_a_thumbnail_that_made_room_for_others_is_asked_for_again(strip, tmp_path, qtbot):
    strip.show_images(["i1.png", "i2.png"])
    strip.film.put(map(sift_row, ["i1.png", "i2.png"]))
    sifter = Sifter(strip.film, strip.in_sight)
    sifter.judge_by("run", "signs")
    strip.film.put(map(sift_row, ["i1.png", "i2.png"]))
    sifter.revive(tmp_path)
    assert sifter.question() is None
    (tmp_path / sift_row("i2.png").thumbnail).unlink()
    sifter.revive(tmp_path)
    assert sifter.question().images == ("i2.png",)
    assert strip.film.row_of("i1.png") is not None


def test_ten_thousand_pictures_stay_quick_and_the_cache_bounded(strip, qapp):
    images = [f"i{number}.png" for number in range(10_000)]
    strip.show_images(images)
    strip.film.put(map(sift_row, images))
    strip.show_scale(sample_judged(), 0.62)
    longest = 0.0
    for key in range(strip.sort.count()):
        began = time.thread_time()
        strip.sort.setCurrentIndex(key)
        qapp.processEvents()
        longest = max(longest, time.thread_time() - began)
    for place in range(0, 10_000, 400):
        began = time.thread_time()
        strip.view.scrollTo(strip.film.index(place))
        strip.view.grab()
        longest = max(longest, time.thread_time() - began)
    # Processor time: 30 ms on a machine left alone; the bound only catches what would freeze the window.
    assert longest < 1.0
    assert QPixmapCache.cacheLimit() <= CACHE_KIB
