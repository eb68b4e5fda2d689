"""One-stroke icons: SVG files drawn in currentColor, recoloured when they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SIDES: Final = (16, 20, 24, 32, 48, 64, 96)


def draw_icon(path: Path, colour: str) -> QIcon:
    """The icon of an SVG file in one colour, sharp at every size a button asks for."""
    content = path.read_bytes().replace(b"currentColor", colour.encode())
    renderer = QSvgRenderer(QByteArray(content))
    icon = QIcon()
    for side in _SIDES:
        icon.addPixmap(_draw(renderer, side))
    return icon


def _draw(renderer: QSvgRenderer, side: int) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap
