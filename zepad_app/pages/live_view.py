"""The live side of a running audit: tuning curves, crafting curves with pictures, results so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.pages.plan_words import attack_names
from zepad_app.run_log import RunLog
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.trainings import Group, Training, groups_of, training_of
from zepad_app.widgets.abreast import Abreast
from zepad_app.widgets.cell_grid import CellGrid, tasks_in_words
from zepad_app.widgets.curve import Series
from zepad_app.widgets.curve_plot import CurvePlot
from zepad_app.widgets.inputs import ChoiceInput
from zepad_app.widgets.log_view import LogView
from zepad_app.widgets.plot_grid import PlotGrid
from zepad_app.widgets.preview_strip import PreviewStrip
from zepad_app.widgets.segments import Segments
from zepad_app.widgets.smoothing import Smoothing

_LOSSES: Final = (
    ("total", "Total", "Cross-entropy plus weighted regularisation: what training minimises."),
    ("cross_entropy", "Cross-entropy", "How wrong the head is on perturbed images."),
    ("regularisation", "Regularisation", "How far relations between features have moved from the original's."),
)
_CRAFT: Final = "craft_"
_PLOT_HEIGHT: Final = 250
_HALF: Final = "± is half the 95 % interval, in points; hover for n."
_NO_CELLS: Final = "The first results appear once the heads are trained."


class LiveView(QWidget):
    """Four views; it follows the audit until the user chooses one."""

    def __init__(self, model: AuditModel, log: RunLog, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._curves = model.curves
        self._pinned = False
        self._seen: set[str] = set()
        self.views = Segments(_VIEWS, "What to watch")
        self.views.chosen.connect(self._on_chosen)
        self.losses = CurvePlot(theme, "Loss", "optimiser step")
        self.accuracies = CurvePlot(theme, "Validation accuracy, %", "optimiser step", percent=True)
        self.gradients = CurvePlot(theme, "Length of the gradient", "optimiser step")
        self.smoothing = Smoothing()
        self.smoothing.changed.connect(self._smooth)
        self.watched = ChoiceInput()
        self.watched.setAccessibleName("Trainings watched")
        self.watched.currentIndexChanged.connect(lambda: self._show_trainings())
        self._groups: tuple[Group, ...] = ()
        self.log = LogView(log)
        self.crafting = PlotGrid(theme, "adversarial", lambda: model.curves)
        self.loss_kind = Segments(_LOSSES, "Which loss")
        self.previews = PreviewStrip()
        self.cells = CellGrid()
        self._about_cells = label(_NO_CELLS, "body", soft=True)
        self._about_cells.setWordWrap(True)
        self._stack = QStackedWidget()
        self._arrange()
        for plot in self._plots:
            plot.follow(lambda: model.curves)
        self._smooth()
        self.loss_kind.chosen.connect(lambda _kind: self._show_losses())
        model.measured.connect(self._on_measured)
        model.changed.connect(self._on_changed)
        self._start_anew()

    @property
    def view(self) -> str:
        """The view shown: tuning, crafting, results or log."""
        return self.views.choice

    @property
    def _plots(self) -> tuple[CurvePlot, ...]:
        return (self.losses, self.accuracies, self.gradients)

    def _arrange(self) -> None:
        self.losses.head.insertWidget(2, self.loss_kind)
        self._lengthen()
        self._theme.changed.connect(self._lengthen)
        above, below = QWidget(), Abreast((self.accuracies, self.gradients))
        controls = QHBoxLayout(above)
        controls.setContentsMargins(0, 0, 0, 0)
        controls.setSpacing(BETWEEN)
        controls.addWidget(self.watched)
        controls.addStretch(1)
        controls.addWidget(self.smoothing)
        self._stack.addWidget(_scrolled(_tuning(above, self.losses, below)))
        self._stack.addWidget(_scrolled(_stacked((self.crafting, self.previews), 0)))
        self._stack.addWidget(_stacked((self._about_cells, self.cells), 0))
        self._stack.addWidget(self.log)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(self.views)
        column.addWidget(self._stack, 1)

    def _start_anew(self) -> None:
        self._curves = self._model.curves
        self._pinned = False
        self._seen = set()
        self._groups = ()
        self._offer_groups()
        self._show("tuning")
        self.crafting.clear()

    def _offer_groups(self) -> None:
        """Offer what has been measured so far; the choice appears once there is one."""
        groups = groups_of(self._model.curves)
        if groups == self._groups:
            return
        chosen = self.watched.key if self._groups else groups[0].key
        self._groups = groups
        with QSignalBlocker(self.watched):
            self.watched.clear()
            for group in groups:
                self.watched.addItem(group.name, group.key)
            self.watched.choose(chosen)
        self.watched.setVisible(len(groups) > 1)
        self._show_trainings()

    def _smooth(self) -> None:
        for plot in (self.losses, self.gradients):
            plot.smooth(self.smoothing.share)

    def _lengthen(self) -> None:
        for plot in self._plots:
            plot.setMinimumHeight(round(_PLOT_HEIGHT * self._theme.scale))

    def _trainings(self) -> tuple[Training, ...]:
        return next(group.trainings for group in self._groups if group.key == self.watched.key)

    def _show_trainings(self) -> None:
        self._show_losses()
        trainings = self._trainings()
        self.accuracies.show_series(tuple(_series(trainings, "clean_accuracy", "pgd_accuracy")))
        self.gradients.show_series(tuple(_series(trainings, "gradient_norm")))

    def _show_losses(self) -> None:
        kind, trainings = self.loss_kind.choice, self._trainings()
        purifier = trainings[0].key == "purifier"
        self.loss_kind.setVisible(not purifier)
        # The benign branch is trained without regularisation: its cross-entropy is its total.
        plain = "cross_entropy" if kind == "total" else kind
        made = [series for each in trainings for series in _series((each,), plain if each.key == "benign" else kind)]
        self.losses.show_series(tuple(_series(trainings, "feature_loss", "pixel_loss") if purifier else made))

    def _on_measured(self, grown: tuple[str, ...]) -> None:
        names = self._names()
        for series in grown:
            if series.startswith(_CRAFT):
                self.crafting.grow(series, _craft_name(series, names))
                self._follow("crafting")
        if any(training_of(series) for series in grown):
            self._offer_groups()
            # Accuracies come once an epoch: painting them with every step would hold up the event loop for nothing.
            for plot in self._plots:
                if plot.draws(grown):
                    plot.grow()
            self._follow("tuning")

    def _on_changed(self) -> None:
        state = self._model.state
        if self._model.curves is not self._curves:
            self._start_anew()
        self.previews.show_previews(state.previews)
        if state.cells:
            self.cells.show_cells(state.cells, self._names())
            tasks = tasks_in_words(state.cells, self._names())
            self._about_cells.setText(f"Accuracy so far. {tasks}. {_HALF}")
            self._follow("results")
        self.cells.setVisible(bool(state.cells))
        if not state.cells:
            self._about_cells.setText(_NO_CELLS)

    def _names(self) -> dict[str, str]:
        ready, plan = self._model.state.ready, self._model.state.plan
        if ready is None:
            return {}
        names = {task.key.removeprefix("sample:"): task.name.partition(",")[0] for task in ready.catalogue.tasks}
        names |= {entry.key: entry.name for entry in (*ready.catalogue.attacks, *ready.catalogue.defences)}
        return names | attack_names(plan, ready.catalogue) if plan is not None else names

    def _follow(self, view: str) -> None:
        # Stages overlap, so only the first sign of each kind of news moves the view; else it would flicker.
        if view not in self._seen and not self._pinned:
            self._show(view)
        self._seen.add(view)

    def _show(self, view: str) -> None:
        self.views.blockSignals(True)
        self.views.choose(view)
        self.views.blockSignals(False)
        self._stack.setCurrentIndex([key for key, _, _ in _VIEWS].index(view))

    def _on_chosen(self, view: str) -> None:
        self._pinned = True
        self._show(view)


_VIEWS: Final = (
    ("tuning", "Tuning", "Losses, validation accuracy and gradients of every training."),
    ("crafting", "Crafting", "How the perturbations are made, and what they look like."),
    ("results", "Results so far", "Accuracy of each defence under each attack."),
    ("log", "Log", "What happened when."),
)


# What an attack measures, where its key is no word.
_SERIES: Final = {"info_nce": "InfoNCE"}
_QUANTITIES: Final = {
    "clean_accuracy": ", clean",
    "pgd_accuracy": ", PGD",
    "feature_loss": ", features",
    "pixel_loss": ", pixels",
}


def _series(trainings: tuple[Training, ...], *quantities: str) -> Iterator[Series]:
    """One curve for each training and quantity; those after the first quantity are drawn as companions."""
    for training in trainings:
        for number, quantity in enumerate(quantities):
            name = training.name + _QUANTITIES.get(quantity, "")
            yield Series(key=f"{training.key}/{quantity}", name=name, meaning=training.meaning, second=number > 0)


def _scrolled(page: QWidget) -> QScrollArea:
    page.setProperty("surface", "ground")
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(page)
    return scroll


def _tuning(controls: QWidget, losses: QWidget, below: QWidget) -> QWidget:
    page = _stacked((controls, losses, below), 1)
    column = page.layout()
    assert isinstance(column, QVBoxLayout)
    column.setStretch(0, 0)
    column.setSpacing(INSIDE)
    return page


def _stacked(widgets: tuple[QWidget, ...], stretch: int) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(BETWEEN)
    for widget in widgets:
        column.addWidget(widget, stretch)
    if not stretch:
        column.addStretch(1)
    return page


def _craft_name(key: str, names: dict[str, str]) -> str:
    attack, _, kind = key.removeprefix(_CRAFT).partition("/")
    return f"{names.get(attack, attack)}, {_SERIES.get(kind, kind.replace('_', ' '))}"
