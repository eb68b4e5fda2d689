"""One perturbation for all images of a defended system: made on the examples, kept by them, judged elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from tests.support.system import robust_accuracy, tiny_target
from tests.support.tiny import FAST
from zepad_engine.adaptive.universal import UniversalFused, accuracy_under
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

EPSILON = 24 / 255


def strike(attack, target, epsilon=EPSILON, *, seed=0):
    return attack(target, epsilon, seed=seed, progress=Progress.silent()).images


def test_all_images_get_the_same_perturbation():
    target = tiny_target(24)
    moved = strike(UniversalFused(steps=4, restarts=1, batch=16), target)
    difference = moved - target.images
    inside = (target.images > EPSILON) & (target.images < 1 - EPSILON)
    assert float(inside.float().mean()) > 0.9
    spread = [difference[:, place][inside[:, place]] for place in range(3)]
    assert all(len(values) for values in spread)
    # Where no image was clamped the change is one value.
    same = torch.where(inside, difference, torch.nan)
    low, high = (torch.nan_to_num(same, nan=fill) for fill in (1.0, -1.0))
    agreed = inside.any(dim=0)
    assert torch.allclose(low.amin(dim=0)[agreed], high.amax(dim=0)[agreed], atol=1e-6)


def test_many_steps_raise_the_loss_more_than_one_and_far_more_than_noise():
    target = tiny_target(48)
    signs = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.5
    noise = (target.images + EPSILON * signs.sign()).clamp(0, 1)
    one, many = (strike(UniversalFused(steps=steps, restarts=1, batch=16), target) for steps in (1, 40))

    def loss(images):
        with torch.no_grad():
            return float(functional.cross_entropy(target.scored(images), target.labels))

    assert loss(many) > 1.5 * max(loss(one), loss(noise))
    assert robust_accuracy(target, many) < robust_accuracy(target, noise) - 0.2


def test_the_start_is_chosen_by_the_examples_and_never_by_the_test_images():
    target = tiny_target(24)
    made = []

    class Listed(UniversalFused):
        def craft(self, target, epsilon, generator, progress):
            made.append(super().craft(target, epsilon, generator, progress))
            return made[-1]

    attack = Listed(steps=3, restarts=4, batch=8)
    moved = strike(attack, target)
    everything = torch.arange(len(target.examples))
    left = [accuracy_under(target, crafted, everything) for crafted in made]
    assert len(set(left)) > 1
    best = made[left.index(min(left))]
    assert torch.equal(moved, (target.images + best).clamp(0, 1))
    # Other test images and labels: the same perturbation.
    other = replace(target, images=target.images.flip(0), labels=(target.labels.flip(0) + 1) % 4)
    assert torch.equal(strike(attack, other), moved.flip(0))


def test_accuracy_under_a_perturbation_counts_the_chosen_examples_only():
    target = tiny_target(4)
    labels = target.example_labels.clone()
    labels[:8] = (labels[:8] + 1) % 4
    wronged = replace(target, example_labels=labels)
    nothing = torch.zeros(3, 16, 16)
    assert accuracy_under(wronged, nothing, torch.arange(8)) == 0.0
    assert accuracy_under(wronged, nothing, torch.arange(16)) == pytest.approx(0.5)


def test_an_image_that_has_long_fallen_pulls_no_more():
    target = tiny_target(4)
    # All examples one image, whose cross-entropy lies above a small cap from the start: no gradient, no step.
    picture = (target.examples[:1] * 255).round().to(torch.uint8)
    fallen = replace(target, examples=ImageBank(picture.expand(8, 3, 16, 16), FAST), example_labels=torch.full((8,), 3))
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    capped, start = (
        UniversalFused(steps=steps, batch=4, cap=0.1).craft(fallen, EPSILON, generator, Progress.silent())
        for steps, generator in zip((3, 1), generators, strict=True)
    )
    assert int(target.example_labels[0]) != 3
    assert torch.equal(capped, start)
