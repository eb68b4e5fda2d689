"""Cells and branches: BA, RA, ASR as the release counts it, and flips among the images that were right."""

from __future__ import annotations

from torch import Tensor

from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fusion import top_probability
from zepad_engine.evaluation.answers import CLEAN, NO_ATTACK, Answers
from zepad_engine.evidence import Rate
from zepad_engine.findings import BranchFinding, Cell
from zepad_engine.metrics import rate_of


def cells_of(answers: Answers, fitted: FittedDefence, attacks: list[str], epsilon_255: float) -> list[Cell]:
    """One cell without attack, then one per attack."""
    clean = answers.predictions(fitted, CLEAN)
    ba = rate(clean == answers.labels)
    found = [Cell(defence=fitted.identity, attack=NO_ATTACK, task=answers.task, epsilon_255=0.0, ba=ba)]
    for attack in attacks:
        moved = answers.predictions(fitted, attack)
        was_right = clean == answers.labels
        found.append(
            Cell(
                defence=fitted.identity,
                attack=attack,
                task=answers.task,
                epsilon_255=epsilon_255,
                ba=ba,
                ra=rate(moved == answers.labels),
                asr=rate(moved != clean),
                asr_of_correct=rate((moved != answers.labels)[was_right]),
            )
        )
    return found


def branches_of(answers: Answers, fitted: FittedDefence, attacks: list[str]) -> list[BranchFinding]:
    """Each branch of a fused defence by itself, clean and under every attack."""
    found = []
    for condition in (CLEAN, *attacks):
        logits = answers.stacked(fitted.defence.branches, condition)
        weights = fitted.weigh(logits)
        for index, branch in enumerate(fitted.defence.branches):
            found.append(
                BranchFinding(
                    defence=fitted.identity,
                    branch=branch,
                    attack=NO_ATTACK if condition == CLEAN else condition,
                    task=answers.task,
                    accuracy=rate(logits[index].argmax(dim=1) == answers.labels),
                    weight_share=float(weights[index].mean()),
                    confidence=float(top_probability(logits[index]).mean()),
                )
            )
    return found


def rate(flags: Tensor) -> Rate:
    """The share of True with its Wilson interval."""
    return rate_of(flags.numpy())
