from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.tiny import tiny_encoder, tiny_labelled
from zepad_engine.training.head import Head
from zepad_engine.training.pgd import Pgd

DATA = tiny_labelled(12)
IMAGES, LABELS = DATA.images[:].contiguous(), DATA.labels
EPSILON = 8 / 255


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(tiny_encoder(1), Head(64, 3)).eval()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def loss_of(model, images):
    with torch.inference_mode():
        return float(functional.cross_entropy(model(images), LABELS))


@pytest.mark.parametrize("random_start", [True, False])
@pytest.mark.parametrize("leave", [True, False])
def test_stays_in_budget_and_range_and_raises_the_loss(model, random_start, leave):
    pgd = Pgd(epsilon=EPSILON, step=EPSILON / 4, steps=10, random_start=random_start)
    moved = pgd(model, IMAGES, LABELS, generator(), leave_gradients=leave)
    assert float((moved - IMAGES).abs().max()) <= EPSILON + 1e-6
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1
    noise = (IMAGES + EPSILON * (torch.rand(IMAGES.shape, generator=generator()) * 2 - 1).sign()).clamp(0, 1)
    assert loss_of(model, moved) > loss_of(model, noise) + 0.02
    assert loss_of(model, moved) > loss_of(model, IMAGES) + 0.02


def test_more_steps_are_never_weaker(model):
    losses = [
        loss_of(
            model,
            Pgd(epsilon=EPSILON, step=EPSILON / 4, steps=steps, random_start=False)(model, IMAGES, LABELS, generator()),
        )
        for steps in (1, 4, 12)
    ]
    assert losses == sorted(losses)


def test_takes_the_gradient_of_the_input_only(model):
    Pgd(epsilon=EPSILON, step=0.01, steps=3)(model, IMAGES, LABELS, generator())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_the_released_way_leaves_gradients_in_the_parameters(model):
    pgd = Pgd(epsilon=EPSILON, step=0.01, steps=3)
    plain = pgd(model, IMAGES, LABELS, generator())
    left = pgd(model, IMAGES, LABELS, generator(), leave_gradients=True)
    assert torch.equal(plain, left)
    assert all(float(parameter.grad.abs().sum()) > 0 for parameter in model.parameters() if parameter.ndim > 1)


def test_the_gradients_left_are_the_sum_over_the_steps(model):
    weight = model[1].layers[5].weight
    one = Pgd(epsilon=EPSILON, step=0.0, steps=1, random_start=False)
    one(model, IMAGES, LABELS, generator(), leave_gradients=True)
    single = weight.grad.clone()
    model.zero_grad()
    Pgd(epsilon=EPSILON, step=0.0, steps=4, random_start=False)(
        model, IMAGES, LABELS, generator(), leave_gradients=True
    )
    torch.testing.assert_close(weight.grad, 4 * single)


def test_no_budget_no_change(model):
    moved = Pgd(epsilon=0, step=0.01, steps=3)(model, IMAGES, LABELS, generator())
    assert torch.equal(moved, IMAGES)
    assert moved is not IMAGES


def test_repeats_under_a_generator(model):
    pgd = Pgd(epsilon=EPSILON, step=0.01, steps=2)
    first, again, other = (pgd(model, IMAGES, LABELS, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_a_random_start_nothing_is_drawn(model):
    draws = generator()
    before = draws.get_state()
    Pgd(epsilon=EPSILON, step=0.01, steps=2, random_start=False)(model, IMAGES, LABELS, draws)
    assert torch.equal(draws.get_state(), before)
