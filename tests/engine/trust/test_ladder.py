"""The raw figures of the trust checks against values known by hand, and the lights at their limits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn
from torch.autograd import grad as taken_under_another_name
from torch.nn import functional

from tests.support.tiny import cancelled_after, was_cancelled
from tests.support.zoo import EPSILON, target_of, trained
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.intervals import wilson
from zepad_engine.progress import Progress
from zepad_engine.trust.ladder import BUDGETS_255, MOST_PASSES, STEPS, Measured, Rung, measure
from zepad_engine.trust.lights import lights_of, sweeps_of
from zepad_engine.trust.observing import Observed, observe

OBSERVED = Observed(
    images=50,
    classes=10,
    chance=6,
    right=(45,) * 5,
    spread=0.0,
    improbability=9.5,
    zero_gradients=0,
    gradient_calls=0,
)
SOUND = Measured(
    epsilon=8 / 255,
    observed=OBSERVED,
    one_step=20,
    steps=tuple(Rung(setting=s, right=r, loss=x) for s, r, x in ((0, 45, 0.2), (20, 10, 2.0), (40, 10, 2.1))),
    budgets=tuple(Rung(setting=e, right=r, loss=1.0) for e, r in ((0, 45), (4, 30), (8, 10), (32, 0))),
    huge=0,
    noise=44,
    white_box=9,
    black_box=9,
)


class Formula(nn.Module):
    """Images (N, 3, 16, 16) to logits by a function of the mean of each colour, (N, 3)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, images):
        return self.function(images.mean(dim=(2, 3)))


class Pixel(nn.Module):
    """Images (N, 3, 16, 16) to logits (N, 4): the first class above one half in the first pixel, else the others."""

    def forward(self, images):
        return functional.pad(10 * (images[:, 0, 0, :1] - 0.5), (0, 3))


def seen(function, count=12):
    return observe(target_of(Formula(function), count))


@cache
def climbed(seed=0):
    target = target_of(trained(0), 24)
    return measure(target, EPSILON, seed, Progress.silent()), target.queries


def with_steps(*rungs):
    return replace(SOUND, steps=tuple(Rung(setting=s, right=r, loss=x) for s, r, x in rungs))


def with_budgets(*rungs):
    return replace(SOUND, budgets=tuple(Rung(setting=e, right=r, loss=1.0) for e, r in rungs))


def looking(**changes):
    return replace(SOUND, observed=replace(OBSERVED, **changes))


def test_a_sound_system_is_green_throughout():
    assert {light.colour for light in lights_of(SOUND)} == {"green"}


@pytest.mark.parametrize(
    ("measured", "key", "colour", "value"),
    [
        (looking(spread=1e-4), "randomised", "green", 1e-4),
        (looking(spread=1.1e-4), "randomised", "red", 1.1e-4),
        (looking(right=(45, 45, 44, 45, 45)), "randomised", "red", 0.0),
        (looking(improbability=2e-5), "softmax_output", "green", 2e-5),
        (looking(improbability=1e-5), "softmax_output", "red", 1e-5),
        (looking(zero_gradients=1), "zero_gradients", "amber", 1),
        (looking(zero_gradients=2), "zero_gradients", "amber", 2),
        (looking(zero_gradients=3), "zero_gradients", "red", 3),
        (replace(SOUND, black_box=8), "square_wins", "red", 1),
        (replace(looking(images=500), white_box=90, black_box=89), "square_wins", "green", 1),
        (replace(looking(images=500), white_box=90, black_box=88), "square_wins", "red", 2),
        (looking(gradient_calls=3), "inner_loop", "amber", 3),
        (looking(classes=4), "few_classes", "green", 4),
        (looking(classes=3), "few_classes", "amber", 3),
        (looking(classes=2), "few_classes", "amber", 2),
        (replace(SOUND, one_step=9), "one_step", "green", -1),
        (replace(SOUND, one_step=8), "one_step", "red", -2),
        (with_steps((0, 45, 0.2), (20, 11, 2.0), (40, 10, 2.0)), "converged", "green", 1),
        (with_steps((0, 45, 0.2), (20, 12, 2.0), (40, 10, 2.0)), "converged", "amber", 2),
        (with_steps((0, 45, 0.2), (20, 8, 2.0), (40, 10, 2.0)), "converged", "amber", -2),
        (replace(SOUND, huge=6), "large_budget", "green", 6),
        (replace(SOUND, huge=7), "large_budget", "red", 7),
        (replace(SOUND, noise=9), "noise", "green", -1),
        (replace(SOUND, noise=8), "noise", "red", -2),
        (with_budgets((0, 45), (4, 45), (8, 10)), "monotone", "green", 0),
        (with_budgets((0, 45), (4, 30), (8, 31), (32, 2)), "monotone", "amber", 1),
        (with_budgets((0, 45), (4, 30), (8, 32), (32, 2)), "monotone", "red", 2),
        (with_steps((0, 45, 1.0), (20, 11, 1.0), (40, 10, 1.0099)), "rising_loss", "amber", 0.0099),
        (with_steps((0, 45, 1.0), (20, 11, 2.09), (40, 10, 2.0)), "rising_loss", "green", 1.0),
        (with_steps((0, 45, 1.0), (20, 11, 2.11), (40, 10, 2.0)), "rising_loss", "amber", 1.0),
        (looking(zero_gradients=2), "admissible", "green", 0),
        (looking(zero_gradients=3, spread=0.1), "admissible", "amber", 2),
        (looking(gradient_calls=1), "admissible", "amber", 1),
    ],
)
def test_a_light_changes_its_colour_at_its_limit(measured, key, colour, value):
    light = next(light for light in lights_of(measured) if light.key == key)
    assert (light.colour, light.value) == (colour, pytest.approx(value)), light.statement


def test_on_many_images_one_in_a_hundred_is_noise():
    many = replace(looking(images=1000), one_step=95, noise=95)
    for hidden, colour in ((105, "green"), (106, "red")):
        steps = tuple(Rung(setting=s, right=hidden, loss=x) for s, x in ((20, 2.0), (40, 2.1)))
        found = {light.key: light.colour for light in lights_of(replace(many, steps=steps))}
        assert found["one_step"] == found["noise"] == colour


def test_statements_are_single_sentences_with_their_number():
    ill = replace(looking(zero_gradients=3, gradient_calls=2, classes=2), black_box=4, huge=20)
    told = {light.key: light.statement for light in (*lights_of(SOUND), *lights_of(ill))}
    assert all(sentence.endswith(".") and any(sign.isdigit() for sign in sentence) for sentence in told.values())
    assert "3 of 50" in told["zero_gradients"]
    assert "Square fools 5 of them" in told["square_wins"]
    assert "20 of 50" in told["large_budget"]


def test_curves_hold_every_rung_with_its_interval():
    budgets, steps = sweeps_of(SOUND)
    assert (budgets.quantity, steps.quantity) == ("epsilon_255", "steps")
    assert budgets.points == tuple((e, wilson(r, 50)) for e, r in ((0, 45), (4, 30), (8, 10), (32, 0), (127.5, 0)))
    assert steps.points == tuple((s, wilson(r, 50)) for s, r in ((0, 45), (20, 10), (40, 10)))


def test_what_is_seen_of_a_system_known_by_heart():
    # Three classes whose logits are (1, 0, 0) and no pixel counts: right for every fourth label.
    found = seen(lambda colours: torch.tensor([1.0, 0.0, 0.0, 0.0]) + 0.0 * colours.sum(dim=1, keepdim=True), 13)
    assert found == Observed(
        images=13,
        classes=4,
        chance=4,
        right=(4,) * 5,
        spread=0.0,
        improbability=0.0,
        zero_gradients=13,
        gradient_calls=0,
    )


def test_the_spread_is_that_of_logits_of_length_one():
    turns = iter([torch.tensor([3.0, 4.0, 0.0, 0.0])] * 4 + [torch.tensor([40.0, 30.0, 0.0, 0.0])] * 5)
    found = seen(lambda colours: next(turns) + 0.0 * colours[:, :1])
    # (0.6, 0.8) against (0.8, 0.6).
    assert found.spread == pytest.approx(0.2 * 2**0.5)


@pytest.mark.parametrize(
    ("outputs", "improbability"),
    [((0.2, 0.8), 0.0), ((0.2, 0.7), 0.1), ((-0.3, 1.3), 0.3), ((5.0, -3.0), 4.0), ((5.0, 3.0), 7.0)],
)
def test_how_far_outputs_are_from_probabilities(outputs, improbability):
    found = seen(lambda colours: torch.tensor((*outputs, 0.0, 0.0)) + 0.0 * colours[:, :1])
    assert found.improbability == pytest.approx(improbability, abs=1e-6)


def test_images_without_a_gradient_are_counted_one_by_one():
    reds = target_of(trained(0), 12).images.mean(dim=(2, 3))[:, 0]
    # Its one unit sleeps for five of the twelve.
    between = float(reds.sort().values[4:6].mean())
    found = seen(lambda colours: functional.pad(functional.relu(colours[:, :1] - between), (0, 3)))
    assert found.zero_gradients == 5


@pytest.mark.parametrize("way", ["grad", "imported", "backward", "func"])
def test_optimisation_inside_is_seen_however_it_is_written(way):
    def step(colours):
        with torch.enable_grad():
            inner = colours.detach().requires_grad_(True)
            loss = inner.square().sum()
            if way == "backward":
                loss.backward()
                return inner.grad
            if way == "func":
                return torch.func.grad(lambda values: values.square().sum())(colours.detach())
            taken = torch.autograd.grad if way == "grad" else taken_under_another_name
            return taken(loss, inner)[0]

    found = seen(lambda colours: functional.pad(colours + 0.1 * step(colours + 0.1 * step(colours)), (0, 1)))
    assert found.gradient_calls == 2


def test_the_rungs_are_those_of_the_products_own_attacks():
    measured, _ = climbed()
    assert tuple(rung.setting for rung in measured.steps) == (0, *STEPS)
    assert tuple(rung.setting for rung in measured.budgets) == (0, *BUDGETS_255[:4], EPSILON * 255, BUDGETS_255[4])
    target = target_of(trained(0), 24)
    for rung in measured.steps[1:]:
        struck = PgdAttack(steps=int(rung.setting))(target, EPSILON, seed=0, progress=Progress.silent())
        with torch.no_grad():
            logits = target.scored(struck.images)
        assert rung.right == int((logits.argmax(dim=1) == target.labels).sum())
        assert rung.loss == pytest.approx(float(functional.cross_entropy(logits, target.labels)))
    assert measured.steps[3] == replace(measured.budgets[5], setting=20.0)


def test_every_count_of_a_classifier_of_one_pixel_is_known():
    # An image falls as soon as the budget is larger than what its first pixel lies above one half.
    margins = torch.tensor([1, 3, 3, 6, 7, 11, 13, 15, 20, 24, 30, 90]) / 255
    images = torch.full((12, 3, 16, 16), 0.5)
    images[:, 0, 0, 0] += margins
    target = target_of(Pixel(), 12)
    target = replace(target, images=images, labels=torch.zeros(12, dtype=torch.long))
    found = measure(target, 10 / 255, 0, Progress.silent())
    standing = {rung.setting: rung.right for rung in found.budgets}
    assert standing == {0: 12, 2: 11, 4: 9, 8: 7, 10: 7, 16: 4, 32: 1}
    assert [rung.right for rung in found.steps][2:] == [7, 7, 7]
    # Ten draws: one of them lowers the pixel of each image that can fall.
    assert (found.one_step, found.noise, found.white_box, found.black_box, found.huge) == (7, 7, 7, 7, 0)


def test_repeats_under_a_seed_and_costs_what_it_says():
    measured, queries = climbed()
    assert measure(target_of(trained(0), 24), EPSILON, 0, Progress.silent()) == measured
    assert climbed(1)[0] != measured
    # The dearest case: an image that resists everything.
    target = target_of(Formula(lambda colours: 100 * functional.pad(colours, (0, 1))), 12)
    unmoved = replace(target, labels=target.scored(target.images).argmax(dim=1))
    assert measure(unmoved, 1e-6, 0, Progress.silent()).black_box == 12
    assert queries / 24 < target.queries / 12 <= MOST_PASSES


@pytest.mark.parametrize("advances", [0, 3, 100])
def test_stops_within_one_step_of_a_cancel(advances):
    progress, advanced = cancelled_after(advances)
    assert was_cancelled(lambda: measure(target_of(trained(0), 24), EPSILON, 0, progress))
    assert advanced() <= advances
