import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor

from tests.support.sample_detection import sample_detection
from tests.support.sample_report import sample_report, sample_tuning
from zepad_app.results.branches_tab import branch_pairs
from zepad_app.results.contrasts import contrasts
from zepad_app.theme import Theme
from zepad_app.widgets.branch_plot import BranchPlot
from zepad_app.widgets.dumbbell_plot import DumbbellPlot
from zepad_app.widgets.epoch_plot import ACCURACIES, EpochPlot
from zepad_app.widgets.figure_menu import figures_as_csv
from zepad_app.widgets.roc_plot import CALIBRATED, RocPlot, with_ends


@pytest.fixture
def theme(qapp):
    return Theme("light")


def marks(plot):
    """Every marker drawn: (x, y, symbol, colour)."""
    items = [item for item in plot.plot.drawn if isinstance(item, pg.ScatterPlotItem)]
    return [(*point.pos(), point.symbol(), point.pen().color().name()) for item in items for point in item.points()]


def lines(plot):
    return [item for item in plot.plot.drawn if isinstance(item, pg.PlotCurveItem)]


def dumbbells(theme, qtbot):
    report = sample_report()
    rows = [(row.task, row) for row in contrasts(report, "advencoder_per")]
    plot = DumbbellPlot(theme)
    qtbot.addWidget(plot)
    plot.show_contrasts(rows, "AdvEncoder-PER")
    return plot, [row for _, row in rows]


def test_every_dumbbell_ends_at_the_rates_of_the_report(theme, qtbot):
    plot, rows = dumbbells(theme, qtbot)
    grey, star = theme.tokens.undefended.lower(), theme.marker("fused")
    drawn = marks(plot)
    undefended = [x for x, _, symbol, colour in drawn if symbol == theme.marker("undefended") and colour == grey]
    zepad = [x for x, _, symbol, _ in drawn if symbol == star]
    assert undefended == [row.undefended.value for row in rows]
    assert zepad == [row.zepad.value for row in rows]


def test_the_controls_are_drawn_on_every_lane(theme, qtbot):
    plot, rows = dumbbells(theme, qtbot)
    drawn = marks(plot)
    for symbol, key in (("o", "clean_ensemble"), ("+", "random_encoder")):
        assert [x for x, _, s, _ in drawn if s == symbol] == [row.controls[key].value for row in rows]


def test_whiskers_span_the_interval(theme, qtbot):
    plot, rows = dumbbells(theme, qtbot)
    spans = [tuple(item.getData()[0]) for item in lines(plot) if len(item.getData()[0]) == 2]
    for row in rows:
        assert (row.undefended.low, row.undefended.high) in spans
        assert (row.zepad.low, row.zepad.high) in spans


def test_a_plot_can_be_heard(theme, qtbot):
    plot, rows = dumbbells(theme, qtbot)
    assert f"undefended {100 * rows[0].undefended.value:.1f} %" in plot.accessibleDescription()


def test_colours_follow_the_theme(theme, qtbot):
    plot, _ = dumbbells(theme, qtbot)
    theme.choose("dark")
    grey = QColor(theme.tokens.undefended).name()
    assert {colour for _, _, symbol, colour in marks(plot) if symbol == theme.marker("undefended")} == {grey}


def test_the_roc_drawn_is_the_roc_reported(theme, qtbot):
    found = next(item for item in sample_detection() if item.task == "satellite")
    plot = RocPlot(theme, found, "satellite", None)
    qtbot.addWidget(plot)
    curves = [list(zip(*item.getData(), strict=True)) for item in lines(plot)]
    assert list(found.roc) in curves
    assert [(0, 0), (1, 1)] in curves
    calibrated = [(x, y) for x, y, symbol, _ in marks(plot) if symbol == CALIBRATED]
    assert calibrated == [(found.achieved_fpr.value, found.tpr.value)]
    assert (found.margin_fpr.value, found.margin_tpr.value) in [(x, y) for x, y, _, _ in marks(plot)]


def test_a_roc_without_its_corners_gets_them():
    assert with_ends([(0.5, 0.7), (0.2, 0.4)]) == [(0.0, 0.0), (0.2, 0.4), (0.5, 0.7), (1.0, 1.0)]
    assert with_ends([(0.0, 0.0), (1.0, 1.0)]) == [(0.0, 0.0), (1.0, 1.0)]


def test_a_branch_is_drawn_clean_and_perturbed_in_its_colour(theme, qtbot):
    report = sample_report()
    plot = BranchPlot(theme, "weight_share", "Weight", named=False)
    qtbot.addWidget(plot)
    plot.show_pairs(branch_pairs(report, "advencoder_per"))
    benign = [x for x, _, _, colour in marks(plot) if colour == theme.tokens.benign.lower()]
    stored = {(b.task, b.attack): b.weight_share for b in report.branches if b.branch == "benign"}
    tasks = list(dict.fromkeys(task for task, _ in stored))
    assert benign == [stored[task, attack] for attack in ("none", "advencoder_per") for task in tasks]
    assert len({symbol for _, _, symbol, _ in marks(plot)}) == 3


def test_epoch_curves_hold_every_epoch(theme, qtbot):
    found = sample_tuning()[0]
    plot = EpochPlot(theme, found, "Accuracy", ACCURACIES, share=True)
    qtbot.addWidget(plot)
    curves = [list(item.getData()[1]) for item in lines(plot)]
    assert [row.pgd_accuracy for row in found.epochs] in curves
    assert f"epoch {found.selected_epoch} was kept" in plot.accessibleDescription()
    assert figures_as_csv(plot.figures()).splitlines()[0] == "epoch,clean_accuracy,pgd_accuracy"
