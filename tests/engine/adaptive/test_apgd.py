"""APGD: its checkpoints, its step and its best point on functions one can follow by hand, and what it does to a net."""

from __future__ import annotations

import pytest
import torch

from tests.support.system import robust_accuracy, tiny_target
from zepad_engine.adaptive.apgd import ApgdCe, ApgdDlr, Climb, Farthest, checkpoints
from zepad_engine.adaptive.losses import cross_entropy, difference_of_logits_ratio, margin
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.progress import Progress


def pixels(*values):
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)


def tent(moved):
    return -(moved - 0.6).abs().flatten(1).sum(dim=1)


def scripted(*values):
    told = iter(values)

    def objective(moved):
        return next(told) + 0 * moved.flatten(1).sum(dim=1)

    return objective


def test_checkpoints_are_those_of_the_paper():
    assert checkpoints(100) == (22, 41, 57, 70, 80, 87, 93, 99)
    assert checkpoints(10) == (3, 5, 6, 7, 8, 9, 10)
    assert checkpoints(1) == (1,)


def test_a_climb_up_a_tent_followed_by_hand():
    # From 0 in [0, 1], the top at 0.6; first step 1.0. Position, best, step size after each step (and checkpoint).
    climb = Climb(tent, pixels(0.5), pixels(0.0), 0.5)
    seen = []
    since = {3: 3, 5: 2, 6: 1}
    for step in range(1, 7):
        climb.step()
        seen.append(float(climb.at))
        if step in since:
            climb.check(since[step])
            seen.append((float(climb.at), float(climb.best), float(climb.step_sizes)))
    assert seen == [
        1.0,  # a whole step, no momentum yet
        0.5,  # 1 + 0.75 * (0 - 1) + 0.25 * (1 - 0)
        0.75,  # 0.5 + 0.75 * (1 - 0.5) + 0.25 * (0.5 - 1)
        (0.5, 0.5, 0.5),  # two of three rose, fewer than 0.75 * 3: half a step, back to the best
        0.875,  # 0.5 + 0.75 * 0.5 + 0.25 * 0
        0.59375,  # 0.875 - 0.75 * 0.5 + 0.25 * 0.375
        (0.59375, 0.59375, 0.25),  # one of two rose
        0.7109375,  # 0.59375 + 0.75 * 0.25 + 0.25 * (0.59375 - 0.875)
        (0.59375, 0.59375, 0.125),  # it did not rise
    ]
    assert float(climb.best_values) == pytest.approx(-0.00625, abs=1e-6)


def test_each_image_has_a_step_of_its_own():
    climb = Climb(
        scripted(*(pixels(a, b).flatten() for a, b in [(0, 0), (1, -1), (2, -2)])), *[pixels(0.5, 0.5)] * 2, 0.1
    )
    climb.step()
    climb.step()
    climb.check(2)
    assert climb.step_sizes.flatten().tolist() == pytest.approx([0.2, 0.1])
    assert climb.best_values.tolist() == [2, 0]


def test_the_step_is_halved_where_the_best_stands_still_though_values_rise():
    climb = Climb(scripted(0.0, 5.0, 1.0, 2.0, 3.0, 4.0, 4.5), pixels(0.5), pixels(0.5), 0.1)
    for _ in range(4):
        climb.step()
    climb.check(4)
    # Three of four rose, the best from 0 to 5: all is well.
    assert float(climb.step_sizes) == pytest.approx(0.2)
    for _ in range(2):
        climb.step()
    climb.check(2)
    # Both rose, but the best is still 5.
    assert float(climb.step_sizes) == pytest.approx(0.1)


def test_the_climb_stays_in_the_budget_and_the_range():
    climb = Climb(lambda moved: moved.flatten(1).sum(dim=1), pixels(0.5, 0.95), pixels(0.45, 0.9), 0.1)
    for _ in range(3):
        climb.step()
    assert climb.best.flatten().tolist() == pytest.approx([0.6, 1.0])


def test_of_all_points_the_one_of_the_largest_margin_is_kept():
    farthest = Farthest(pixels(0.0, 0.0))
    farthest.see(pixels(0.1, 0.1), torch.tensor([-2.0, -2.0]))
    farthest.see(pixels(0.2, 0.2), torch.tensor([1.0, -3.0]))
    farthest.see(pixels(0.3, 0.3), torch.tensor([0.5, -1.0]))
    assert farthest.images.flatten().tolist() == pytest.approx([0.2, 0.3])


def test_losses_of_given_logits_by_hand():
    logits = torch.tensor([[3.0, 1.0, 2.0, 0.0], [3.0, 1.0, 2.0, 0.0]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    # Of 0: the next is 2, a margin of -1; of 1: the largest is 3, a margin of 2. First minus third largest: 3 - 1.
    assert margin(logits, labels).tolist() == [-1, 2]
    assert difference_of_logits_ratio(logits, labels).tolist() == pytest.approx([-0.5, 1.0])
    assert difference_of_logits_ratio(7 * logits - 4, labels).tolist() == pytest.approx([-0.5, 1.0])
    # log(e^3 + e + e^2 + 1) = 3.44019, less 3 and 1.
    assert cross_entropy(logits, labels).tolist() == pytest.approx([0.44019, 2.44019], abs=1e-5)


def test_of_two_classes_the_ratio_is_the_margin():
    logits = torch.tensor([[3.0, 1.0], [-1.0, 2.0]], requires_grad=True)
    values = difference_of_logits_ratio(logits, torch.tensor([0, 0]))
    assert values.tolist() == [-2, 3]
    values.sum().backward()
    assert logits.grad.tolist() == [[-1, 1], [-1, 1]]


def test_equal_logits_give_no_ratio_of_nothing():
    logits = torch.ones(1, 4, requires_grad=True)
    value = difference_of_logits_ratio(logits, torch.tensor([2]))
    value.sum().backward()
    assert value.tolist() == [0]
    assert torch.isfinite(logits.grad).all()


def left(attack, target, epsilon, seeds=(0, 1)):
    struck = [attack(target, epsilon, seed=seed, progress=Progress.silent()).images for seed in seeds]
    return sum(robust_accuracy(target, images) for images in struck) / len(seeds)


def test_apgd_at_equal_steps_breaks_as_much_as_pgd_within_an_image():
    target, epsilon = tiny_target(32, batch=32), 12 / 255
    plain = left(PgdAttack(steps=20), target, epsilon)
    assert 0.1 < plain < 0.9
    assert left(ApgdCe(steps=20), target, epsilon) <= plain + 1 / 32
    assert left(ApgdDlr(steps=20), target, epsilon) <= plain + 3 / 32


def test_two_classes_are_attacked_too():
    target, epsilon = tiny_target(16, classes=2), 32 / 255
    assert robust_accuracy(target, target.images) == 1
    assert left(ApgdDlr(steps=20), target, epsilon, seeds=(0,)) < 0.5


def test_each_try_is_one_pass_more_than_its_steps():
    target = tiny_target(8, batch=8)
    ApgdCe(steps=5)(target, 1 / 255, seed=0, progress=Progress.silent())
    assert target.attacked.queries == 6 * 8
    assert target.scored.queries == 2 * 8
