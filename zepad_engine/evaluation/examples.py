"""Which test images the report shows: the worst, the median and seeded random ones, chosen by the undefended victim."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.evaluation.answers import CLEAN, Answers

RANDOM_EXAMPLES = 2


def chosen_examples(answers: Answers, attack: str, seed: int) -> list[tuple[str, int]]:
    """(how it was chosen, test index): by how far the victim's probability of the true class fell, among images it
    had right; then random ones among all."""
    clean, moved = (_true_class(answers, condition) for condition in (CLEAN, attack))
    right = (answers.logits["victim"][CLEAN].argmax(dim=1) == answers.labels).nonzero().flatten()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(answers.labels), generator=generator)[:RANDOM_EXAMPLES].tolist()
    chosen = [(f"random, seed {seed}", int(index)) for index in drawn]
    if len(right) == 0:
        return chosen
    order = right[(clean - moved)[right].argsort(descending=True)]
    return [("worst", int(order[0])), ("median", int(order[len(order) // 2])), *chosen]


def _true_class(answers: Answers, condition: str) -> Tensor:
    probabilities = answers.logits["victim"][condition].softmax(dim=1)
    return probabilities.gather(1, answers.labels[:, None])[:, 0]
