"""A picture of a question before the branches: as it is, under a perturbation of the run, or under its own PGD."""

from __future__ import annotations

from torch import Tensor

from zepad_engine.jobs.inquiry import Given, Inquiry, moved
from zepad_engine.jobs.stepping import pgd_iterate
from zepad_engine.questions import PGD


def perturbed_picture(inquiry: Inquiry, picture: Given, step: int) -> tuple[Tensor, float, tuple[str, ...]]:
    """The picture (3, S, S) as it is put before the branches, seconds spent on crafting, and sentences on it."""
    if inquiry.attack != PGD:
        return moved(inquiry, picture.image), 0.0, ()
    iterate, seconds, note = pgd_iterate(inquiry, picture, step)
    return iterate, seconds, (note,)
