"""The filmstrip: what was dropped or taken from the test images, filtered, sorted, walked with the arrows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractItemView, QGridLayout, QListView, QVBoxLayout, QWidget

from zepad_app.inspection.film_delegate import FilmDelegate
from zepad_app.inspection.film_model import FILTERS, IMAGE_ROLE, SORTS, Counts, FilmModel
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.eliding_box import ElidingBox
from zepad_engine.questions import Judged

_COUNT_MS = 200
_STILL_MS = 150


class Filmstrip(QWidget):
    """``chosen`` tells the key of the picture that became the current one; ``filled``, that there are new ones;
    ``rested``, that scrolling has come to rest.
    """

    chosen = Signal(str)
    filled = Signal()
    rested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.film = FilmModel(self)
        self.delegate = FilmDelegate(theme, self)
        self.view = QListView()
        self.filter = _choice("Which pictures are shown", FILTERS)
        self.sort = _choice("Order of the pictures", SORTS)
        self.counts = theme.label("", "caption", soft=True)
        self.counts.setWordWrap(True)
        self._image = ""
        self.attacked = False
        # A chunk may answer ten times a second; the words need not follow each.
        self._count = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self.rested)
        self._build()
        theme.changed.connect(self._on_theme)

    @property
    def image(self) -> str:
        """The key of the current picture, or ""."""
        return self._image

    def show_images(self, images: Sequence[str]) -> None:
        """Replace the pictures; the first becomes the current one."""
        self._image = ""
        self.film.show_images(images)
        self.filled.emit()
        if images:
            self.choose(images[0])
        self._count.start()

    def add_images(self, images: Sequence[str]) -> None:
        """Add pictures; the first of them becomes the current one."""
        self.film.add_images(images)
        self.filled.emit()
        if images:
            self.choose(images[0])
        self._count.start()

    def choose(self, image: str) -> None:
        """Make a picture the current one; a filter that hides it gives way."""
        if self.film.place_of(image) < 0 and image in self.film.images:
            self.filter.setCurrentIndex(0)
        place = self.film.place_of(image)
        if place >= 0:
            self._point_at(place)

    def step(self, by: int) -> None:
        """Walk up or down."""
        last = self.film.rowCount() - 1
        if last >= 0:
            here = self.film.place_of(self._image)
            self._point_at(min(max(here + by, 0), last))

    def toggle_flagged(self) -> None:
        """Show the flagged pictures only, or all again."""
        self.filter.setCurrentIndex(0 if self.film.filter == "flagged" else self.filter.findData("flagged"))

    def in_sight(self) -> Sequence[str]:
        """The pictures the strip shows at this moment."""
        first = self.view.indexAt(self.view.viewport().rect().topLeft()).row()
        height = max(self.view.sizeHintForRow(0), 1)
        count = self.view.viewport().height() // height + 2
        first = max(first, 0)
        return self.film.shown[first : first + count]

    def show_scale(self, judged: Judged, threshold: float) -> None:
        """Draw the bars on the scale of a task's detector."""
        known = (*judged.calibration, threshold)
        self.delegate.show_scale(min(known), max(known), threshold)
        self.view.viewport().update()

    def _build(self) -> None:
        view = self.view
        view.setModel(self.film)
        view.setItemDelegate(self.delegate)
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setAccessibleName("Filmstrip")
        boxes = QGridLayout()
        boxes.setSpacing(INSIDE)
        boxes.addWidget(self.filter, 0, 0)
        boxes.addWidget(self.sort, 1, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addLayout(boxes)
        column.addWidget(view, 1)
        column.addWidget(self.counts)
        self.filter.currentIndexChanged.connect(lambda: self.film.choose_filter(str(self.filter.currentData())))
        self.sort.currentIndexChanged.connect(lambda: self.film.choose_sort(str(self.sort.currentData())))
        view.selectionModel().currentChanged.connect(self._on_current)
        self.film.dataChanged.connect(self._count.start)
        self.film.layoutChanged.connect(self._count.start)
        view.verticalScrollBar().valueChanged.connect(self._still.start)
        self._count.timeout.connect(self._say_counts)

    def _point_at(self, place: int) -> None:
        index = self.film.index(place)
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.view.scrollTo(index)

    def _on_current(self, index: QModelIndex) -> None:
        image = str(index.data(IMAGE_ROLE) or "")
        # A filter may take the current picture out of the strip; it stays the one looked at.
        if image and image != self._image:
            self._image = image
            self.chosen.emit(image)

    def _on_theme(self) -> None:
        # The rows' height follows the text.
        self.film.layoutChanged.emit()

    def _say_counts(self) -> None:
        self.counts.setText(count_words(self.film.counts(), attacked=self.attacked))


def count_words(counts: Counts, *, attacked: bool = False) -> str:
    """How the filmstrip stands, in a sentence; the strip may be judged otherwise than the picture beside it."""
    if not counts.total:
        return "No pictures yet"
    if counts.waiting == counts.total:
        return f"{counts.waiting:,} still to look at"
    words = f"{counts.flagged:,} of {counts.judged:,} flagged {'under' if attacked else 'without'} attack"
    if counts.refused:
        words += f", {counts.refused:,} refused"
    return f"{words}; {counts.waiting:,} still to look at" if counts.waiting else words


def _choice(name: str, words: Sequence[tuple[str, str]]) -> ElidingBox:
    box = ElidingBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(ElidingBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for key, word in words:
        box.addItem(word, key)
    return box
