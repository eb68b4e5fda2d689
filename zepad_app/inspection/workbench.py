"""The inspector's bench: filmstrip, picture, the panes that explain it, and the verdict under them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSplitter, QTabWidget, QVBoxLayout, QWidget

from zepad_app.inspection.answers_pane import AnswersPane
from zepad_app.inspection.foot import Foot
from zepad_app.inspection.place_pane import PlacePane
from zepad_app.inspection.sentences import speed_sentence
from zepad_app.inspection.why_pane import WhyPane
from zepad_app.results.in_turn import InTurn
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.image_compare import ImageCompare
from zepad_app.widgets.late_place import LatePlace
from zepad_engine.evidence import Rate
from zepad_engine.questions import Judged


class Workbench(QWidget):
    """Everything that is said of one picture."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.compare = ImageCompare(theme)
        # A wrapping label would ask for every height it could want; the whole text is in the hint.
        self.notes = ElidedLabel("caption")
        self.answers = AnswersPane(theme)
        self.why = WhyPane(theme)
        self.place = PlacePane(theme)
        self.tabs = QTabWidget()
        panes: tuple[QWidget, ...] = (self.answers, self.why, self.place)
        self._places = {pane: LatePlace(pane) for pane in panes}
        self.turns = InTurn(self)
        self.foot = Foot(theme)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self._build()

    @property
    def asks_why(self) -> bool:
        """Whether attributions are looked at."""
        return self.tabs.currentWidget() is self._places[self.why]

    @property
    def asks_where(self) -> bool:
        """Whether the map of the features is looked at."""
        return self.tabs.currentWidget() is self._places[self.place]

    @property
    def parts(self) -> tuple[QWidget, ...]:
        """What wears the style sheet, each by itself: two of three panes are out of sight."""
        return self._pictured, self.foot, self.tabs.tabBar(), *self._places.values()

    def open(self, pane: QWidget) -> None:
        """Bring one of the panes to the front."""
        self.tabs.setCurrentWidget(self._places[pane])

    def show_judged(self, judged: Judged, folder: Path, alarms: Rate | None, own: float | None) -> None:
        """Show another judgement, whose pictures lie in ``folder``."""
        files = [str(folder / name) for name in (judged.shown, judged.perturbed, judged.residual)]
        self.compare.show_files(files, judged.residual_gain, attacked=bool(judged.subject.attack))
        self.answers.show_judged(judged)
        self.why.show_judged(judged, folder)
        self.foot.show_judged(judged, alarms, own)
        notes = (*judged.notes, speed_sentence(judged))
        self.notes.tell(" ".join(notes), "\n".join(notes))

    def _build(self) -> None:
        # Outermost first: a widget is dressed anew with all that is in it each time it is put into another.
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(self.split, 1)
        column.addWidget(self.foot)
        frame = self._pictured = QFrame()
        frame.setProperty("surface", "card")
        # The card's border is line enough.
        self.split.setStyleSheet("QSplitter::handle { background: transparent; }")
        # A hairline stands in each place, which is dressed; the tabs are not.
        self.tabs.setStyleSheet("QTabWidget::pane { border: 0; }")
        self.split.addWidget(frame)
        self.split.addWidget(self.tabs)
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 3)
        self.split.setSizes([340, 600])
        self.split.setHandleWidth(INSIDE + 4)
        self.split.setChildrenCollapsible(False)
        pictured = QVBoxLayout(frame)
        pictured.setContentsMargins(12, 12, 12, 12)
        pictured.setSpacing(INSIDE)
        pictured.addWidget(self.compare, 1)
        pictured.addWidget(self.notes)
        for widget, word in ((self.answers, "Answers"), (self.why, "Why"), (self.place, "Where it lies")):
            self.tabs.addTab(self._places[widget], word)
        # The one in front joins when it is shown, the others in turns of their own.
        self.turns.start((lambda: None, *(place.join for place in self._places.values())))
        self.tabs.setAccessibleName("What is shown of the picture")
        self.tabs.tabBar().setAccessibleName("What is shown of the picture")
        # As one reads: the picture, then what is said of it.
        self.setTabOrder(self.compare.zoom, self.tabs)
