"""Which test images the report shows: the worst, the median, the worst for ZePAD, and seeded random ones."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.evaluation.answers import CLEAN, Answers

RANDOM_EXAMPLES = 2


def chosen_examples(answers: Answers, attack: str, seed: int, zepad: FittedDefence) -> list[tuple[str, int]]:
    """(how it was chosen, test index).

    "worst" and "median": by how far the undefended victim's probability of the true class fell, among the images it
    had right. "worst for ZePAD": the same of ZePAD's fused answer, among those it had right. Then random ones among
    all, the same for every attack. A system that had nothing right chooses nothing.
    """
    victim, branches = answers.logits["victim"], zepad.defence.branches
    clean, moved = (zepad.answer(answers.stacked(branches, condition)) for condition in (CLEAN, attack))
    fallen, lost = _by_fall(victim[CLEAN], victim[attack], answers.labels), _by_fall(clean, moved, answers.labels)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(answers.labels), generator=generator)[:RANDOM_EXAMPLES].tolist()
    return [
        *[("worst", index) for index in fallen[:1]],
        *[("median", index) for index in fallen[len(fallen) // 2 :][:1]],
        *[("worst for ZePAD", index) for index in lost[:1]],
        *[(f"random, seed {seed}", int(index)) for index in drawn],
    ]


def _by_fall(clean: Tensor, moved: Tensor, labels: Tensor) -> list[int]:
    """Indices of the images answered rightly when clean, the largest fall of the true class's probability first."""
    before, after = (logits.softmax(dim=1).gather(1, labels[:, None])[:, 0] for logits in (clean, moved))
    right = (clean.argmax(dim=1) == labels).nonzero().flatten()
    order: list[int] = right[(before - after)[right].argsort(descending=True)].tolist()
    return order
