"""Many pictures at once: the same answers as one by one, and a row for each that cannot be read."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.support.asking import ask, subject
from tests.support.hostile_images import CORPUS
from tests.support.tiny import png, tiny_pictures
from zepad_engine.errors import BadInput
from zepad_engine.questions import SIFT_AT_ONCE, JudgeImage, SiftImages

pytestmark = pytest.mark.slow


def sift(finished, images, **changes):
    values = {"task": finished.plan.tasks[0], **changes}
    return ask(SiftImages(request="s", folder=str(finished.folder), images=tuple(images), **values)).rows


@pytest.mark.parametrize("attack", [{}, {"attack": "advencoder_per", "epsilon_255": 10.0}])
def test_the_rows_say_what_a_judgement_says(finished, tmp_path, attack):
    files = []
    for index, picture in enumerate(tiny_pictures(3, size=40)[0]):
        files.append(str(tmp_path / f"{index}.png"))
        (tmp_path / f"{index}.png").write_bytes(png(picture))
    images = [*files, "test:5", "test:6", files[0]]
    rows = sift(finished, images, **attack)
    assert [row.image for row in rows] == images
    assert rows[0] == rows[5]
    for row in rows:
        said = ask(JudgeImage(request="j", subject=subject(finished.folder, image=row.image, **attack)))
        assert (row.answer, row.undefended) == (said.fused[0].name, said.undefended.top[0].name)
        assert row.probability == pytest.approx(said.fused[0].probability, abs=1e-5)
        assert row.score == pytest.approx(said.score, abs=1e-4)
        assert row.flagged == (row.score > said.threshold)
        apart = [branch.top[0].name != row.answer for branch in said.branches]
        assert row.disagreement == pytest.approx(sum(apart) / 3)
        with Image.open(row.thumbnail) as thumbnail:
            assert thumbnail.size == ((40, 40) if row.image in files else (16, 16))


def test_a_picture_that_cannot_be_read_is_a_row_and_the_others_have_theirs(finished, tmp_path):
    refused = [hostile for hostile in CORPUS if hostile.code and not hostile.special][: SIFT_AT_ONCE - 2]
    paths = [str(hostile.lay(tmp_path)) for hostile in refused]
    rows = sift(finished, ["test:0", *paths, str(tmp_path / "gone.png")])
    assert rows[0].answer
    assert not rows[0].refused
    for row in rows[1:]:
        assert row.refused
        assert row.advice
        assert (row.thumbnail, row.answer) == ("", "")
    assert "gone.png" in rows[-1].refused
    assert sift(finished, [str(tmp_path / "gone.png")])[0].refused
    assert sift(finished, []) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": ["test:0"] * (SIFT_AT_ONCE + 1)}, "At most 32 pictures can be sifted at once."),
        ({"images": ["test:0"], "attack": "pgd", "epsilon_255": 1.0}, "Per-image PGD is made for one picture"),
        ({"images": ["test:0"], "task": "sample:gone"}, "This audit has no task called sample:gone."),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(finished, changes, sentence):
    with pytest.raises(BadInput) as caught:
        sift(finished, **changes)
    assert sentence in caught.value.sentence
