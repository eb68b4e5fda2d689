"""What is said while a drag is over the window, before it is let go."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.drops import promise
from zepad_engine.plan import AuditPlan

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def urls(*names: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(name) if "://" in name else QUrl.fromLocalFile(name) for name in names])
    return data


def enter(app: App, data: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, LEFT, PLAIN)
    app.window.dragEnterEvent(event)
    return event


@pytest.mark.parametrize(
    ("names", "sentence", "refused"),
    [
        (("/data/net.pth",), "Drop to audit this encoder", False),
        (("/data/a.png", "/data/b.png"), "Drop to inspect", False),
        (("/data/noise.npy",), "Drop to add this perturbation to the plan", False),
        (("/data/run/report.json",), "Drop to open this audit", False),
        (("/data/mine.json",), "Drop to edit this plan", False),
        (("/data/net.json", "/data/net.pth"), "Drop to audit this encoder", False),
        (("/data/pictures",), "Drop to open this folder", False),
        (("/data/thesis.docx",), "thesis.docx: no encoder and no image", True),
        (("https://example.org/a.png",), "A link cannot be taken; ZePAD fetches nothing", True),
    ],
)
def test_what_letting_go_would_do(names: tuple[str, ...], sentence: str, refused: bool) -> None:
    said = promise(urls(*names), can_inspect=True, can_plan=True)
    assert (said.sentence, said.refused) == (sentence, refused)


def test_names_are_counted_and_only_the_first_are_looked_at() -> None:
    said = promise(urls(*(f"/data/{number}.png" for number in range(5000))), can_inspect=True, can_plan=True)
    assert said.advice == "0.png and 4,999 more"


def test_the_window_says_why_not_before_it_is_let_go(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    enter(app, urls("/data/cat.png"))
    assert app.window.overlay.sentence == "Images are judged by a finished audit"
    enter(app, urls("/data/noise.npy"))
    assert app.window.overlay.sentence == "A perturbation joins an audit"
    app.window.pages.edit_plan(AuditPlan())
    app.window.show_page("plan")
    enter(app, urls("/data/noise.npy"))
    assert app.window.overlay.sentence == "Drop to add this perturbation to the plan"


def test_the_words_go_when_the_drag_goes_or_is_let_go(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    data = urls("/data/net.pth")
    assert enter(app, data).isAccepted()
    assert app.window.overlay.sentence
    app.window.dragLeaveEvent(QDragLeaveEvent())
    assert app.window.overlay.sentence == ""
    enter(app, data)
    app.window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, LEFT, PLAIN))
    assert app.window.overlay.sentence == ""
    assert Path(engine.sent[-1].path).name == "net.pth"  # type: ignore[union-attr]


def test_the_words_cover_the_window_and_let_the_drag_through(app: App, engine: FakeEngine) -> None:
    app.window.resize(1100, 700)
    app.window.show()
    enter(app, urls("/data/net.pth"))
    app.window.resize(1300, 760)
    app.window.grab()
    overlay, parent = app.window.overlay, app.window.overlay.parentWidget()
    assert parent is not None
    assert overlay.geometry() == parent.rect().adjusted(8, 8, -8, -8)
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
