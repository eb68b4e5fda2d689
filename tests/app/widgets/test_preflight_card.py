from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.support.sample_preflight import (
    ASSUMED,
    FIT_WARNING,
    PATH,
    RANDOM_WARNING,
    SAID_IMAGENET,
    doubtful,
    good,
    large_card,
    opened,
    preflight_card,
)
from zepad_app.state import Choosing, Inspected
from zepad_app.theme import Theme
from zepad_app.widgets.net_chooser import NetChooser
from zepad_app.widgets.preflight_banner import GOOD, NOT_CHECKED, RUNNING
from zepad_app.widgets.preflight_card import NOTHING_ASSUMED, PreflightCard
from zepad_engine.architecture import VitShape
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD, EncoderCard, Overrides
from zepad_engine.preflight import Preflight


@pytest.fixture
def place(theme: Theme, qtbot: QtBot) -> Iterator[QScrollArea]:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.resize(960, 700)
    yield area
    area.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


def known(preflight: Preflight, checks: str = "done", says: Overrides | None = None) -> Inspected:
    return Inspected(path=PATH, preflight=preflight, checks=checks, says=says or Overrides())  # type: ignore[arg-type]


def shown(place: QScrollArea, theme: Theme, inspected: Inspected) -> PreflightCard:
    card = PreflightCard(theme, inspected)
    place.setWidget(card)
    place.show()
    QApplication.processEvents()
    return card


def words(widget: QWidget) -> list[str]:
    return [found.text() for found in widget.findChildren(QLabel) if found.isVisible() and found.text()]


def test_the_card_says_what_the_file_is_before_and_after_the_checks(place: QScrollArea, theme: Theme) -> None:
    card = shown(place, theme, known(opened(), "running"))
    assert card.banner.sentences == (RUNNING,)
    assert {"ResNet-18, width 16", "basic blocks, stem 3x3, stride 1", "120 of 131", *ASSUMED} <= set(words(card))
    assert card.checks.rows["rank"].accessibleName() == "Effective rank: is running"
    card.show_inspected(known(good()))
    assert card.banner.sentences == (GOOD,)
    assert card.checks.rows["rank"].accessibleName() == (
        "Effective rank: ok. 68.5 of 128. The features have not collapsed"
    )
    assert [row.word.text() for row in card.checks.rows.values()] == ["ok"] * 6
    assert card.checks.bars.accessibleDescription() == "This encoder 78.0 %, Random weights 55.9 %"
    card.show_inspected(known(opened(), "failed"))
    assert card.banner.sentences == (NOT_CHECKED,)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_moves_when_good_checks_come_in(place: QScrollArea, theme: Theme, scale: float) -> None:
    theme.set_scale(scale)
    place.resize(round(960 * scale), 700)
    card = shown(place, theme, known(opened(), "running"))

    def places() -> list[tuple[int, int]]:
        QApplication.processEvents()
        spots = (*card.checks.rows.values(), card.edit, card.facts, card.banner)
        return [(spot.mapTo(card, spot.rect().topLeft()).y(), spot.height()) for spot in spots]

    before = places()
    card.show_inspected(known(good()))
    assert places() == before
    theme.set_scale(1.0)


def test_the_bars_share_one_scale(place: QScrollArea, theme: Theme) -> None:
    bars = shown(place, theme, known(good())).checks.bars
    assert bars.track(0).width() == bars.track(1).width() > 100
    assert bars.bar(0).width() / bars.track(0).width() == pytest.approx(0.78)
    assert bars.bar(1).width() / bars.track(1).width() == pytest.approx(0.559)


def test_warnings_come_with_their_remedies(place: QScrollArea, theme: Theme, qtbot: QtBot) -> None:
    card = shown(place, theme, known(doubtful()))
    assert card.banner.sentences == (FIT_WARNING, RANDOM_WARNING)
    assert [line.button.text() for line in card.banner.lines] == ["Use ImageNet", "Edit assumptions"]
    with qtbot.waitSignal(card.says_changed) as asked:
        card.banner.lines[0].button.click()
    assert asked.args == [Overrides(mean=IMAGENET_MEAN, std=IMAGENET_STD)]
    card.banner.lines[1].button.click()
    assert card.editor is not None


def test_what_the_user_said_is_no_assumption(place: QScrollArea, theme: Theme) -> None:
    card = shown(place, theme, known(good(card=preflight_card(said=True)), says=SAID_IMAGENET))
    found = words(card)
    assert found[found.index("You said") + 1] == "The normalisation is ImageNet."
    assert found[found.index("Assumed") + 1] == ASSUMED[1]
    sure = msgspec.structs.replace(preflight_card(), assumptions=())
    assert NOTHING_ASSUMED in words(shown(place, theme, known(good(card=sure))))


def test_the_whole_digest_is_copied_and_the_other_tensors_are_folded_away(place: QScrollArea, theme: Theme) -> None:
    card = shown(place, theme, known(good()))
    card.facts.copy.click()
    assert QGuiApplication.clipboard().text() == "4f2a" * 16
    assert card.facts.ignored.isHidden()
    assert card.facts.fold.text() == "Show the other 11"
    card.facts.fold.click()
    assert card.facts.ignored.text().startswith("No part of the encoder: projector (8), classifier (2), queue.")
    assert not card.facts.ignored.isHidden()
    assert card.facts.fold.text() == "Hide the other 11"


def test_a_name_that_cannot_be_broken_does_not_widen_the_card(place: QScrollArea, theme: Theme) -> None:
    file = msgspec.structs.replace(opened().file, name="x" * 60)
    card = shown(place, theme, known(msgspec.structs.replace(good(), file=file)))
    assert card.minimumSizeHint().width() <= 760


def test_the_form_says_only_what_was_changed(place: QScrollArea, theme: Theme, qtbot: QtBot) -> None:
    card = shown(place, theme, known(doubtful()))
    card.edit.click()
    editor = card.editor
    assert editor is not None
    assert not editor.apply.isEnabled()
    assert editor.reset.isHidden()
    editor.normalisation.choose("imagenet")
    assert editor.apply.isEnabled()
    with qtbot.waitSignal(card.says_changed) as asked:
        editor.apply.click()
    assert asked.args == [SAID_IMAGENET]


def test_wrong_values_are_told_as_they_are_typed(place: QScrollArea, theme: Theme, qtbot: QtBot) -> None:
    card = shown(place, theme, known(good()))
    card.open_editor()
    editor = card.editor
    assert editor is not None
    assert editor.rows["mean"].isHidden()
    editor.normalisation.choose("custom")
    assert not editor.rows["mean"].isHidden()
    assert editor.mean.values == preflight_card().mean
    green = editor.std.boxes[1]
    green.setFocus()
    green.selectAll()
    qtbot.keyClicks(green, "0")
    assert editor.rows["std"].trouble == "A deviation must be above 0: pixels are divided by it."
    assert not editor.apply.isEnabled()
    qtbot.keyClicks(green, ".5")
    assert editor.rows["std"].trouble == ""
    assert editor.wish.std == (0.2470, 0.5, 0.2616)
    assert editor.apply.isEnabled()
    editor.side.setValue(5000)
    assert editor.rows["input_size"].trouble == "Say a size of 8 to 1024 pixels."
    assert not editor.apply.isEnabled()


def test_stems_fit_the_kernel_and_others_can_be_typed(place: QScrollArea, theme: Theme) -> None:
    card = shown(place, theme, known(good(card=large_card())))
    card.open_editor()
    editor = card.editor
    assert editor is not None
    assert [editor.stem.itemData(row) for row in range(editor.stem.count())] == ["imagenet", "custom"]
    assert editor.rows["stride"].isHidden()
    editor.stem.choose("custom")
    editor.stride.setValue(1)
    editor.pool.setChecked(False)
    stem = editor.wish.stem
    assert stem is not None
    assert (stem.kernel, stem.stride, stem.padding, stem.pool) == (7, 1, 3, False)
    assert "pooling" not in editor.rows


def test_a_transformer_shows_heads_and_pooling_and_no_stem(place: QScrollArea, theme: Theme) -> None:
    shape = VitShape(patch=16, width=384, depth=12, heads=6, mlp=1536, grid=14)
    vit = msgspec.structs.replace(preflight_card(), architecture=shape, input_size=224)
    card = shown(place, theme, known(good(card=vit)))
    card.open_editor()
    editor = card.editor
    assert editor is not None
    assert {"heads", "pooling"} <= editor.rows.keys()
    assert "stem" not in editor.rows
    assert not editor.apply.isEnabled()
    editor.heads.setValue(7)
    assert editor.rows["heads"].trouble == "7 heads do not divide its 384 channels."
    editor.heads.setValue(12)
    assert editor.apply.isEnabled()
    told: list[object] = []
    editor.applied.connect(told.append)
    editor.apply.click()
    assert told == [Overrides(heads=12)]


def test_numbers_the_form_rounds_are_not_changed_by_it(place: QScrollArea, theme: Theme) -> None:
    odd: EncoderCard = msgspec.structs.replace(preflight_card(), mean=(0.4811111111111, 0.5, 0.5))
    card = shown(place, theme, known(good(card=odd)))
    card.open_editor()
    assert card.editor is not None
    assert card.editor.normalisation.key == "custom"
    assert card.editor.wish.mean == (0.4811111111111, 0.5, 0.5)
    assert not card.editor.apply.isEnabled()


def test_reset_takes_back_all_but_the_choice_of_net(place: QScrollArea, theme: Theme, qtbot: QtBot) -> None:
    says = Overrides(net="teacher.", mean=IMAGENET_MEAN, std=IMAGENET_STD)
    card = shown(place, theme, known(good(), says=says))
    card.open_editor()
    assert card.editor is not None
    assert not card.editor.reset.isHidden()
    with qtbot.waitSignal(card.says_changed) as asked:
        card.editor.reset.click()
    assert asked.args == [Overrides(net="teacher.")]


def test_the_keyboard_goes_from_top_to_bottom(place: QScrollArea, theme: Theme, qtbot: QtBot) -> None:
    card = shown(place, theme, known(doubtful()))
    card.banner.lines[0].button.setFocus()
    place.activateWindow()
    order = [*(line.button for line in card.banner.lines), card.facts.fold, card.facts.copy, card.edit]
    assert tabbed(qtbot, place, len(order)) == order
    card.edit.click()
    editor = card.editor
    assert editor is not None
    assert place.focusWidget() is editor.name
    QApplication.processEvents()
    form = [editor.name, editor.normalisation, editor.side, editor.stem, editor.cancel]
    assert tabbed(qtbot, place, len(form)) == form
    qtbot.keyClick(editor.cancel, Qt.Key.Key_Space)
    assert card.editor is None
    assert place.focusWidget() is card.edit


def tabbed(qtbot: QtBot, place: QScrollArea, steps: int) -> list[QWidget | None]:
    """Who has the focus now and after each press of Tab."""
    found: list[QWidget | None] = []
    for _ in range(steps):
        found.append(place.focusWidget())
        qtbot.keyClick(place.focusWidget(), Qt.Key.Key_Tab)
    return found


def test_the_chooser_recommends_with_a_reason_only(qtbot: QtBot, theme: Theme) -> None:
    chooser = NetChooser(Choosing(path="/data/dino.pth", nets=("teacher/backbone.", "student/backbone.")))
    qtbot.addWidget(chooser)
    chooser.show()
    assert "dino.pth holds 2 encoders whose weights differ." in words(chooser)
    assert chooser.reasons == {
        "teacher/backbone.": "Recommended: DINO publishes its teacher.",
        "student/backbone.": "",
    }
    with qtbot.waitSignal(chooser.chosen) as chosen:
        chooser.buttons["student/backbone."].click()
    assert chosen.args == ["student/backbone."]
    plain = NetChooser(Choosing(path="/data/x.pth", nets=("left.", "right.")))
    qtbot.addWidget(plain)
    assert set(plain.reasons.values()) == {""}
