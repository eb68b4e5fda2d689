"""Why: attributions of several methods over all branches, on one board."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from zepad_app.inspection.map_row import METHODS, Drawing, MapRow
from zepad_app.results.wording import branch_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.branch_column import BranchHead
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.flow_row import FlowRow
from zepad_engine.questions import Explained, Judged, Method, Subject

COLUMNS: Final = ("tuned_victim", "tuned_auxiliary", "benign", "undefended")
_FIRST: Final[tuple[Method, ...]] = ("saliency", "integrated_gradients")
_SCALES: Final = (("own", "Own scale"), ("shared", "Shared scale"))


class WhyPane(QWidget):
    """``missing_changed`` when maps are wanted that are not there; `missing` says which."""

    missing_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subject: Subject | None = None
        self._fresh: set[Method] = set()
        self._picture = QImage()
        self._drawing = Drawing()
        self.rows: dict[Method, MapRow] = {}
        self.methods = secondary("Methods", lambda: None, "Attribution methods")
        self.scale, self.reference = _choice("Colour scale"), _choice("Difference to one branch")
        self.over = QCheckBox("Over picture")
        self.heads = {branch: BranchHead(theme, branch) for branch in COLUMNS}
        self._board, self._heads = QVBoxLayout(), QHBoxLayout()
        self._menu = QMenu(self)
        self._build()
        for method in _FIRST:
            self.actions_by_method[method].setChecked(True)

    @property
    def chosen(self) -> tuple[Method, ...]:
        """The methods on the board, in the order of the menu."""
        return tuple(method for method, action in self.actions_by_method.items() if action.isChecked())

    def missing(self, subject: Subject) -> tuple[Method, ...]:
        """The methods whose maps of this subject are not there yet."""
        if subject != self._subject:
            return self.chosen
        return tuple(method for method in self.chosen if method not in self._fresh)

    def expect(self, subject: Subject) -> None:
        """Another subject is asked about: what is drawn is an older one's."""
        if subject != self._subject:
            self._subject = subject
            self._fresh.clear()
            for row in self.rows.values():
                row.fade()

    def show_judged(self, judged: Judged, folder: Path) -> None:
        """Say above each column what its branch answers; keep the picture the maps may lie over."""
        self._picture = QImage(str(folder / judged.perturbed))
        for said in (*judged.branches, judged.undefended):
            key = "undefended" if said is judged.undefended else said.branch
            if key in self.heads and said.top:
                self.heads[key].caption.tell(f"{said.top[0].name}  {100 * said.top[0].probability:.0f} %")
        if self._drawing.picture is not None:
            self._draw_again()

    def show_explained(self, explained: Explained, folder: Path) -> None:
        """Show the maps of one method; those of an older subject are nobody's."""
        if explained.subject == self._subject and explained.method in self.rows:
            self._fresh.add(explained.method)
            self.rows[explained.method].show_explained(explained, folder)

    def show_failure(self, method: Method, sentence: str) -> None:
        """Say at a method why there are no maps of it; it is not asked again for this subject."""
        if method in self.rows:
            self._fresh.add(method)
            self.rows[method].say(sentence)

    def _build(self) -> None:
        self.actions_by_method = {method: self._menu.addAction(words[0]) for method, words in METHODS.items()}
        for method, action in self.actions_by_method.items():
            action.setCheckable(True)
            action.setToolTip(METHODS[method][1])
            action.toggled.connect(lambda on, chosen=method: self._on_method(chosen, on=on))
        self._menu.setToolTipsVisible(True)
        self.methods.setMenu(self._menu)
        for key, word in _SCALES:
            self.scale.addItem(word, key)
        self.scale.setToolTip(
            "Own: each map up to its own maximum, to see where each branch looked.\n"
            "Shared: all branches of a method on one scale, to see which looked harder."
        )
        self.reference.addItem("No difference", "")
        for branch in COLUMNS:
            self.reference.addItem(f"Minus {branch_name(branch).lower()}", branch)
        self.reference.setToolTip("Draw what each map has more, or less, than the map of one branch")
        self.over.setToolTip("Draw the maps over the picture")
        self._heads.setSpacing(INSIDE)
        self._heads.setContentsMargins(0, 0, INSIDE, 0)
        for head in self.heads.values():
            self._heads.addWidget(head, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, INSIDE, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(FlowRow((self.methods, self.scale, self.reference, self.over)))
        column.addLayout(self._heads)
        column.addWidget(self._scroll(), 1)
        self.scale.currentIndexChanged.connect(self._draw_again)
        self.reference.currentIndexChanged.connect(self._draw_again)
        self.over.toggled.connect(self._draw_again)

    def _scroll(self) -> QScrollArea:
        self._board.setContentsMargins(0, 0, 0, 0)
        self._board.setSpacing(BETWEEN)
        page = QWidget()
        page.setObjectName("page")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, INSIDE, 0)
        inside.setSpacing(INSIDE)
        inside.addLayout(self._board, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Maps, scrolled by the arrow keys")
        area.setProperty("ring", True)
        area.setWidget(page)
        # The heads stay above what scrolls, in line with it.
        bar = area.verticalScrollBar()
        bar.rangeChanged.connect(
            lambda _low, high: self._heads.setContentsMargins(0, 0, INSIDE + (bar.sizeHint().width() if high else 0), 0)
        )
        return area

    def _on_method(self, method: Method, *, on: bool) -> None:
        if on and method not in self.rows:
            self.rows[method] = MapRow(self._theme, method, COLUMNS)
            self.rows[method].draw_as(self._drawing)
            places = [known for known in METHODS if known in self.rows]
            self._board.insertWidget(places.index(method), self.rows[method], 1)
        if method in self.rows:
            self.rows[method].setVisible(on)
        names = [METHODS[chosen][0] for chosen in self.chosen]
        self.methods.setToolTip(", ".join(names) or "Choose what is asked")
        self.methods.setText(f"Methods ({len(names)})")
        self.missing_changed.emit()

    def _draw_again(self) -> None:
        picture = self._picture if self.over.isChecked() and not self._picture.isNull() else None
        reference = str(self.reference.currentData() or "")
        self._drawing = Drawing(shared=self.scale.currentData() == "shared", reference=reference, picture=picture)
        for row in self.rows.values():
            row.draw_as(self._drawing)


def _choice(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box
