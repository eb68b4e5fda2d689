"""Gen-AF's second stage: which layers it finds, and that it moves those and no other."""

from __future__ import annotations

import copy
import math

import msgspec
import pytest
import torch
from torch import nn

from tests.support.tiny import FAST, cancelled_after, tiny_encoder, tiny_labelled, trained_encoder, was_cancelled
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.errors import BadInput
from zepad_engine.plan import Tuning
from zepad_engine.progress import Progress
from zepad_engine.training import redundant_layers
from zepad_engine.training.redundant_layers import RedundantLayers, weighted_layers

TRAIN, VALIDATION = tiny_labelled(32), tiny_labelled(24, seed=7)
PLAN = Tuning(epochs=2, batch=16, steps=2, step_255=5.0, epsilon_255=8.0)
LAYERS = (
    "backbone.conv1",
    "backbone.layer1.0.conv1",
    "backbone.layer1.0.conv2",
    *(f"backbone.layer{stage}.0.{part}" for stage in (2, 3, 4) for part in ("conv1", "conv2", "downsample.0")),
)


def work(encoder=None, plan=PLAN, seed=0):
    return RedundantLayers(encoder or trained_encoder(), TRAIN, plan, seed, FAST)


def run(plan=PLAN, **more):
    return work(plan=plan, **more).run(VALIDATION, Progress.silent())


@pytest.fixture(scope="module")
def refined():
    return run()


def uneven_encoder():
    """One residual branch is dead, and one drowns all others."""
    encoder = copy.deepcopy(trained_encoder())
    with torch.no_grad():
        encoder.get_submodule("backbone.layer2.0.bn2").weight.zero_()
        encoder.get_submodule("backbone.layer4.0.bn2").weight.mul_(30)
        encoder.get_submodule("backbone.layer4.0.downsample.1").weight.zero_()
    return encoder


def test_the_layers_are_the_convolutions_by_their_whole_names():
    assert weighted_layers(trained_encoder()) == LAYERS
    linear = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ModuleDict({"0": nn.Linear(2, 1)}))
    assert weighted_layers(linear) == ("0", "2.0")


def test_a_layer_that_matters_most_ranks_last_and_a_dead_one_first():
    found = work(uneven_encoder()).contributions(Progress.silent())
    assert set(found) == set(LAYERS)
    ranked = sorted(found, key=lambda name: found[name])
    dead = {"backbone.layer2.0.conv1", "backbone.layer2.0.conv2", "backbone.layer4.0.downsample.0"}
    assert set(ranked[:3]) == dead
    assert [found[name] for name in ranked[:3]] == pytest.approx([0.0] * 3, abs=1e-6)
    assert ranked[-1] == "backbone.layer4.0.conv2"
    assert found[ranked[3]] > 1e-3


def test_a_contribution_by_hand():
    """Logits w x with w = (1, -1), x = 1, label 0: the climb ends a tenth of its length away, at w = (0.9, -0.9)."""
    model = nn.Linear(1, 2, bias=False).requires_grad_(False)
    model.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    worst = redundant_layers._worst(model, model.weight, torch.ones(3, 1), torch.zeros(3, dtype=torch.long), 2)
    assert worst == pytest.approx(math.log(1 + math.exp(-1.8)), abs=1e-6)
    assert model.weight.tolist() == [[1.0], [-1.0]]
    assert not model.weight.requires_grad


class Steep(nn.Module):
    """Logits (0, 8 sin 45 (w - 1)) of any image: the nearest summit is a third of the way to the ball's edge."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 1), requires_grad=False)
        self.farthest = 0.0

    def forward(self, images):
        self.farthest = max(self.farthest, abs(float(self.weight.detach()) - 1))
        height = 8 * torch.sin(45 * (self.weight - 1)) * images
        return torch.cat([torch.zeros_like(height), height], dim=1)


def test_a_steep_slope_is_climbed_and_not_leapt_over():
    # The first gradient is 180: a step of rate 1, as in the release, ends 1,800 radii away and looks about from there.
    model = Steep()
    worst = redundant_layers._worst(model, model.weight, torch.ones(4, 1), torch.zeros(4, dtype=torch.long), 2)
    assert 6.0 < worst <= 8.001
    assert 0.02 < model.farthest <= 0.1 + 1e-6


def test_looking_for_layers_moves_nothing():
    looking = work()
    before = weight_bytes(looking.encoder)
    looking.contributions(Progress.silent())
    assert weight_bytes(looking.encoder) == before


@pytest.mark.parametrize(("share", "count"), [(0.2, 2), (0.25, 3), (0.5, 6)])
def test_exactly_that_share_of_the_layers_moves(share, count):
    found = run(msgspec.structs.replace(PLAN, redundant_share=share, epochs=1))
    assert len(found.chosen) == count == int(share * len(LAYERS))
    assert found.chosen == tuple(sorted(found.contributions, key=lambda name: found.contributions[name]))[:count]
    before, after = trained_encoder().state_dict(), found.tuned.encoder.state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    weights = {f"{name}.weight" for name in found.chosen}
    statistics = {name for name in after if "running_" in name or name.endswith("num_batches_tracked")}
    assert moved == weights | statistics


def test_stage_two_lowers_the_clean_loss_and_keeps_its_last_epoch():
    # An encoder that has learned nothing yet has the most to gain.
    found = run(msgspec.structs.replace(PLAN, redundant_share=0.5, epochs=4), encoder=tiny_encoder(1)).tuned
    first, last = found.epochs[0], found.epochs[-1]
    assert last.cross_entropy < 0.8 * first.cross_entropy
    assert last.total == last.cross_entropy
    assert last.regularisation == 0.0
    assert found.selected == 4 == len(found.epochs)
    assert not found.encoder.training


def test_nothing_moves_where_the_share_is_less_than_a_layer():
    found = run(msgspec.structs.replace(PLAN, redundant_share=0.05))
    assert found.chosen == ()
    assert found.tuned.epochs == ()
    assert found.tuned.selected == 0
    assert weight_bytes(found.tuned.encoder) == weight_bytes(trained_encoder())


def test_the_same_seed_gives_the_same_layers_and_weights(refined):
    again = run()
    assert again.contributions == refined.contributions
    assert weight_bytes(again.tuned.encoder) == weight_bytes(refined.tuned.encoder)
    assert weight_bytes(run(seed=1).tuned.encoder) != weight_bytes(refined.tuned.encoder)


@pytest.mark.parametrize("advances", [1, 4, len(LAYERS) + 1])
def test_stops_within_one_step_of_a_cancel(advances):
    progress, seen = cancelled_after(advances)
    assert was_cancelled(lambda: work().run(VALIDATION, progress))
    assert seen() == advances


def test_a_loss_that_is_no_number_ends_in_a_sentence(monkeypatch):
    monkeypatch.setattr(redundant_layers, "_RATE", 1e30)
    with pytest.raises(BadInput, match="The loss of Gen-AF's second stage is no longer a number"):
        run()
