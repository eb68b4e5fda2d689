"""One perturbation for all images of a defended system: made on the examples, kept by them, judged elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from tests.support.system import robust_accuracy, tiny_target
from tests.support.tiny import FAST
from zepad_engine.adaptive.universal import UniversalFused, accuracy_under
from zepad_engine.attacks.base import uniform_start
from zepad_engine.execution.execution import EXACT
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
    target, epsilon = tiny_target(48), 36 / 255
    signs = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.5
    noise = (target.images + epsilon * signs.sign()).clamp(0, 1)
    one, many = (strike(UniversalFused(steps=steps, restarts=1, batch=16), target, epsilon) for steps in (1, 40))

    def loss(images):
        with torch.no_grad():
            return float(functional.cross_entropy(target.scored(images), target.labels))

    assert loss(many) > 2 * max(loss(one), loss(noise))
    assert robust_accuracy(target, many) < robust_accuracy(target, noise) - 0.1


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
    picture = (target.examples[:1] * 255).round().to(torch.uint8)
    label = int(target.example_labels[0])

    def stays(labels, **values):
        """Whether three steps end where one ends: the first is made from the same start."""
        examples = ImageBank(picture.expand(8, 3, 16, 16), FAST)
        asked = replace(target, examples=examples, example_labels=labels)
        one, three = (
            UniversalFused(steps=steps, batch=4, step=1e-3, momentum=0.0, **values).craft(
                asked, EPSILON, torch.Generator().manual_seed(0), Progress.silent()
            )
            for steps in (1, 3)
        )
        return torch.equal(one, three)

    # Of a wrong label the margin lies above a cap of 0 from the start, of the right one far below.
    assert stays(torch.full((8,), (label + 1) % 4), cap=0.0)
    assert not stays(torch.full((8,), (label + 1) % 4), cap=1000.0)
    assert not stays(torch.full((8,), label), cap=0.0)


def test_a_step_is_the_sign_of_the_last_direction_and_the_gradient_at_mean_size_one():
    target = tiny_target(2, how=EXACT)
    one = replace(target, examples=ImageBank(target.examples[:1]), example_labels=target.example_labels[:1])
    attack = UniversalFused(steps=2, batch=1, step=0.5, momentum=0.9)
    crafted = attack.craft(one, EPSILON, torch.Generator().manual_seed(0), Progress.silent())
    walked = uniform_start(one.examples, EPSILON, torch.Generator().manual_seed(0))
    heading = torch.zeros_like(walked)
    for length in (0.5, 0.25):
        walked.requires_grad_(True)
        logits = one.attacked((one.examples[:] + walked).clamp(0, 1))
        lead = logits[0, torch.arange(4) != one.example_labels[0]].max() - logits[0, one.example_labels[0]]
        assert float(lead.detach()) < attack.cap
        (gradient,) = torch.autograd.grad(lead, walked)
        heading = 0.9 * heading + gradient / gradient.abs().mean()
        walked = (walked.detach() + length * EPSILON * heading.sign()).clamp(-EPSILON, EPSILON)
    assert torch.allclose(crafted, walked, atol=1e-6)
