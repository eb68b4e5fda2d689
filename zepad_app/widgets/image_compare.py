"""A picture before and after: how it is compared, how far it is zoomed, and the pixel under the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import plain
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.image_view import ImageView
from zepad_app.widgets.segments import Segments

_MODES: Final = (
    ("divider", "Divider", "Drag the divider: clean at the left, perturbed at the right."),
    ("beside", "Side by side", "Clean, perturbed and their amplified difference, zoomed together."),
)
_HINT: Final = "Wheel, + and − zoom; dragging pans; a double click or 0 shows the whole picture."


class ImageCompare(QWidget):
    """The view with its mode, its zoom and the pixel read-out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = ImageView(theme)
        self.mode = Segments(_MODES, "How the pictures are compared")
        self.zoom = plain("1×", self.pane.reset, "Show the whole picture")
        self.zoom.setToolTip(_HINT)
        self.readout = ElidedLabel("caption")
        self.readout.setAccessibleName("Pixel under the mouse")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        below = QHBoxLayout()
        below.addWidget(self.readout, 1)
        below.addWidget(self.zoom)
        # Beside each other: the picture below needs the width anyway.
        self.mode.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        column.addWidget(self.mode, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.pane, 1)
        column.addLayout(below)
        self._on_pointed(-1, -1)
        self.mode.chosen.connect(self.pane.show_mode)
        self.pane.zoomed.connect(lambda zoom: self.zoom.setText(f"{zoom:.1f}×" if zoom > 1 else "1×"))
        self.pane.pointed.connect(self._on_pointed)

    def show_files(self, paths: Sequence[str], gain: float, *, attacked: bool) -> None:
        """Show clean, perturbed and residual from their files."""
        clean, perturbed, residual = (QImage(path) for path in paths)
        self.pane.show_images(clean, perturbed, residual, gain, attacked=attacked)
        self.mode.setEnabled(attacked)

    def _on_pointed(self, x: int, y: int) -> None:
        if x < 0:
            self.readout.tell("Point at a pixel to read its values", _HINT)
        else:
            text = pixel_sentence(x, y, *self.pane.pixel(x, y))
            self.readout.tell(text)


def pixel_sentence(x: int, y: int, clean: tuple[int, int, int], perturbed: tuple[int, int, int] | None) -> str:
    """One pixel before and after, and what was added, all in 255ths."""
    place = f"x {x}, y {y}   RGB {_triple(clean)}"
    if perturbed is None:
        return place
    moved = " ".join(f"{b - a:+d}".replace("-", "−") for a, b in zip(clean, perturbed, strict=True))
    return f"{place} → {_triple(perturbed)}   difference {moved} /255"


def _triple(values: tuple[int, int, int]) -> str:
    return " ".join(str(value) for value in values)
