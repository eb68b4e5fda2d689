"""Questions about one picture, asked of the job itself on a finished run."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.asking import ask, subject
from tests.support.tiny import png, tiny_pictures
from zepad_engine.bundle.manifest import require_name
from zepad_engine.errors import AuditError, BadInput
from zepad_engine.plan import set_name
from zepad_engine.questions import ExplainImage, JudgeImage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(finished, tmp_path_factory):
    """A copy: what is stored for questions is counted and damaged here, and other processes ask the shared run."""
    folder = tmp_path_factory.mktemp("judged") / "run"
    shutil.copytree(finished.folder, folder, ignore=shutil.ignore_patterns("inspected"))
    return dataclasses.replace(finished, folder=folder)


@pytest.fixture
def judge(finished):
    return lambda **changes: ask(JudgeImage(request="j", subject=subject(finished.folder, **changes)))


def pixels(path):
    with Image.open(path) as stored:
        return np.asarray(stored).astype(int)


BAD_QUESTIONS = {
    "over budget": ({"attack": "l4a_base", "epsilon_255": 10.5}, "The perturbation was crafted for at most 10/255."),
    "negative": ({"attack": "l4a_base", "epsilon_255": -1.0}, "The perturbation was crafted for at most 10/255."),
    "task": ({"task": "sample:gone"}, "This audit has no task called sample:gone."),
    "attack": ({"attack": "magic", "epsilon_255": 1.0}, "This audit has no perturbation called magic."),
    "attack with a path": (
        {"attack": "../encoders/victim", "epsilon_255": 1.0},
        "This audit has no perturbation called",
    ),
    "step": ({"attack": "pgd", "epsilon_255": 1.0, "step": 21}, "PGD takes 20 steps here."),
    "picture": ({"image": "gone.png"}, "gone.png"),
    "no number": ({"image": "test:first"}, "test:first names no test image."),
}


@pytest.mark.parametrize("case", BAD_QUESTIONS)
def test_a_question_that_cannot_be_answered_gets_a_sentence(judge, case):
    changes, sentence = BAD_QUESTIONS[case]
    with pytest.raises(BadInput) as caught:
        judge(**changes)
    assert sentence in caught.value.sentence
    assert caught.value.advice


def test_a_task_may_be_named_short(judge, finished):
    by_key, by_name = (judge(task=name) for name in (finished.plan.tasks[1], set_name(finished.plan.tasks[1])))
    assert by_key.fused == by_name.fused


def test_the_answers_agree_with_the_stored_ones(judge, finished):
    """What Inspect says of the test images is what the report counted."""
    task = finished.plan.tasks[0]
    zepad = next(
        c for c in finished.report.cells if (c.defence, c.task, c.attack) == ("zepad", set_name(task), "l4a_base")
    )
    said = [judge(image=f"test:{index}", attack="l4a_base", epsilon_255=10.0) for index in range(zepad.ra.n)]
    assert sum(each.fused[0].name == each.label for each in said) == round(zepad.ra.value * zepad.ra.n)


def test_pictures_have_the_model_s_own_size(judge):
    said = judge(attack="l4a_base", epsilon_255=5.0)
    shown, perturbed, residual = (pixels(path) for path in (said.shown, said.perturbed, said.residual))
    assert shown.shape == perturbed.shape == residual.shape == (16, 16, 3)
    assert 0 < np.abs(perturbed - shown).max() <= 5
    # Grey is where nothing happens; the gain brings the budget to the ends of the scale.
    expected = np.clip(127.5 + said.residual_gain * (perturbed - shown), 0, 255)
    assert np.abs(residual - expected).max() <= said.residual_gain + 1


def test_pgd_is_crafted_once_and_each_step_is_read(judge, finished, tmp_path):
    clean = judge(attack="pgd", epsilon_255=8.0, step=0)
    assert clean.shown == clean.perturbed
    assert (clean.seconds_attack, clean.fused) == (0.0, judge().fused)
    first = judge(attack="pgd", epsilon_255=8.0, step=20)
    assert first.seconds_attack > 0
    assert f"PGD raises ZePAD's loss on its label, {first.label}." in first.notes
    again = judge(attack="pgd", epsilon_255=8.0, step=20)
    assert (again.fused, again.perturbed, again.seconds_attack) == (first.fused, first.perturbed, 0.0)
    one = judge(attack="pgd", epsilon_255=8.0, step=1)
    assert one.seconds_attack == 0
    assert one.perturbed not in (clean.perturbed, first.perturbed)
    assert np.abs(pixels(first.perturbed) - pixels(first.shown)).max() <= 9

    def of_label(said):
        return {score.name: score.probability for score in said.fused}.get(said.label, 0.0)

    assert of_label(first) < of_label(clean)
    # The way is another one with another budget, on another picture, or from another file.
    assert judge(attack="pgd", epsilon_255=4.0, step=20).seconds_attack > 0
    mine = tmp_path / "mine.png"
    mine.write_bytes(png(tiny_pictures(1, size=40)[0][0]))
    assert "ZePAD's clean answer" in judge(image=str(mine), attack="pgd", epsilon_255=8.0, step=3).notes[-1]
    assert len(list((finished.folder / "inspected/pgd").iterdir())) == 3


def test_a_damaged_way_is_crafted_again(judge, finished):
    first = judge(attack="pgd", epsilon_255=7.0, step=20)
    newest = max((finished.folder / "inspected/pgd").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(b"nothing")
    again = judge(attack="pgd", epsilon_255=7.0, step=20)
    assert again.seconds_attack > 0
    assert again.fused == first.fused


def test_a_picture_that_changes_is_read_again(judge, tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(png(torch.zeros(3, 16, 16, dtype=torch.uint8)))
    dark = judge(image=str(path))
    path.write_bytes(png(torch.full((3, 16, 16), 255, dtype=torch.uint8)))
    os.utime(path, ns=(1, 1))
    bright = judge(image=str(path))
    assert (pixels(dark.shown).max(), pixels(bright.shown).min()) == (0, 255)
    assert dark.sha256 != bright.sha256
    path.unlink()
    with pytest.raises(AuditError, match="mine.png"):
        judge(image=str(path))


def test_pictures_of_the_user_are_left_out_of_a_bundle(judge, finished, tmp_path):
    mine = tmp_path / "mine.png"
    mine.write_bytes(png(tiny_pictures(1, size=40)[0][0]))
    said = judge(image=str(mine), attack="pgd", epsilon_255=8.0, step=3)
    stored = [Path(path) for path in (said.shown, said.perturbed, said.residual)]
    stored += (finished.folder / "inspected/pgd").iterdir()
    for path in stored:
        with pytest.raises(BadInput):
            require_name(path.relative_to(finished.folder).as_posix())


def test_what_is_explained_is_the_picture_as_it_is_put_before_the_branches(finished):
    def maps(**changes):
        question = ExplainImage(request="e", subject=subject(finished.folder, **changes), method="saliency")
        return [np.load(each.values) for each in ask(question).maps]

    clean, still, moved = (
        maps(),
        maps(attack="pgd", epsilon_255=8.0, step=0),
        maps(attack="pgd", epsilon_255=8.0, step=20),
    )
    for one, other, third in zip(clean, still, moved, strict=True):
        np.testing.assert_array_equal(one, other)
        assert not np.array_equal(one, third)
