"""The window around a fake engine, closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App, build
from zepad_app.audit_model import AuditModel
from zepad_app.theme import Theme


@pytest.fixture(autouse=True)
def _no_widget_lives_on() -> Iterator[None]:
    """Widgets a test has closed are gone before the next: each change of the theme would dress them all again."""
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


@pytest.fixture
def engine(qtbot: QtBot) -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def model(engine: FakeEngine) -> AuditModel:
    made = AuditModel(engine)
    made.start_engine()
    return made


@pytest.fixture
def ready_model(model: AuditModel, engine: FakeEngine) -> AuditModel:
    engine.be_ready()
    return model


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme("light")
    made.apply(qapp)
    return made


@pytest.fixture
def app(qtbot: QtBot, engine: FakeEngine) -> Iterator[App]:
    made = build(engine)
    made.window.confirm_close = lambda _window: True
    made.model.start_engine()
    yield made
    made.window.close()
    made.window.deleteLater()
    # Without this, windows of earlier tests live on, and each change of the theme dresses them all.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
