"""Inspecting runs that are not like the sample: no ZePAD in the plan, a patch, official switches, half finished."""

from __future__ import annotations

import shutil
from typing import get_args

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.support.asking import ask, subject
from zepad_engine.errors import BadInput
from zepad_engine.plan import Choice, OfficialSwitches, plan_to_json
from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, Method, SiftImages

pytestmark = pytest.mark.slow

PATCH = Choice(key="advencoder_pat", name="corner")


@pytest.fixture
def uncommon(finished, tmp_path):
    """The finished run with a plan that has no ZePAD and every official switch, and a patch among its attacks."""
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    patch = torch.zeros(4, 16, 16)
    patch[:, :5, :5] = 1
    save_file({"perturbation": patch}, folder / "attacks" / f"{PATCH.identity}.safetensors")
    plan = msgspec.structs.replace(
        finished.plan,
        attacks=(*finished.plan.attacks, PATCH),
        defences=(Choice(key="undefended"),),
        switches=OfficialSwitches.all_on(),
    )
    (folder / "plan.json").write_bytes(plan_to_json(plan))
    return folder


def test_a_patch_is_laid_over_the_picture_whole(uncommon):
    asked = subject(uncommon, attack=PATCH.identity, epsilon_255=3.0)
    said = ask(JudgeImage(request="j", subject=asked))
    shown, perturbed = (np.asarray(Image.open(path)) for path in (said.shown, said.perturbed))
    assert (perturbed[:5, :5] == 255).all()
    assert (perturbed[5:] == shown[5:]).all()
    assert said.residual_gain == 0.5
    row = ask(
        SiftImages(
            request="s",
            folder=asked.folder,
            images=(asked.image,),
            task=asked.task,
            attack=asked.attack,
            epsilon_255=3.0,
        )
    ).rows[0]
    assert (row.answer, row.undefended) == (said.fused[0].name, said.undefended.top[0].name)
    near = ask(FindNeighbours(request="n", subject=asked, count=3))
    assert {point.perturbed for point in near.points} == {False, True}
    clean = ask(JudgeImage(request="j", subject=subject(uncommon, attack=PATCH.identity, epsilon_255=0.0)))
    assert clean.shown == clean.perturbed


def test_zepad_as_published_stands_in_where_the_plan_has_none(uncommon, finished):
    said, usual = (ask(JudgeImage(request="j", subject=subject(f))) for f in (uncommon, finished.folder))
    assert said.threshold == pytest.approx(usual.threshold)
    assert [branch.weight for branch in said.branches] == pytest.approx([b.weight for b in usual.branches], abs=1e-6)
    pgd = subject(uncommon, attack="pgd", epsilon_255=8.0, step=20)
    assert ask(JudgeImage(request="j", subject=pgd)).seconds_attack > 0


def test_without_clamping_the_branches_see_what_the_release_shows_them(uncommon, finished):
    """A bright picture leaves the range; a clamped one cannot."""
    bright = uncommon / "bright.png"
    Image.new("RGB", (16, 16), (255, 255, 255)).save(bright)
    values = {"image": str(bright), "attack": "sign_noise", "epsilon_255": 10.0}
    free, kept = (ask(JudgeImage(request="j", subject=subject(f, **values))) for f in (uncommon, finished.folder))
    assert [b.m for b in free.branches] != pytest.approx([b.m for b in kept.branches], abs=1e-6)
    grey = [np.asarray(Image.open(said.residual)).astype(int) for said in (free, kept)]
    assert grey[0].max() > 250
    assert grey[1].max() <= 128


@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_answers_there_too(uncommon, method):
    said = ask(
        ExplainImage(request="e", subject=subject(uncommon, attack=PATCH.identity, epsilon_255=10.0), method=method)
    )
    assert all(np.isfinite(np.load(each.values)).all() for each in said.maps)


def test_a_half_finished_run_says_what_is_missing(uncommon):
    shutil.rmtree(uncommon / "heads")
    for question in (
        JudgeImage(request="j", subject=subject(uncommon)),
        ExplainImage(request="e", subject=subject(uncommon), method="saliency"),
        FindNeighbours(request="n", subject=subject(uncommon)),
        SiftImages(request="s", folder=str(uncommon), images=("test:0",), task=subject(uncommon).task),
    ):
        with pytest.raises(BadInput, match="no trained heads"):
            ask(question)


def test_a_run_whose_encoders_are_gone(uncommon):
    (uncommon / "encoders" / "benign.safetensors").unlink()
    with pytest.raises(BadInput, match="The encoder benign of this audit is missing"):
        ask(JudgeImage(request="j", subject=subject(uncommon)))


def test_a_run_that_was_evaluated_no_further_than_its_heads(uncommon):
    shutil.rmtree(uncommon / "logits")
    with pytest.raises(BadInput, match="has not answered its calibration images yet"):
        ask(JudgeImage(request="j", subject=subject(uncommon)))


def test_a_head_trained_anew_is_taken_up(uncommon):
    before = ask(JudgeImage(request="j", subject=subject(uncommon)))
    for head in (uncommon / "heads").rglob("victim.safetensors"):
        weights = {name: -value if name == "layers.5.weight" else value for name, value in load_file(head).items()}
        save_file(weights, head)
    after = ask(JudgeImage(request="j", subject=subject(uncommon)))
    assert before.undefended.m != pytest.approx(after.undefended.m, abs=1e-6)
    assert before.branches == after.branches
