"""Pictures of a run as they are stored: perturbations, amplified, and example strips."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.theme import label
from zepad_app.tokens import BETWEEN
from zepad_engine.messages import Previewed

_HEIGHT = 112
_MOST_WIDTH = 360


class PreviewStrip(QWidget):
    """The newest picture under each key, side by side; a picture that changed on disk is read again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Previewed, ...] = ()
        self._cells: dict[str, tuple[QLabel, QLabel]] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(BETWEEN)
        self._row.addStretch(1)
        self.setAccessibleName("Pictures of this run")

    def show_previews(self, previews: tuple[Previewed, ...]) -> None:
        """Show these pictures."""
        if previews == self._shown:
            return
        self._shown = previews
        for key in [key for key in self._cells if key not in {item.key for item in previews}]:
            for widget in self._cells.pop(key):
                widget.deleteLater()
        for preview in previews:
            picture, caption = self._cell(preview.key)
            _fill(picture, Path(preview.path), preview.caption)
            caption.setText(preview.caption)
            # A long caption wraps rather than push the next picture away.
            caption.setFixedWidth(picture.width())

    def _cell(self, key: str) -> tuple[QLabel, QLabel]:
        if key not in self._cells:
            picture, caption = QLabel(), label("", "caption", soft=True)
            picture.setProperty("surface", "picture")
            caption.setWordWrap(True)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(picture)
            column.addWidget(caption)
            column.addStretch(1)
            self._row.insertLayout(self._row.count() - 1, column)
            self._cells[key] = (picture, caption)
        return self._cells[key]


def _fill(picture: QLabel, path: Path, name: str) -> None:
    pixmap = QPixmap(str(path))
    picture.setAccessibleName(name)
    if pixmap.isNull():
        picture.setFixedSize(QSize(_HEIGHT, _HEIGHT))
        return
    ratio = picture.devicePixelRatioF()
    # Small pictures are the point here: their pixels stay square instead of being blurred.
    small = pixmap.height() < _HEIGHT
    mode = Qt.TransformationMode.FastTransformation if small else Qt.TransformationMode.SmoothTransformation
    scaled = pixmap.scaled(round(_MOST_WIDTH * ratio), round(_HEIGHT * ratio), Qt.AspectRatioMode.KeepAspectRatio, mode)
    scaled.setDevicePixelRatio(ratio)
    picture.setPixmap(scaled)
    picture.setFixedSize(scaled.deviceIndependentSize().toSize())
