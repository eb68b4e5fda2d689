import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton

from tests.support.sample_judgement import write_pictures
from tests.support.sample_report import sample_report
from tests.support.settling import settle
from zepad_app.pages.results import ResultsPage
from zepad_app.results.headline import headline_of
from zepad_app.results.in_turn import InTurn
from zepad_app.results.recipe_popover import RecipePopover
from zepad_app.settings import Settings
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.undoing import UndoStack
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.picture import Picture
from zepad_engine.export_formats import FORMATS
from zepad_engine.plan import plan_to_json
from zepad_engine.trained import PurifyingRow

TABS = ["Summary", "Matrix", "Budget", "Adaptive", "Detection", "Branches", "Examples", "Attacks", "Training", "Recipe"]
TABS += ["Report"]


@pytest.fixture(scope="module")
def theme(qapp):
    made = Theme("light")
    made.apply(qapp)
    return made


@pytest.fixture
def page(qtbot, theme, tmp_path):
    made = ResultsPage(theme, Thresholds(Settings()), UndoStack())
    qtbot.addWidget(made)
    made.resize(1208, 716)
    write_pictures(tmp_path, side=4)
    made.show_report(sample_report(), tmp_path)
    made.show()
    made.turns.settle()
    return made


def open_tab(page, name):
    page.tabs.setCurrentIndex(TABS.index(name))
    if hasattr(page.tab(name), "turns"):
        page.tab(name).turns.settle()


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel)]


def test_the_verdict_and_the_tabs(page):
    assert page.banner.verdict.text().replace("\N{NO-BREAK SPACE}", " ") == headline_of(sample_report()).sentence
    assert [page.tabs.tabText(n) for n in range(page.tabs.count())] == TABS


def test_a_tab_is_made_when_it_is_first_looked_at(page):
    assert list(page._made) == ["Summary"]
    open_tab(page, "Recipe")
    assert list(page._made) == ["Summary", "Recipe"]


def test_the_lamps_lead_to_the_list_of_checks(page, qtbot):
    qtbot.keyClick(page.banner.lamps.strips[0], Qt.Key.Key_Return)
    assert page.tabs.tabText(page.tabs.currentIndex()) == "Adaptive"
    assert page.tab("Adaptive").lights.marks


def test_a_number_tells_how_it_was_measured_and_how_to_measure_it_again(page, tmp_path):
    rate = sample_report().cells[0].ba
    page.explain("Clean accuracy", rate, page.mapToGlobal(page.rect().center()))
    popover = page.findChild(RecipePopover)
    told = popover.accessibleDescription()
    assert f"{rate.n:,} images" in told
    assert "Plan: quick preset, corrected mode, budget 10/255, seed 0" in told
    assert "torch 2.15.0" in told
    assert "When: 2026-01-01 12:00 UTC" in told
    assert f'python main.py audit --plan "{tmp_path / "plan.json"}" --out runs/again' in told
    popover.copy.click()
    assert QGuiApplication.clipboard().text() == told


def test_the_summary_starts_at_the_worst_attack_and_follows_the_choice(page):
    assert page.tab("Summary").choice.attack == "advencoder_per"
    before = page.tab("Summary").plot.accessibleDescription()
    page.tab("Summary").choice.choose("l4a_base")
    after = page.tab("Summary").plot.accessibleDescription()
    cell = next(
        c for c in sample_report().cells if (c.defence, c.attack, c.task) == ("undefended", "l4a_base", "emoji")
    )
    assert before != after
    assert f"under PAP L4A-base: undefended {100 * cell.ra.value:.1f} %" in after


def test_the_switch_changes_the_table(page):
    assert page.tab("Summary").table.rates.measure == "ra"
    page.tab("Summary").measure.choose("asr")
    assert page.tab("Summary").table.rates.measure == "asr"


def test_a_missing_control_row_is_said(page, tmp_path):
    report = sample_report()
    assert "Not measured" not in page.tab("Summary").note.text()
    cells = tuple(c for c in report.cells if c.defence != "random_encoder")
    page.show_report(msgspec.structs.replace(report, cells=cells), tmp_path)
    assert "Not measured in this run" in page.tab("Summary").note.text()
    assert "random weights" in page.tab("Summary").note.text()


@pytest.mark.parametrize("width", [952, 1208])
def test_no_tab_needs_to_scroll_sideways(page, qapp, width):
    page.resize(width, 616)
    for name in TABS:
        open_tab(page, name)
        qapp.processEvents()
        scrolled = page.paper.column if name == "Report" else page.tab(name)
        assert scrolled.horizontalScrollBar().maximum() == 0, name


def test_attacks_show_their_picture_and_what_was_measured(page):
    open_tab(page, "Attacks")
    card = page.tab("Attacks").cards[0]
    assert not card.picture.image.isNull()
    assert {"10.00/255", "97.0 %", "160", "38 s", "0"} <= set(texts(card))
    report = sample_report()
    mean = next(
        a for a in report.averages if (a.defence, a.attack, a.unseen) == ("undefended", "advencoder_per", False)
    )
    assert f"to {100 * mean.ra.value:.1f} %" in card.sentence.text()


def test_a_missing_picture_is_said_and_nothing_breaks(page, tmp_path):
    page.show_report(sample_report(), tmp_path / "elsewhere")
    open_tab(page, "Attacks")
    assert page.tab("Attacks").cards[0].picture.image.isNull()
    assert page.tab("Attacks").cards[0].picture.accessibleDescription() == "No picture stored."


def test_training_leaves_out_losses_a_branch_does_not_have(page):
    open_tab(page, "Training")
    fields = [[curve.field for curve in plot._curves] for plot in page.tab("Training").plots]
    assert fields[0] == ["total", "cross_entropy", "regularisation"]
    assert fields[4] == ["cross_entropy"]
    assert fields[5] == ["clean_accuracy"]


def test_a_purifiers_training_is_drawn_with_what_it_has(page, tmp_path):
    rows = tuple(
        PurifyingRow(epoch=n, feature_loss=0.5 / n, pixel_loss=0.1, total=0.5 / n + 0.1, feature_distance=0.6 / n)
        for n in (1, 2)
    )
    tuning = msgspec.structs.replace(
        sample_report().tuning[0], branch="purifier", epochs=(), purifying=rows, untouched=0.9, selected_epoch=2
    )
    page.show_report(msgspec.structs.replace(sample_report(), tuning=(tuning,)), tmp_path)
    open_tab(page, "Training")
    losses, distances = page.tab("Training").plots
    assert [curve.field for curve in losses._curves] == ["total", "feature_loss", "pixel_loss"]
    assert distances.figures() == [["epoch", "feature_distance"], [1, 0.6], [2, 0.3]]
    assert "0.900 of their length" in "\n".join(texts(page.tab("Training")))


def test_examples_say_what_each_system_said(page):
    open_tab(page, "Examples")
    flagged = next(strip for strip in page.tab("Examples").strips if strip.found.flagged)
    words, found = texts(flagged), flagged.found
    assert "flagged as DAE" in words
    assert f"✗ {found.undefended_perturbed}" in words
    assert f"✓ {found.undefended_clean}" in words
    assert f"✗ {found.zepad_perturbed}" in words
    pictures = page.tab("Examples").findChildren(Picture)
    assert all(not picture.image.isNull() for picture in pictures if picture.isVisible())


def test_the_recipe_is_complete(page):
    open_tab(page, "Recipe")
    report = sample_report()
    assert page.tab("Recipe").plan.toPlainText() == plan_to_json(report.plan).decode()
    assert page.tab("Recipe").plan.isReadOnly()
    words = "\n".join(texts(page.tab("Recipe")))
    for sentence in (*report.not_shown, *report.threat_model, report.summary.limits):
        assert sentence in words
    assert "2,000 train · 400 validation · 300 calibration · 790 test" in words
    assert "torch" in words
    assert "2.15.0" in words


def test_tabs_are_drawn_when_first_looked_at_and_anew_for_another_report(page, tmp_path):
    assert page.tab("Detection").desk is None
    open_tab(page, "Detection")
    old = page.tab("Detection").desk
    page.show_report(sample_report(), tmp_path)
    assert page.tab("Detection").desk is not old


def test_the_buttons_ask_the_window(page, qtbot):
    buttons = {button.text(): button for button in page.findChildren(QPushButton)}
    with qtbot.waitSignal(page.inspect_requested):
        buttons["Inspect an image"].click()
    assert len(page.export.menu().actions()) == len(FORMATS)
    for action, form in zip(page.export.menu().actions(), FORMATS, strict=True):
        assert form.ending in action.text()
        with qtbot.waitSignal(page.export_requested) as asked:
            action.trigger()
        assert asked.args == [form.key]


def test_empty_says_what_will_be_here_and_leads_on(page, qtbot):
    page.show_empty()
    assert page.empty.isVisible()
    assert "verdict" in page.empty.sentence.text()
    with qtbot.waitSignal(page.audit_requested):
        page.empty.next.click()


def test_every_plot_can_be_heard(page, qapp):
    for name in TABS:
        open_tab(page, name)
    plots = page.findChildren(FigurePlot)
    assert len(plots) >= 1 + 4 + 2 + 4 + 6
    assert [plot.accessibleName() for plot in plots if not plot.accessibleName()] == []
    assert [plot.accessibleName() for plot in plots if not plot.accessibleDescription()] == []


def test_a_report_without_anything_measured_still_opens(page, tmp_path):
    fields = ("cells", "averages", "branches", "detection", "attacks", "tuning", "examples", "data", "warnings")
    page.show_report(msgspec.structs.replace(sample_report(), **dict.fromkeys(fields, ())), tmp_path)
    for name in TABS:
        open_tab(page, name)
    assert page.tab("Summary").table.rates.rowCount() == 0
    assert page.tab("Detection").desk is None


@pytest.fixture
def drawn_in(monkeypatch):
    """How many plots with anything on them each turn has drawn, turn by turn."""
    counts = []
    turn, redraw = InTurn._on_turn, FigurePlot.redraw

    def count_turn(self):
        counts.append(0)
        turn(self)

    def count_plot(self):
        redraw(self)
        if counts:
            counts[-1] += bool(self.plot.drawn)

    monkeypatch.setattr(InTurn, "_on_turn", count_turn)
    monkeypatch.setattr(FigurePlot, "redraw", count_plot)
    return counts


@pytest.mark.parametrize("name", ["Summary", "Budget", "Detection", "Branches", "Training"])
def test_a_turn_draws_one_plot_so_that_no_tab_holds_up_the_window(page, drawn_in, tmp_path, name):
    page.open_tab("Recipe")
    settle(page)
    drawn_in.clear()
    page.show_report(sample_report(), tmp_path)
    page.open_tab(name)
    assert sum(drawn_in) == 0  # the click itself draws nothing
    settle(page)
    # The desk of the detector is one thing of two plots.
    assert max(drawn_in) == (2 if name == "Detection" else 1)
    assert sum(drawn_in) == len([plot for plot in page.tab(name).findChildren(FigurePlot) if plot.plot.drawn])


def test_a_tab_is_seen_once_it_is_filled(page):
    page.open_tab("Branches")
    place = page.tabs.currentWidget()
    assert not place.updatesEnabled()
    page.turns.settle()
    assert place.updatesEnabled()
    page.open_tab("Summary")
    assert page.tabs.currentWidget().updatesEnabled()


def test_another_tab_chosen_in_between_leaves_none_unseen(page):
    page.open_tab("Branches")
    page.open_tab("Training")
    page.open_tab("Branches")
    settle(page)
    page.open_tab("Training")
    settle(page)
    assert all(page.tabs.widget(at).updatesEnabled() for at in range(page.tabs.count()))
