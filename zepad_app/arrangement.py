"""How the window was left: its place on a screen, its splitters and columns; and never where no screen is."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QSplitter, QWidget

from zepad_app.settings import Settings

# As much of the window must be on a screen as one needs to take hold of it.
_GRIP: Final = 120
_TITLE: Final = 40


def on_a_screen(frame: QRect, screens: list[QRect]) -> bool:
    """Whether one can take hold of a window: enough of its upper edge lies on a screen."""
    grip = QRect(frame.left(), frame.top(), frame.width(), _TITLE)
    return any(
        (seen := grip.intersected(screen)).width() >= _GRIP and seen.height() >= _TITLE // 2 for screen in screens
    )


def within(frame: QRect, screen: QRect) -> QRect:
    """A frame moved, and shrunk if need be, into a screen."""
    size = frame.size().boundedTo(screen.size())
    left = min(max(frame.left(), screen.left()), screen.right() + 1 - size.width())
    top = min(max(frame.top(), screen.top()), screen.bottom() + 1 - size.height())
    return QRect(left, top, size.width(), size.height())


def restore_window(window: QWidget, settings: Settings) -> None:
    """Put the window where it was left, or in the middle of the first screen where that place is gone."""
    if not settings.geometry.isEmpty():
        window.restoreGeometry(settings.geometry)
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if screens and not on_a_screen(window.frameGeometry(), screens):
        first = screens[0]
        size = window.size().boundedTo(first.size())
        left = first.left() + (first.width() - size.width()) // 2
        top = first.top() + (first.height() - size.height()) // 2
        window.setGeometry(QRect(left, top, size.width(), size.height()))


def restore_parts(page: QWidget, settings: Settings) -> None:
    """Put the splitters and table columns of a page as they were left; only those with an object name are kept."""
    for part in _parts(page):
        state = settings.arrangement(_key(part))
        if not state.isEmpty():
            part.restoreState(state)


def keep_parts(page: QWidget, settings: Settings) -> None:
    """Remember the splitters and table columns of a page."""
    for part in _parts(page):
        settings.arrange(_key(part), part.saveState())


def _parts(page: QWidget) -> list[QSplitter | QHeaderView]:
    headers = [header for header in page.findChildren(QHeaderView) if _key(header)]
    return [*(found for found in page.findChildren(QSplitter) if found.objectName()), *headers]


def _key(part: QSplitter | QHeaderView) -> str:
    """A splitter's own name, or the name of the table whose columns a header holds."""
    if isinstance(part, QSplitter):
        return f"parts/{part.objectName()}"
    table = part.parentWidget()
    name = table.objectName() if table is not None else ""
    side = "columns" if part.orientation() is Qt.Orientation.Horizontal else "rows"
    return f"parts/{name}-{side}" if name and not name.startswith("qt_") else ""
