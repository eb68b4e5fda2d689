"""The way of per-image PGD is the audit's PGD, step by step."""

from __future__ import annotations

import torch
from torch.nn import functional

from tests.support.known_nets import conv_branch, picture
from zepad_engine.inspection.pgd_path import pgd_path

EPSILON = 8 / 255


def walk(epsilon=EPSILON, steps=6, seed=0):
    return pgd_path(conv_branch(), picture(), 1, epsilon, steps, torch.Generator().manual_seed(seed))


def loss(images):
    return functional.cross_entropy(conv_branch()(images), torch.full((len(images),), 1), reduction="none")


def test_it_begins_at_the_picture_and_never_leaves_the_budget():
    path = walk()
    assert path.shape == (7, 3, 16, 16)
    assert torch.equal(path[0], picture()[0])
    assert float((path - picture()).abs().max()) <= EPSILON + 1e-6
    assert float(path.min()) >= 0
    assert float(path.max()) <= 1


def test_the_loss_rises_and_each_step_is_a_quarter_of_the_budget():
    path = walk()
    losses = loss(path)
    assert float(losses[-1]) > float(losses[0]) + 0.01
    assert (losses[2:] >= losses[1:-1] - 1e-4).all()
    stride = (path[2:] - path[1:-1]).abs().amax(dim=(1, 2, 3))
    assert float(stride.max()) <= EPSILON / 4 + 1e-6
    # From a random start to the edge of the ball along the sign of a gradient: by hand.
    start = (
        picture() + EPSILON * (2 * torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) - 1)
    ).clamp(0, 1)
    start.requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(start).sum(), start)
    by_hand = (picture() + (start + EPSILON / 4 * slope.sign() - picture()).clamp(-EPSILON, EPSILON)).clamp(0, 1)
    torch.testing.assert_close(path[1], by_hand[0].detach())


def test_the_seed_decides_it():
    assert torch.equal(walk(), walk())
    assert not torch.equal(walk(), walk(seed=1))
