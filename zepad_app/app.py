"""The composition root: builds every long-lived object once and hands it down."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from zepad_app.audit_model import AuditModel
from zepad_app.engine_client import EngineClient
from zepad_app.engine_port import EnginePort
from zepad_app.failures import catch_our_faults
from zepad_app.preferences import FolderWishes
from zepad_app.preloading import preload_behind
from zepad_app.settings import Settings
from zepad_app.theme import Theme
from zepad_app.window import Window

_LOOK_MS: Final = 30


class App(msgspec.Struct, frozen=True):
    """The long-lived objects."""

    engine: EnginePort
    model: AuditModel
    theme: Theme
    settings: Settings
    folders: FolderWishes
    window: Window


def build(engine: EnginePort | None = None) -> App:
    """Build the window and what it needs around ``engine``, by default the real process; nothing starts yet."""
    settings = Settings()
    folders = FolderWishes()
    folders.apply(settings.preferences)
    settings.preferences_changed.connect(folders.apply)
    theme = Theme(settings.scheme, settings.text_scale)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        theme.apply(application)
    port = engine if engine is not None else EngineClient()
    model = AuditModel(port)
    window = Window(model, theme, settings)
    return App(port, model, theme, settings, folders, window)


def run(argv: Sequence[str]) -> int:
    """Open the window and stay until it closes; files named after the program in ``argv`` are opened."""
    present = QApplication.instance()
    application = present if isinstance(present, QApplication) else QApplication(["ZePAD", *argv[1:]])
    application.setApplicationName("ZePAD")
    app = build()
    catch_our_faults(app.window.tell_failure)
    # Ctrl+C in the terminal closes the window as the user would.
    signal.signal(signal.SIGINT, lambda *_: app.window.close())
    app.window.painted.connect(lambda: after_first_paint(app))
    app.window.show()
    paths = tuple(Path(word) for word in argv[1:] if not word.startswith("-"))
    if paths:
        app.window.open_files(paths)
    code = application.exec()
    app.engine.close()
    sys.excepthook = sys.__excepthook__
    return code


def after_first_paint(app: App) -> None:
    """Start the engine, load what pages need and make them, all before anybody asks for them."""
    app.model.start_engine()
    thread = preload_behind()
    waiting = QTimer(app.window, interval=_LOOK_MS)

    def look() -> None:
        if not thread.is_alive():
            waiting.stop()
            app.window.pages.make_ahead()

    waiting.timeout.connect(look)
    waiting.start()
