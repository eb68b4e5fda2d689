"""One attribution method over all branches: a map per branch, how faithful each is, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.inspection.map_colours import DIVERGING, HEAT, Map, difference, heat, ramp, read_map, top_of
from zepad_app.inspection.sentences import rank_lines, rank_sentence, reference_sentence
from zepad_app.results.wording import branch_name
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.fitting_label import FittingLabel
from zepad_app.widgets.picture import Picture
from zepad_engine.questions import BranchMap, Explained, Method

METHODS: Final[dict[Method, tuple[str, str]]] = {
    "saliency": ("Saliency", "How fast the answer changes with each pixel, up or down: one gradient."),
    "integrated_gradients": ("Integrated gradients", "Gradients summed on the way from grey to the picture."),
    "layer_gradcam": ("Grad-CAM", "The last layer's channels, each weighted by its mean gradient. Coarse."),
    "layercam": (
        "LayerCAM",
        "The last layer's places, each weighted by its own gradient. Coarse.",
    ),
    "occlusion": ("Occlusion", "How far the answer falls while a small square is made grey."),
    "feature_similarity": (
        "Feature similarity",
        "How far the branch's features turn away while a small square is made grey; needs no classes.",
    ),
}
_FADED: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How maps are drawn.

    Attributes:
        shared: one scale for all branches of a method, instead of each map up to its own maximum.
        reference: branch every other map is subtracted from, or "".
        picture: what the maps lie over, or None.
    """

    shared: bool = False
    reference: str = ""
    picture: QImage | None = None


class MapTile(QWidget):
    """One map with its two scores; faded until it answers the question at hand."""

    def __init__(self, theme: Theme, branch: str, method: Method, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = _MapPicture(theme, f"{METHODS[method][0]} of the {branch_name(branch).lower()}")
        self.scores = FittingLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture, 1)
        column.addWidget(self.scores)

    def show_scores(self, found: BranchMap) -> None:
        """Say how faithful the map is."""
        deletion, insertion = f"{found.deletion:.2f}", f"{found.insertion:.2f}"
        self.scores.tell_either(
            f"deletion {deletion} · insertion {insertion}",
            f"del {deletion} · ins {insertion}",
            f"{deletion} · {insertion}",
            hint=f"Deletion {deletion}: what is left of the answer, on average, while the brightest pixels are taken "
            f"away first.\nInsertion {insertion}: while they are put back first.\n"
            "A faithful map has a low deletion and a high insertion score.",
        )


class MapRow(QWidget):
    """The maps of one method, side by side in the order of the columns."""

    def __init__(self, theme: Theme, method: Method, branches: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method: Method = method
        self._maps: dict[str, Map] = {}
        self._drawing = Drawing()
        self._explained: Explained | None = None
        self.tiles = {branch: MapTile(theme, branch, method) for branch in branches}
        name, hint = METHODS[method]
        self.name = theme.label(name)
        self.name.setProperty("strong", True)
        self.name.setToolTip(hint)
        self.scale = Ramp(theme)
        self.rank = ElidedLabel("caption")
        self.setAccessibleName(name)
        self._build()

    def show_explained(self, explained: Explained, folder: Path) -> None:
        """Show the maps, whose files lie in ``folder``."""
        found = {_key(part.branch): read_map(folder / part.values) for part in explained.maps}
        self._maps = {branch: values for branch, values in found.items() if values is not None}
        self._explained = explained
        for part in explained.maps:
            if _key(part.branch) in self.tiles:
                self.tiles[_key(part.branch)].show_scores(part)
        self.fade(faded=False)
        self._draw()

    def draw_as(self, drawing: Drawing) -> None:
        """Draw the same maps in another way."""
        self._drawing = drawing
        self._draw()

    def say(self, sentence: str) -> None:
        """Why there are no maps."""
        self._maps, self._explained = {}, None
        for tile in self.tiles.values():
            tile.picture.show_image(QImage())
            tile.scores.tell_either("", hint="")
        self.fade(faded=False)
        self.rank.tell(sentence)

    def fade(self, *, faded: bool = True) -> None:
        """Mark the maps as those of an earlier question."""
        for tile in self.tiles.values():
            tile.picture.set_faded(faded)

    def _draw(self) -> None:
        if self._explained is None or not self._maps:
            return
        drawing, common = self._drawing, top_of(*self._maps.values())
        for branch, tile in self.tiles.items():
            values = self._maps.get(branch)
            tile.picture.show_image(QImage() if values is None else self._picture(branch, values, common))
        agreement = self._explained.agreement
        words = reference_sentence(agreement, drawing.reference) if drawing.reference else rank_sentence(agreement)
        self.rank.tell(words, rank_lines(agreement))
        seconds = f"{1000 * self._explained.seconds:.0f} ms"
        self.scale.show_scale(_scale_words(drawing, common), diverging=bool(drawing.reference))
        self.name.setToolTip(f"{METHODS[self._method][1]} Explained in {seconds}.")

    def _picture(self, branch: str, values: Map, common: float) -> QImage:
        drawing, reference = self._drawing, self._maps.get(self._drawing.reference)
        if reference is None or branch == drawing.reference or reference.shape != values.shape:
            return heat(values, common if drawing.shared else top_of(values), drawing.picture)
        if drawing.shared:
            return difference(values, reference, common)
        return difference(values / top_of(values), reference / top_of(reference), 1.0)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        head.addWidget(self.name)
        head.addWidget(self.scale)
        head.addStretch(1)
        tiles = QHBoxLayout()
        tiles.setSpacing(INSIDE)
        for tile in self.tiles.values():
            tiles.addWidget(tile, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(tiles, 1)
        column.addWidget(self.rank)


class Ramp(QWidget):
    """The colours of a row from least to most, with what they stand for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._diverging = False
        self.words = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def show_scale(self, words: str, *, diverging: bool) -> None:
        """Tell what both ends of the scale mean."""
        self.words, self._diverging = words, diverging
        self.setAccessibleName(f"Scale: {words}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Bar and words."""
        return QSize(72 + self.fontMetrics().horizontalAdvance(self.words), self._theme.pixels("caption") + 6)

    def minimumSizeHint(self) -> QSize:
        """The bar alone."""
        return QSize(64, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw bar and words."""
        if not self.words:
            return
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        painter.drawImage(
            self.rect().adjusted(0, self.height() // 2 - 3, 60 - self.width(), 3 - self.height() // 2),
            ramp(DIVERGING if self._diverging else HEAT),
        )
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        box = self.rect().adjusted(68, 0, 0, 0)
        words = painter.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), words)


class _MapPicture(Picture):
    """A map; pale while it is not the answer to the question at hand."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name, QSize(96, 96))
        self._theme = theme
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(84)

    def area(self) -> QRect:
        """At the left, in line with the words above and below."""
        area = super().area()
        area.moveLeft(0)
        return area

    def set_faded(self, faded: bool) -> None:
        """Pale, or not."""
        self.faded = faded
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the map, or an empty place."""
        painter = QPainter(self)
        if self.image.isNull():
            side = min(self.width(), self.height())
            painter.fillRect(QRect(0, 0, side, side), QColor(self._theme.tokens.raised))
            return
        painter.setOpacity(_FADED if self.faded else 1.0)
        painter.drawImage(self.area(), self.image)


def _key(branch: str) -> str:
    return "undefended" if branch == "victim" else branch


def _scale_words(drawing: Drawing, common: float) -> str:
    if drawing.reference:
        against = branch_name(drawing.reference).lower()
        return f"less to more than {against}"
    return f"0 to {common:.2g}" if drawing.shared else "each map to its own maximum"
