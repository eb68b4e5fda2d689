"""Opening encoders in the real window with the real engine: checked, read as the user says, chosen, refused."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt

from tests.support.story_shots import shoot
from tests.support.tiny import tiny_encoder
from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.widgets.preflight_banner import GOOD
from zepad_engine.card import CIFAR_MEAN, IMAGENET_MEAN, IMAGENET_STD, Overrides
from zepad_engine.resources import asset

pytestmark = pytest.mark.slow

OPEN_MS = 60_000


class Story:
    """Waits for what the engine says."""

    def __init__(self, app: App, qtbot) -> None:
        self.app, self.qtbot = app, qtbot
        self.page: DropPage = app.window.pages.page("drop")
        self.seen: list[tuple[str, str]] = []
        app.model.changed.connect(self._note)

    def _note(self) -> None:
        inspected = self.app.model.state.inspected
        step = (inspected.card.name, inspected.checks) if inspected else ("", "")
        if not self.seen or self.seen[-1] != step:
            self.seen.append(step)

    def open(self, path: Path) -> None:
        self.app.window.open_files((path,))
        assert self.app.model.state.inspecting == str(path)

    def wait_for_checks(self) -> None:
        self.qtbot.waitUntil(lambda: not self.app.model.state.inspecting, timeout=OPEN_MS)
        self.qtbot.waitUntil(lambda: self.app.model.state.inspected.checks == "done", timeout=OPEN_MS)

    def refused(self, path: Path) -> None:
        with self.qtbot.waitSignal(self.app.model.failed, timeout=OPEN_MS):
            self.open(path)


class Rude:
    def __reduce__(self):
        return print, ("this must never be printed",)


def write_foreign(folder: Path) -> dict[str, Path]:
    """Our own net as strangers store it: bare, twice in one file, and as code."""
    net = {name: tensor.clone() for name, tensor in tiny_encoder(1).backbone.state_dict().items()}
    other = tiny_encoder(2).backbone.state_dict()
    paths = {name: folder / f"{name}.pth" for name in ("bare", "dino", "rude")}
    torch.save(net, paths["bare"])
    both = {
        f"{half}.backbone.{name}": value
        for half, given in (("student", other), ("teacher", net))
        for name, value in given.items()
    }
    torch.save({"state_dict": both}, paths["dino"])
    paths["rude"].write_bytes(pickle.dumps({"state_dict": Rude()}))
    return paths


def test_a_bundled_encoder_is_opened_checked_and_read_as_the_user_says(app, qtbot, tmp_path):
    story = Story(app, qtbot)
    bundled = asset("encoders", "supcon-cifar10-r18w16.safetensors")
    for ending in (".safetensors", ".json"):
        shutil.copy(bundled.with_suffix(ending), tmp_path / f"mine{ending}")
    story.open(tmp_path / "mine.safetensors")
    story.wait_for_checks()
    assert [checks for _name, checks in story.seen if checks] == ["running", "done"]
    card = story.page.preflight
    assert card.banner.sentences == (GOOD,)
    assert {row.word.text() for row in card.checks.rows.values()} == {"ok"}
    assert app.model.state.inspected.card.mean == CIFAR_MEAN
    shoot(app, qtbot, "preflight")

    card.open_editor()
    card.editor.normalisation.choose("plain")
    qtbot.mouseClick(card.editor.apply, Qt.MouseButton.LeftButton)
    story.wait_for_checks()
    card = story.page.preflight
    assert (app.model.state.inspected.card.mean, card.editor) == ((0.0, 0.0, 0.0), None)
    doubted = app.model.state.inspected.preflight.warnings
    assert any("ImageNet fits" in warning for warning in doubted), doubted
    shoot(app, qtbot, "preflight-doubtful")
    remedy = next(line for line in card.banner.lines if line.button.text() == "Use ImageNet")
    qtbot.mouseClick(remedy.button, Qt.MouseButton.LeftButton)
    story.wait_for_checks()
    says = Overrides(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    assert (app.model.state.inspected.says, story.page.preflight.banner.sentences) == (says, (GOOD,))

    app.window.header.primary.click()
    plan = app.window.pages.page("plan").plan
    assert (plan.encoder, plan.encoder_says) == (str(tmp_path / "mine.safetensors"), says)


def test_strangers_files_are_asked_about_refused_and_nothing_is_lost(app, qtbot, tmp_path, capfd):
    story, paths = Story(app, qtbot), write_foreign(tmp_path)
    story.open(paths["dino"])
    qtbot.waitUntil(lambda: app.model.state.choosing is not None, timeout=OPEN_MS)
    teacher = next(net for net in app.model.state.choosing.nets if "teacher" in net)
    assert story.page.chooser.reasons[teacher] == "Recommended: DINO publishes its teacher."
    qtbot.mouseClick(story.page.chooser.buttons[teacher], Qt.MouseButton.LeftButton)
    story.wait_for_checks()
    opened = app.model.state.inspected
    assert (opened.card.net, opened.says.net, story.page.chooser) == (teacher, teacher, None)
    card = story.page.preflight

    story.refused(paths["rude"])
    assert (app.model.state.inspected, story.page.preflight) == (opened, card)
    assert not story.page.notice.isHidden()
    assert "Code: encoder." in story.page.notice._text.detail
    assert "never be printed" not in "".join(capfd.readouterr())

    card.open_editor()
    card.editor.side.setValue(64)
    qtbot.mouseClick(card.editor.apply, Qt.MouseButton.LeftButton)
    story.wait_for_checks()
    assert app.model.state.inspected.card.input_size == 64
    assert app.model.state.inspected.says == Overrides(net=teacher, input_size=64)
