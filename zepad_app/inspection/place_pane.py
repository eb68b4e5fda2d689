"""Where it lies: the picture among the test images in a branch's features, and those nearest to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from zepad_app.inspection.feature_map import FeatureMap
from zepad_app.inspection.thumbnails import thumbnail
from zepad_app.results.sheet import card
from zepad_app.results.wording import branch_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.flow_row import FlowRow
from zepad_app.widgets.legend_row import Key, LegendRow
from zepad_engine.questions import Neighbour, Neighboured, Subject

_BRANCHES: Final = ("victim", "tuned_victim", "tuned_auxiliary", "benign")
_COUNTS: Final = (8, 16, 32)
_THUMBNAIL: Final = 40
_AUDITED: Final = "Test images under the same perturbation, at the audited size whatever the slider says."
_INDEX: Final = int(Qt.ItemDataRole.UserRole)


class PlacePane(QWidget):
    """``asked_anew`` when branch or count change; ``neighbour_chosen`` tells a test image and whether perturbed."""

    asked_anew = Signal()
    neighbour_chosen = Signal(int, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subject: Subject | None = None
        self._answered = ("", 0)
        self.branch, self.count = QComboBox(), QComboBox()
        self.map = FeatureMap(theme)
        self.nearest = QListWidget()
        self.words = theme.label("", "caption", soft=True)
        self.words.setWordWrap(True)
        self.legend = LegendRow(theme, _keys(theme))
        self._build(theme)

    @property
    def question(self) -> tuple[str, int]:
        """Branch and count asked about."""
        return str(self.branch.currentData()), int(self.count.currentData())

    def lacks(self, subject: Subject) -> bool:
        """Whether the answer at hand is not the one to this subject, branch and count."""
        return subject != self._subject or self._answered != self.question

    def expect(self, subject: Subject) -> None:
        """Another subject is asked about; what is drawn is an older one's until then."""
        if subject != self._subject:
            self._subject, self._answered = subject, ("", 0)
            self._fade(faded=True)

    def show_neighboured(self, found: Neighboured, folder: Path) -> None:
        """Draw an answer; one about an older subject or another branch is nobody's."""
        if found.subject != self._subject or found.branch != self.question[0]:
            return
        self._answered = self.question
        self._fade(faded=False)
        self.map.show_neighboured(found)
        self.words.setText(self.map.summary())
        self._fit_words()
        self.nearest.clear()
        for neighbour in found.nearest:
            item = _item(neighbour, folder)
            item.setFont(self._theme.font("caption"))
            self.nearest.addItem(item)

    def say(self, sentence: str) -> None:
        """Why there is no answer; the question is not asked again by itself."""
        self._answered = self.question
        self.words.setText(sentence)
        self._fit_words()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The words have another width."""
        if event.type() is QEvent.Type.Resize:
            self._fit_words()
        return super().eventFilter(watched, event)

    def _fit_words(self) -> None:
        """A scrolled page is as high as its parts are at least, and asks no part how high it is at a width."""
        for part in (self.legend, self.words):
            part.setMinimumHeight(max(0, part.heightForWidth(part.width())))

    def _build(self, theme: Theme) -> None:
        self.branch.setAccessibleName("Whose features")
        for key in _BRANCHES:
            self.branch.addItem(branch_name("undefended" if key == "victim" else key), key)
        self.count.setAccessibleName("How many nearest images")
        for number in _COUNTS:
            self.count.addItem(f"{number} nearest", number)
        tools = FlowRow((theme.label("Features of", soft=True), self.branch, self.count), last_right=True)
        self.nearest.setSpacing(2)
        self.nearest.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nearest.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.nearest.setAccessibleName("Nearest test images, nearest first")
        self.nearest.setMinimumWidth(130)
        for flexible, lowest in ((self.map, 128), (self.nearest, 128)):
            # They take what height there is; only below this the pane scrolls.
            flexible.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
            flexible.setMinimumHeight(lowest)
        self.words.installEventFilter(self)
        drawn = QVBoxLayout()
        drawn.setSpacing(4)
        drawn.addWidget(self.map, 1)
        drawn.addWidget(self.legend)
        drawn.addWidget(self.words)
        both = QHBoxLayout()
        both.setSpacing(BETWEEN)
        both.addWidget(card(drawn, 12), 5)
        both.addWidget(self.nearest, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, INSIDE, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(tools)
        column.addWidget(_scrolled(both), 1)
        for box in (self.branch, self.count):
            box.currentIndexChanged.connect(self.asked_anew)
        self.nearest.itemClicked.connect(self._on_item)
        self.nearest.itemActivated.connect(self._on_item)

    def _on_item(self, item: QListWidgetItem) -> None:
        index, perturbed = item.data(_INDEX)
        self.neighbour_chosen.emit(index, perturbed)

    def _fade(self, *, faded: bool) -> None:
        self.nearest.setEnabled(not faded)
        self.map.fade(faded=faded)


def _scrolled(layout: QHBoxLayout) -> QScrollArea:
    """In a low window with large text the map keeps its size, and what stands below it is scrolled to."""
    layout.setContentsMargins(0, 0, 0, 0)
    page = QWidget()
    page.setObjectName("page")
    page.setLayout(layout)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(page)
    return scroll


def _item(neighbour: Neighbour, folder: Path) -> QListWidgetItem:
    state = "perturbed" if neighbour.perturbed else "clean"
    words = f"{neighbour.label}\n{neighbour.similarity:.3f} · {state}"
    item = QListWidgetItem(QIcon(thumbnail(folder, neighbour.thumbnail)), words)
    item.setData(_INDEX, (neighbour.index, neighbour.perturbed))
    item.setToolTip(f"Test image {neighbour.index}: cosine similarity {neighbour.similarity:.3f}. Click to inspect it.")
    return item


def _keys(theme: Theme) -> tuple[Key, ...]:
    return (
        Key(text="clean", pen=lambda: theme.pen("undefended"), symbol="o", filled=False),
        Key(text="perturbed", pen=lambda: theme.pen("adversarial"), symbol="x", hint=_AUDITED),
        Key(text="this picture", pen=lambda: theme.pen("fused"), symbol="star"),
    )
