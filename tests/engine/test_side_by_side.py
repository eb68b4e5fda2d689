"""Pieces of a job side by side: at once, in order, and bit for bit as alone."""

from __future__ import annotations

import threading
from functools import partial

import pytest
import torch
from torch import nn

from zepad_engine.execution.side_by_side import side_by_side


def slopes(seed):
    """A gradient through a small net: both passes have arithmetic whose split could matter."""
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.AdaptiveAvgPool2d(1))
    for weight in net.parameters():
        weight.data = torch.randn(weight.shape, generator=generator)
    images = torch.rand(16, 3, 16, 16, generator=generator).requires_grad_(True)
    return torch.autograd.grad(net(images).sum(), images)[0]


def test_pieces_run_at_once_each_with_one_thread_of_torch():
    meeting = threading.Barrier(2, timeout=20)

    def piece(number):
        meeting.wait()
        return number, torch.get_num_threads()

    assert side_by_side([partial(piece, number) for number in range(4)], 2) == [(number, 1) for number in range(4)]


def test_side_by_side_is_bit_for_bit_one_after_the_other():
    torch.set_num_threads(1)
    work = [partial(slopes, seed) for seed in range(4)]
    alone, together = (side_by_side(work, at_once) for at_once in (1, 3))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_a_piece_raises_is_raised(at_once):
    def fails():
        raise ValueError("no such branch")

    with pytest.raises(ValueError, match="no such branch"):
        side_by_side([lambda: None, fails], at_once)
