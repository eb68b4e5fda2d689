"""Every hostile checkpoint and picture of the corpora, dropped on the real window: a sentence each, and it lives on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from tests.support import hostile_images
from tests.support.hostile_checkpoints import OPENS, ROWS
from tests.support.settling import wait_settled
from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.pages.inspect import InspectPage

pytestmark = pytest.mark.slow

ANSWER_MS = 180_000
SIFTED_MS = 600_000


def drop(app: App, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    nothing = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
    app.window.dropEvent(event)


def is_a_sentence(text: str) -> bool:
    plain = "Traceback" not in text and "weights_only" not in text and "\n" not in text
    return plain and len(text) > 12 and text.endswith((".", ")", "?"))


def test_every_hostile_checkpoint_is_answered_with_a_sentence(app, qtbot, gaps, tmp_path, tiny_plan) -> None:
    canaries = tmp_path / "canaries"
    canaries.mkdir()
    page: DropPage = app.window.pages.page("drop")
    for position, row in enumerate(ROWS):
        with gaps.forgiving():
            (tmp_path / str(position)).mkdir()
            path = row.make(tmp_path / str(position), canaries / str(position))
        app.window.notice.hide()
        page.notice.hide()
        drop(app, path)
        qtbot.waitUntil(lambda: not page.notice.isHidden() or not app.window.notice.isHidden(), timeout=ANSWER_MS)
        notice = app.window.notice if page.notice.isHidden() else page.notice
        assert is_a_sentence(notice.sentence), (row.number, row.name, notice.sentence)
        assert app.model.state.inspected is None, (row.number, row.name, row.code == OPENS)
    assert list(canaries.iterdir()) == []

    drop(app, Path(tiny_plan.encoder))
    qtbot.waitUntil(lambda: app.model.state.inspected is not None, timeout=ANSWER_MS)
    assert page.notice.isHidden()


def test_every_hostile_picture_is_judged_or_refused_with_a_sentence(app, qtbot, gaps, tmp_path, tiny_run) -> None:
    app.model.load_run(tiny_run)
    wait_settled(qtbot, app.window)
    with gaps.forgiving():
        laid = {}
        for position, hostile in enumerate(hostile_images.CORPUS):
            folder = tmp_path / f"{position:03}"
            folder.mkdir()
            laid[str(hostile.lay(folder))] = hostile
    drop(app, *map(Path, laid))
    page: InspectPage = app.window.pages.page("inspect")
    film = page.gallery.strip.film
    qtbot.waitUntil(lambda: len(film.images) > 0, timeout=ANSWER_MS)
    # A name with no ending of a picture is left aside, and counted.
    dropped = [path for path in laid if path in set(film.images)]
    assert len(dropped) > 0.9 * len(laid)
    qtbot.waitUntil(lambda: film.counts().waiting == 0, timeout=SIFTED_MS)

    for path in dropped:
        row, hostile = film.row_of(path), laid[path]
        assert row is not None
        assert bool(row.refused) == bool(hostile.code), (hostile.name, row.refused)
        assert not row.refused or is_a_sentence(row.refused), (hostile.name, row.refused)
        assert row.refused or row.answer.startswith("class"), hostile.name
    assert film.counts().refused == sum(bool(laid[path].code) for path in dropped)

    film.choose_filter("refused")
    app.window.show_page("drop")
    app.window.show_page("inspect")
    assert app.window.isVisible()
    assert app.model.state.engine == "ready"
