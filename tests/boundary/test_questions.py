"""Questions about a finished run, put to the real engine process as the window puts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.tiny import png, tiny_pictures
from zepad_engine.metrics import rank_correlation
from zepad_engine.questions import (
    Explained,
    ExplainImage,
    FindNeighbours,
    Judged,
    JudgeImage,
    Neighboured,
    Sifted,
    SiftImages,
    Subject,
)

pytestmark = pytest.mark.slow


def judge(engine, finished, **changes):
    return engine.answer(JudgeImage(request="j", subject=subject_of(finished, **changes)))


def subject_of(finished, **changes):
    values = {"folder": str(finished.folder), "image": "test:0", "task": finished.plan.tasks[0]}
    return Subject(**{**values, **changes})


def test_judge_a_test_image(shared_engine, finished):
    said = judge(shared_engine, finished, attack="l4a_base", epsilon_255=10.0)
    assert isinstance(said, Judged)
    assert [branch.branch for branch in said.branches] == ["tuned_victim", "tuned_auxiliary", "benign"]
    assert sum(branch.weight for branch in said.branches) == pytest.approx(1.0)
    for branch in (*said.branches, said.undefended):
        assert branch.top[0].probability == pytest.approx(branch.m)
        assert branch.c == pytest.approx(branch.m * 2.718281828 ** (3 * (branch.m - 0.5)))
    confidences = [branch.c for branch in said.branches]
    assert said.score == pytest.approx((confidences[0] + confidences[1]) / 2 - confidences[2], abs=1e-6)
    assert said.flagged == (said.score > said.threshold)
    row = next(row for row in finished.report.detection if row.attack == "l4a_base")
    assert said.threshold == pytest.approx(row.threshold)
    assert said.achieved_fpr == pytest.approx(row.achieved_fpr.value)
    assert said.notes[0].startswith("Test image 0; its label is class")


def test_explain_a_test_image(shared_engine, finished):
    subject = subject_of(finished, attack="l4a_base", epsilon_255=10.0)
    said = shared_engine.answer(ExplainImage(request="e", subject=subject, method="occlusion"))
    assert isinstance(said, Explained)
    assert (said.request, said.subject, said.method) == ("e", subject, "occlusion")
    assert [each.branch for each in said.maps] == ["undefended", "tuned_victim", "tuned_auxiliary", "benign"]
    maps = {each.branch: np.load(each.values) for each in said.maps}
    assert {(values.shape, values.dtype.name) for values in maps.values()} == {((16, 16), "float32")}
    assert all(0 <= area <= 1 for each in said.maps for area in (each.deletion, each.insertion))
    for pair in said.agreement:
        expected = rank_correlation(maps[pair.first].ravel(), maps[pair.second].ravel())
        assert pair.rho == pytest.approx(expected, abs=1e-9)
    assert len(said.agreement) == 6


def test_neighbours_and_a_filmstrip(shared_engine, finished):
    found = shared_engine.answer(FindNeighbours(request="n", subject=subject_of(finished), count=3))
    assert isinstance(found, Neighboured)
    assert (found.request, found.branch, len(found.nearest)) == ("n", "victim", 3)
    asked = SiftImages(
        request="s", folder=str(finished.folder), images=("test:1", "gone.png"), task=finished.plan.tasks[0]
    )
    sifted = shared_engine.answer(asked)
    assert isinstance(sifted, Sifted)
    assert [(row.image, bool(row.answer), bool(row.refused)) for row in sifted.rows] == [
        ("test:1", True, False),
        ("gone.png", False, True),
    ]
    assert all(Path(path).is_file() for path in (sifted.rows[0].thumbnail, found.nearest[0].thumbnail))


def test_without_size_the_picture_is_left_alone(shared_engine, finished):
    said = judge(shared_engine, finished, attack="l4a_base", epsilon_255=0.0)
    shown, perturbed = (Image.open(path).tobytes() for path in (said.shown, said.perturbed))
    assert shown == perturbed
    (grey,) = set(Image.open(said.residual).convert("L").get_flattened_data())
    assert grey in {127, 128}
    full = judge(shared_engine, finished, attack="l4a_base", epsilon_255=10.0)
    assert Image.open(full.shown).tobytes() == shown
    pairs = zip(shown, Image.open(full.perturbed).tobytes(), strict=True)
    assert 1 <= max(abs(a - b) for a, b in pairs) <= 10


def test_judge_a_picture_of_the_user(shared_engine, finished, tmp_path):
    picture = tmp_path / "mine.png"
    picture.write_bytes(png(tiny_pictures(1, size=40)[0][0]))
    said = judge(shared_engine, finished, image=str(picture))
    assert isinstance(said, Judged)
    assert said.fused[0].name.startswith("class")
    assert len(said.calibration) > 10


def test_a_question_that_cannot_be_answered_gets_a_sentence_and_the_next_one_its_answer(shared_engine, finished):
    refused = judge(shared_engine, finished, attack="l4a_base", epsilon_255=10.5)
    assert (refused.code, refused.sentence) == ("input.bad", "The perturbation was crafted for at most 10/255.")
    assert judge(shared_engine, finished, folder="nowhere").sentence == "That folder holds no audit."
    assert isinstance(judge(shared_engine, finished), Judged)
