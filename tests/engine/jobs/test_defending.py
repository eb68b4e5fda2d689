"""The jobs that train what the defender trains, in this process: files, cards and what they tell."""

from __future__ import annotations

import io
import json

import msgspec
import pytest
import torch

from tests.support.tiny import tiny_images, write_inputs
from zepad_engine.branches import BRANCHES
from zepad_engine.card import read_card
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.encoders.fronts import Counterattack, Fronted, Purifier
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import how, load_branch
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.plan import Purifying
from zepad_engine.training.adversarial import AdversarialTuning
from zepad_engine.training.labelled import labelled

pytestmark = pytest.mark.slow


class Run:
    """A run folder whose jobs are done here, one by one."""

    def __init__(self, folder) -> None:
        plan = write_inputs(folder / "inputs")
        tuning = msgspec.structs.replace(plan.tuning, epochs=1, images=48)
        benign = msgspec.structs.replace(plan.benign, epochs=1, images=48)
        purifying = Purifying(images=64, epochs=2, batch=16, steps=2)
        self.plan = msgspec.structs.replace(plan, tuning=tuning, benign=benign, purifying=purifying)
        self.folder = folder / "run"

    def context(self, kind, **args):
        order = Order(job=Job(key=kind, kind=kind, args=args), plan=self.plan, folder=str(self.folder))
        return Context(order, io.BytesIO())

    def do(self, kind, **args):
        context = self.context(kind, **args)
        outcome = FUNCTIONS[kind](context)
        context._flush()
        lines = [json.loads(line) for line in context._wire.getvalue().splitlines()]
        self.series = {name for line in lines if line["type"] == "plotted" for name in line["points"]}
        return outcome

    def load(self, branch):
        return load_branch(self.context("look"), branch)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("defending"))
    for branch, path in (("victim", run.plan.encoder), ("auxiliary", run.plan.auxiliary)):
        run.do("open", branch=branch, path=path)
    run.do("benign")
    run.do("tune", branch="tuned_victim", series="tuned_victim")
    return run


@pytest.mark.parametrize(("branch", "of"), [("tuned_victim", "victim"), ("tuned_benign", "benign")])
def test_zepads_tunings_are_seeded_by_what_they_tune(opened, branch, of):
    """As before ZePAD had rivals: the same bytes out of the same plan."""
    opened.do("tune", branch=branch, series=branch)
    context = opened.context("look")
    plan, seed, running = context.plan, context.seed("tune", of), how(context)
    running.begin(seed)
    images = open_set(plan.local_set, 16, plan.seed)
    train = labelled(images, "train", plan.tuning.images, context.seed("local"), running)
    validation = labelled(images, "validation", plan.tuning.validation_images, plan.seed, running)
    tuned = AdversarialTuning(opened.load(of), train, plan.tuning, plan.switches, seed, running)
    expected = tuned.run(validation, context.progress).encoder
    assert weight_bytes(opened.load(branch)) == weight_bytes(expected)


@pytest.mark.parametrize("branch", [branch for branch, recipe in BRANCHES.items() if recipe.method])
def test_every_recipe_is_tuned_and_saved_under_its_name(opened, branch):
    found = opened.do("tune", branch=branch, series=branch)["tuning"]
    assert found["branch"] == branch
    card = read_card(opened.folder / "encoders" / f"{branch}.safetensors")
    assert card.name.endswith(f", {branch.replace('_', ' ')}")
    assert "fine-tuned" in card.method
    of = BRANCHES[branch].of
    assert weight_bytes(opened.load(branch)) != weight_bytes(opened.load(of))
    assert f"{branch}/cross_entropy" in opened.series
    weights = {"trades_victim": 6.0, "mart_victim": 5.0, "pgd_at_victim": 0.0, "gen_af_victim": 0.0}
    assert found["weight"] == weights.get(branch, found["weight"])


def test_gen_af_tells_its_layers_and_moves_no_other(opened):
    found = opened.do("tune", branch="gen_af_victim", series="gen_af_victim")["tuning"]
    assert found["recipe"].startswith("Gen-AF, stage 2: tuned ")
    before, after = (
        opened.load("tuned_victim").backbone.state_dict(),
        opened.load("gen_af_victim").backbone.state_dict(),
    )
    moved = {name for name in after if name.endswith("weight") and not torch.equal(before[name], after[name])}
    assert len(moved) == 2
    assert all(name.removesuffix(".weight") in found["recipe"].split(";")[0] for name in moved)
    assert read_card(opened.folder / "encoders" / "gen_af_victim.safetensors").name == "tiny1, gen af victim"


def test_the_purifier_is_trained_kept_and_put_before_the_victim(opened):
    found = opened.do("purify", series="purifier")["tuning"]
    assert found["branch"] == "purifier"
    assert found["epochs"] == ()
    rows = found["purifying"]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(row["total"] == row["feature_loss"] + row["pixel_loss"] for row in rows)
    distances = [row["feature_distance"] for row in rows]
    assert distances[found["selected_epoch"] - 1] == min(distances)
    assert found["untouched"] > 0
    names = ("feature_loss", "pixel_loss", "feature_distance", "gradient_norm")
    assert opened.series == {f"purifier/{name}" for name in names}
    whole, images = opened.load("purified_victim"), tiny_images(4)
    assert isinstance(whole, Fronted)
    assert isinstance(whole.front, Purifier)
    assert not whole.training
    with torch.inference_mode():
        assert torch.equal(whole(images), opened.load("victim")(whole.front(images)))
        assert not torch.equal(whole.front(images), images)


def test_the_counterattack_stands_before_the_victim_and_plain_branches_have_no_front(opened):
    whole = opened.load("countered_victim")
    assert isinstance(whole, Fronted)
    assert isinstance(whole.front, Counterattack)
    victim = opened.load("victim")
    assert not isinstance(victim, Fronted)
    for branch in ("smoothed_victim", "entropic_victim", "countered_victim"):
        assert weight_bytes(opened.load(branch)) == weight_bytes(victim)
    assert not isinstance(opened.load("smoothed_victim"), Fronted)


def test_the_same_plan_gives_the_same_purifier(opened):
    file = opened.folder / "encoders" / "purifier.safetensors"
    opened.do("purify")
    first = file.read_bytes()
    opened.do("purify")
    assert file.read_bytes() == first
