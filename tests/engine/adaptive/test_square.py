"""Square Attack: its schedule and its squares, and that it sees nothing but answers."""

from __future__ import annotations

import pytest
import torch

from tests.support.system import robust_accuracy, tiny_target
from zepad_engine.adaptive.square import SquareAttack, _squares, side_of
from zepad_engine.progress import Progress


@pytest.mark.parametrize(
    ("query", "queries", "share", "side", "wanted"),
    [
        (1, 10_000, 0.8, 32, 29),  # sqrt(0.8) * 32 = 28.6
        (10, 10_000, 0.8, 32, 29),
        (11, 10_000, 0.8, 32, 20),  # sqrt(0.4) * 32 = 20.2
        (8001, 10_000, 0.8, 32, 2),  # sqrt(0.8 / 256) * 32 = 1.8
        (2, 1000, 0.8, 32, 20),  # a tenth of the queries, a tenth of the schedule
        (21, 1000, 0.8, 32, 10),  # sqrt(0.8 / 8) * 32 = 10.1
        (9999, 10_000, 0.05, 32, 1),  # never less than a pixel
        (1, 10_000, 1.0, 16, 16),
    ],
)
def test_the_square_shrinks_as_published_rescaled_to_the_queries(query, queries, share, side, wanted):
    assert side_of(query, queries, share, side) == wanted


def test_every_image_has_one_whole_square_of_its_own():
    inside, colours = _squares(torch.zeros(64, 3, 16, 16), 5, torch.Generator().manual_seed(0))
    assert inside.shape == (64, 1, 16, 16)
    assert inside.flatten(1).sum(dim=1).tolist() == [25] * 64
    assert inside.any(dim=2).sum(dim=-1).flatten().tolist() == [5] * 64
    assert inside.any(dim=3).sum(dim=-1).flatten().tolist() == [5] * 64
    assert len({tuple(one.flatten().tolist()) for one in inside}) > 30
    # Each corner of the image is reached by some square: none is out of reach.
    assert inside[:, 0, 0, :].any()
    assert inside[:, 0, -1, :].any()
    assert sorted(set(colours.flatten().tolist())) == [-1, 1]


def strike(attack, target, epsilon, seed=0):
    return attack(target, epsilon, seed=seed, progress=Progress.silent())


def test_it_begins_with_vertical_stripes_at_the_edge_of_the_budget():
    target, epsilon = tiny_target(8), 1 / 255
    seen = []
    target.scored.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    strike(SquareAttack(queries=2), target, epsilon)
    moved = (seen[0] - target.images) / epsilon
    free = (target.images > epsilon) & (target.images < 1 - epsilon)
    assert torch.allclose(moved[free].abs(), torch.ones(int(free.sum())), atol=1e-3)
    signs = moved.sign() * free
    # One sign down each column of each colour, both signs somewhere.
    assert not ((signs.amax(dim=2) == 1) & (signs.amin(dim=2) == -1)).any()
    assert sorted(set(signs[free].tolist())) == [-1, 1]


def test_it_beats_as_many_tries_of_noise():
    target, epsilon, queries = tiny_target(24), 24 / 255, 60
    squares = robust_accuracy(target, strike(SquareAttack(queries=queries), target, epsilon).images)
    generator = torch.Generator().manual_seed(0)
    fallen = torch.zeros(24, dtype=torch.bool)
    for _ in range(queries):
        signs = (torch.rand(target.images.shape, generator=generator) - 0.5).sign()
        fallen |= target.verdicts((target.images + epsilon * signs).clamp(0, 1), target.labels)[0]
    assert squares < 1 - float(fallen.float().mean()) - 0.15


def test_it_takes_no_gradient_and_asks_only_for_what_resists():
    target, asked, graded = tiny_target(16), [], []

    def watch(module, inputs):
        asked.append(len(inputs[0]))
        graded.append(torch.is_grad_enabled())

    target.scored.register_forward_pre_hook(watch)
    strike(SquareAttack(queries=40), target, 32 / 255)
    assert target.attacked.queries == 0
    assert not any(graded)
    assert asked[0] == 16
    assert asked == sorted(asked, reverse=True)
    assert asked[-1] < 16


def test_more_queries_never_leave_an_image_farther_from_wrong():
    target, epsilon = tiny_target(8), 4 / 255
    margins = []
    target.scored.register_forward_hook(lambda module, inputs, logits: margins.append(logits))
    strike(SquareAttack(queries=30), target, epsilon)
    first = margins[0].gather(1, target.labels[:, None]) - margins[0].topk(2, dim=1).values[:, 1:]
    with torch.no_grad():
        struck = target.scored(strike(SquareAttack(queries=30), target, epsilon).images)
    last = struck.gather(1, target.labels[:, None]) - struck.topk(2, dim=1).values[:, 1:]
    assert (last < first).all()
