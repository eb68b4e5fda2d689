"""Six trained models: each gets the lights of its illness, and no other."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch.nn import functional

from tests.support.zoo import EPSILON, ZOO, target_of, zoo_model
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.adaptive.square import SquareAttack
from zepad_engine.progress import Progress
from zepad_engine.trust.ladder import measure
from zepad_engine.trust.lights import lights_of

# Red, then amber; every other light is green. The gradient of "vanishing" is dead in cross-entropy only: APGD-DLR,
# which no scale of the logits can flatten, leaves Square nothing to win, so that light stays green.
EXPECTED = {
    "plain": (set(), set()),
    "adversarially trained": (set(), set()),
    "shattered": ({"square_wins", "large_budget"}, {"rising_loss"}),
    "stochastic": ({"randomised"}, {"admissible"}),
    "vanishing": ({"zero_gradients", "large_budget"}, {"rising_loss", "admissible"}),
    "saturated": ({"softmax_output"}, set()),
}
HEALTHY = ("plain", "adversarially trained")


@cache
def lights(kind, seed=0):
    # What is random in a model draws from the global generator.
    torch.manual_seed(0)
    measured = measure(target_of(zoo_model(kind, seed)), EPSILON, seed, Progress.silent())
    return {light.key: light for light in lights_of(measured)}


def standing(kind, attack=None, images=50, epsilon=EPSILON):
    """How many images a model still answers rightly."""
    target = target_of(zoo_model(kind), images)
    moved = attack(target, epsilon, seed=0, progress=Progress.silent()).images if attack else target.images
    return int((~target.beaten(moved, target.labels, evading=False)).sum())


@pytest.mark.parametrize("kind", ZOO)
def test_each_model_gets_exactly_the_lights_of_its_illness(kind):
    red, amber = EXPECTED[kind]
    found = lights(kind)
    assert {key: light.statement for key, light in found.items() if light.colour == "red"}.keys() == red
    assert {key: light.statement for key, light in found.items() if light.colour == "amber"}.keys() == amber
    assert len(found) == 13


@pytest.mark.parametrize("kind", HEALTHY)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_seed_makes_a_healthy_model_red(kind, seed):
    assert [light.statement for light in lights(kind, seed).values() if light.colour == "red"] == []


@pytest.mark.parametrize("kind", ZOO)
def test_every_model_has_learned_its_task(kind):
    assert standing(kind) >= 48


def test_adversarial_training_has_left_real_robustness():
    attack = PgdAttack(steps=40)
    assert standing("adversarially trained", attack) >= 25 + standing("plain", attack)


def test_shattered_gradients_point_nowhere():
    # Not zero, and yet PGD gets nothing where a search without gradients does.
    assert lights("shattered")["zero_gradients"].value == 0
    assert standing("shattered", PgdAttack(steps=40)) >= 10 + standing("shattered", SquareAttack(queries=200))


def test_the_stochastic_model_answers_each_time_anew():
    target = target_of(zoo_model("stochastic"))
    assert not torch.equal(target.scored(target.images), target.scored(target.images))


def test_vanishing_gradients_are_zero_and_a_loss_without_scale_finds_them_again():
    model, target = zoo_model("vanishing"), target_of(zoo_model("vanishing"))
    moved = target.images.clone().requires_grad_(True)
    functional.cross_entropy(model(moved), target.labels).backward()
    assert torch.count_nonzero(moved.grad) == 0
    assert lights("vanishing")["zero_gradients"].value == 50


def test_the_saturated_model_gives_probabilities():
    target = target_of(zoo_model("saturated"))
    outputs = target.scored(target.images)
    torch.testing.assert_close(outputs.sum(dim=1), torch.ones(50, dtype=torch.float64))
    assert lights("saturated")["softmax_output"].value < 1e-5 < lights("plain")["softmax_output"].value
