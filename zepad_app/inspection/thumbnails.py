"""Small pictures of a run folder, kept in Qt's bounded cache and in no list of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtGui import QPixmap, QPixmapCache

# Some 500 pictures of 96 pixels; an older one is read again when it comes back into sight.
CACHE_KIB: Final = 20 * 1024


def thumbnail(folder: Path, name: str) -> QPixmap:
    """The picture ``name`` of a run folder; a null pixmap where there is none."""
    if not name:
        return QPixmap()
    path = str(folder / name)
    found = QPixmap()
    if QPixmapCache.find(path, found):
        return found
    if QPixmapCache.cacheLimit() < CACHE_KIB:
        QPixmapCache.setCacheLimit(CACHE_KIB)
    found = QPixmap(path)
    if not found.isNull():
        QPixmapCache.insert(path, found)
    return found
