"""A small square picture of a perturbation, or the encoder's icon where there is none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel

from zepad_app.theme import Theme


def square(path: Path | None, side: int) -> QPixmap:
    """The left square of a picture, ``side`` device pixels wide; null where it cannot be read."""
    picture = QPixmap(str(path)) if path is not None else QPixmap()
    if picture.isNull():
        return picture
    least = min(picture.width(), picture.height())
    return picture.copy(0, 0, least, least).scaled(side, side, mode=Qt.TransformationMode.SmoothTransformation)


def thumbnail(theme: Theme, path: Path | None, side: int = 40) -> QLabel:
    """A label that shows it, ``side`` pixels wide."""
    picture = QLabel()
    picture.setProperty("surface", "picture")
    picture.setFixedSize(QSize(side, side))
    picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
    ratio = picture.devicePixelRatioF()
    pixmap = square(path, round(side * ratio))
    if pixmap.isNull():
        picture.setPixmap(theme.icon("encoder", theme.tokens.ink_soft).pixmap(QSize(20, 20)))
        return picture
    pixmap.setDevicePixelRatio(ratio)
    picture.setPixmap(pixmap)
    picture.setAccessibleName("Crafted perturbation")
    return picture
